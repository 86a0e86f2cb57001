import { memo } from 'react'
import { Link } from 'wouter'
import type { Session } from '../api/types'
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
        onDoubleClick={() => onRename(session)}
        onKeyDown={(event) => {
          if (event.key === 'F2') onRename(session)
          if (event.key === 'Delete') dialogs.set({ name: 'delete', session })
        }}
      >
        {name}
      </Link>
      {session.live_run_id && <span className={css.live} role="img" aria-label={t.sidebar.live} />}
      <div className={css.menu}>
        <SessionMenu session={session} onRename={() => onRename(session)} tabIndex={tabIndex} />
      </div>
    </div>
  )
})

/** Once the row is there again. */
function focusRow(id: string): void {
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus(),
  )
}
