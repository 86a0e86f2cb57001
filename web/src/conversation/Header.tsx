import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useUpdateSession } from '../api/sessions'
import type { Session } from '../api/types'
import { t } from '../strings'
import { failed } from './Actions'
import css from './Header.module.css'

/** The session's title, which is renamed in place. */
export function Header({ session }: { session: Session | null }) {
  const [renaming, setRenaming] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const back = useRef(false)
  const title = session?.title || t.conversation.newSession

  useEffect(() => {
    if (!renaming && back.current) button.current?.focus()
    back.current = renaming
  }, [renaming])

  if (!session || session.version === 0)
    return (
      <header className={css.header}>{session && <h1 className={css.title}>{title}</h1>}</header>
    )
  return (
    <header className={css.header}>
      {renaming ? (
        <Rename session={session} onClose={() => setRenaming(false)} />
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

/** As long as the server takes it. */
const LONGEST = 500

function Rename({ session, onClose }: { session: Session; onClose: () => void }) {
  const update = useUpdateSession()
  const [title, setTitle] = useState(session.title)
  const box = useRef<HTMLInputElement>(null)
  const over = useRef(false)
  useEffect(() => box.current?.select(), [])

  function close(save: boolean) {
    if (over.current) return
    over.current = true
    const next = title.trim()
    if (save && next && next !== session.title)
      void update.mutateAsync({ id: session.id, title: next }).catch(failed)
    onClose()
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key !== 'Enter' && event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    close(event.key === 'Enter')
  }

  return (
    <input
      ref={box}
      className={css.box}
      aria-label={t.conversation.title}
      maxLength={LONGEST}
      dir="auto"
      value={title}
      onChange={(event) => setTitle(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => close(true)}
    />
  )
}
