import { CircleAlert, Clock } from 'lucide-react'
import { memo } from 'react'
import { Link } from 'wouter'
import type { Session } from '../api/types'
import { useOutgoing, waits } from '../outbox/outbox'
import { t } from '../strings'
import { dialogs } from '../ui/dialogs'
import { addressOf, nameOf } from './actions'
import { Rename } from './Rename'
import { SessionMenu } from './SessionMenu'
import css from './SessionRow.module.css'
import { closeDrawer } from './state'

interface SessionRowProps {
  session: Session
  /** It is what is shown. */
  current: boolean
  /** Whether the tab key stops here. */
  stop: boolean
  renaming: boolean
  onRename: (session: Session | null) => void
}

export const SessionRow = memo(function SessionRow(props: SessionRowProps) {
  const { session, current, stop, renaming, onRename } = props
  const name = nameOf(session)
  const tabIndex = stop ? 0 : -1
  // What is only begun cannot be changed yet.
  const there = session.version > 0

  if (renaming)
    return (
      <div className={css.row}>
        <Rename
          session={session}
          className={css.rename}
          onDone={(away) => {
            onRename(null)
            if (!away) focusRow(session.id)
          }}
        />
      </div>
    )
  return (
    <div className={`${css.row} ${current ? css.current : ''}`}>
      <Link
        href={addressOf(session.id)}
        className={`${css.link} aligned`}
        data-row={session.id}
        dir="auto"
        title={name}
        tabIndex={tabIndex}
        aria-current={current ? 'page' : undefined}
        onClick={closeDrawer}
        onDoubleClick={() => there && onRename(session)}
        onKeyDown={(event) => {
          if (!there) return
          if (event.key === 'F2') onRename(session)
          if (event.key === 'Delete') dialogs.set({ name: 'delete', session })
        }}
      >
        {name}
      </Link>
      <Waiting sessionId={session.id} />
      {session.live_run_id && <span className={css.live} role="img" aria-label={t.sidebar.live} />}
      {there && (
        <div className={css.menu}>
          <SessionMenu session={session} onRename={() => onRename(session)} tabIndex={tabIndex} />
        </div>
      )}
    </div>
  )
})

/** That something written there has not gone out. */
function Waiting({ sessionId }: { sessionId: string }) {
  const messages = useOutgoing(sessionId).filter(waits)
  if (messages.length === 0) return null
  const refused = messages.some(({ state }) => state === 'refused')
  const Icon = refused ? CircleAlert : Clock
  return (
    <span
      className={`${css.waiting} ${refused ? css.refused : ''}`}
      role="img"
      aria-label={refused ? t.sidebar.refused : t.sidebar.waiting}
    >
      <Icon aria-hidden size="0.9375em" />
    </span>
  )
}

/** Once the row is there again. */
function focusRow(id: string): void {
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus(),
  )
}
