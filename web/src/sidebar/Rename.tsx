import { useRef, useState } from 'react'
import type { Session } from '../api/types'
import { number, t } from '../strings'
import { toast } from '../ui/toasts'
import { useSessionActions } from './actions'
import css from './SessionRow.module.css'

/** The server's own limit; it counts code points. */
const LONGEST = 500

interface RenameProps {
  session: Session
  /** `away` where the focus has gone elsewhere already. */
  onDone: (away: boolean) => void
}

/** A session's title, to be written in its place. */
export function Rename({ session, onDone }: RenameProps) {
  const { rename } = useSessionActions()
  const [title, setTitle] = useState(session.title)
  const over = useRef(false)
  const count = [...title.trim()].length

  const end = (away: boolean) => {
    over.current = true
    onDone(away)
  }
  const save = (away: boolean) => {
    if (over.current) return
    const words = title.trim()
    if (count > LONGEST) {
      toast(t.sidebar.titleTooLong(number.format(count), number.format(LONGEST)), { bad: true })
      if (away) end(true)
      return
    }
    // Nothing is no title: the old one stays.
    if (words && words !== session.title) rename(session, words)
    end(away)
  }

  return (
    <input
      className={css.rename}
      aria-label={t.sidebar.title}
      aria-invalid={count > LONGEST}
      // biome-ignore lint/a11y/noAutofocus: it was asked for, and takes the link's place
      autoFocus
      onFocus={(event) => event.target.select()}
      value={title}
      onChange={(event) => setTitle(event.target.value)}
      onBlur={() => save(true)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') save(false)
        if (event.key === 'Escape') end(false)
      }}
    />
  )
}
