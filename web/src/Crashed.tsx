import type { ReactNode } from 'react'
import css from './Crashed.module.css'
import { t } from './strings'
import { Button } from './ui/Button'
import { Logo } from './ui/Logo'

interface PlainPageProps {
  title: string
  hint: string
  children: ReactNode
}

/** A page that has nothing but a few words, and what to do. */
export function PlainPage({ title, hint, children }: PlainPageProps) {
  return (
    <div className={css.page}>
      <Logo size="3.5rem" />
      <h1 className={css.title}>{title}</h1>
      <p className={css.hint}>{hint}</p>
      <div className={css.actions}>{children}</div>
    </div>
  )
}

const why = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** In place of all of the page. */
export function Crashed({ error }: { error: unknown }) {
  return (
    <div role="alert" className={css.whole}>
      <PlainPage title={t.app.crashed} hint={t.app.crashedHint}>
        <Button kind="primary" onClick={() => location.reload()}>
          {t.app.reload}
        </Button>
      </PlainPage>
      <code className={css.error}>{why(error)}</code>
    </div>
  )
}

/** In place of what is open; the sessions are still beside it. */
export function PartCrashed({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  return (
    <div role="alert" className={css.whole}>
      <PlainPage title={t.app.partCrashed} hint={t.app.partCrashedHint}>
        <Button kind="primary" onClick={onAgain}>
          {t.tryAgain}
        </Button>
        <Button onClick={() => location.reload()}>{t.app.reload}</Button>
      </PlainPage>
      <code className={css.error}>{why(error)}</code>
    </div>
  )
}
