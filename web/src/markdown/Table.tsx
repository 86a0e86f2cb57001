import type { ReactNode } from 'react'
import { t } from '../strings'
import css from './Markdown.module.css'
import { Scroller } from './Scroller'

export function Table({ children }: { children?: ReactNode; node?: unknown }) {
  return (
    <Scroller label={t.markdown.table} className={css.table}>
      <table>{children}</table>
    </Scroller>
  )
}
