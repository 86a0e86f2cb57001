import type { ReactNode } from 'react'
import { t } from '../strings'
import css from './Empty.module.css'

interface EmptyProps {
  title: string
  hint: string
  /** Whether it is bad news. */
  alert?: boolean
  children?: ReactNode
}

/** What stands where a list would be. */
export function Empty({ title, hint, alert = false, children }: EmptyProps) {
  return (
    <div className={css.empty} role={alert ? 'alert' : 'status'}>
      <p className={css.title}>{title}</p>
      <p>{hint}</p>
      {children}
    </div>
  )
}

const WIDTHS = ['70%', '45%', '85%', '60%', '40%', '75%']

/** Where lines will be, shown only to who waits for longer than a moment. */
export function Skeleton() {
  return (
    <div className={css.skeleton} role="status" aria-label={t.sidebar.loading}>
      {WIDTHS.map((width) => (
        <div key={width} style={{ width }} />
      ))}
    </div>
  )
}
