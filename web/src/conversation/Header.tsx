import { useEffect, useRef, useState } from 'react'
import type { Session } from '../api/types'
import { Rename } from '../sidebar/Rename'
import { t } from '../strings'
import css from './Header.module.css'

/** The session's title, which is renamed in place. */
export function Header({ session }: { session: Session | null }) {
  const [renaming, setRenaming] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  /** Whether the focus is to come back to the title. */
  const back = useRef(false)
  const title = session?.title || t.conversation.newSession

  useEffect(() => {
    if (!renaming && back.current) button.current?.focus()
    back.current = false
  }, [renaming])

  if (!session || session.version === 0)
    return (
      <header className={css.header}>{session && <h1 className={css.title}>{title}</h1>}</header>
    )
  return (
    <header className={css.header}>
      {renaming ? (
        <Rename
          session={session}
          className={css.box}
          onDone={(away) => {
            back.current = !away
            setRenaming(false)
          }}
        />
      ) : (
        <h1 className={css.title}>
          <button
            ref={button}
            type="button"
            className={css.button}
            title={t.conversation.rename}
            onClick={() => setRenaming(true)}
          >
            <span dir="auto">{title}</span>
          </button>
        </h1>
      )}
    </header>
  )
}
