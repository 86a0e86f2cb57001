import type { ReactNode } from 'react'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { sentence } from '../ui/Notice'
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

interface NotLoadedProps {
  title: string
  error: unknown
  busy: boolean
  onAgain: () => void
}

/** Why a list is not there, or the rest of one. */
export function NotLoaded({ title, error, busy, onAgain }: NotLoadedProps) {
  return (
    <Empty title={title} hint={sentence(error)} alert>
      <Button disabled={busy} onClick={onAgain}>
        {t.tryAgain}
      </Button>
    </Empty>
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
