import type { ReactNode } from 'react'
import { Refused, Unreachable } from '../api/errors'
import { t } from '../strings'
import css from './Notice.module.css'

interface NoticeProps {
  kind?: 'plain' | 'warn' | 'bad'
  title: string
  /** What to do about it. */
  hint?: string | null
  /** Buttons. */
  children?: ReactNode
}

/** A box that says what is the matter and what to do. */
export function Notice({ kind = 'plain', title, hint, children }: NoticeProps) {
  return (
    <div className={`${css.notice} ${css[kind]}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <div>
        <p className={css.title}>{title}</p>
        {hint && <p className={css.hint}>{hint}</p>}
      </div>
      {children && <div className={css.actions}>{children}</div>}
    </div>
  )
}

/** What an error says to a person, and what to do about it. */
export function words(error: unknown): { title: string; hint: string | null } {
  if (error instanceof Refused) {
    const hint = error.hint ?? (error.status >= 500 ? t.serverBrokeHint : null)
    return { title: error.detail, hint }
  }
  if (error instanceof Unreachable) return { title: t.unreachable, hint: t.unreachableHint }
  return { title: t.wentWrong, hint: error instanceof Error ? error.message : null }
}

/** The same in one line. */
export function sentence(error: unknown): string {
  const { title, hint } = words(error)
  return hint ? `${title} ${hint}` : title
}
