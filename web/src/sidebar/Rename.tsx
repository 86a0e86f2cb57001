import { useRef, useState } from 'react'
import type { Session } from '../api/types'
import { composes } from '../composer/keys'
import { number, t } from '../strings'
import { toast } from '../ui/toasts'
import { useSessionActions } from './actions'

/** The server's own limit; it counts code points. */
const LONGEST = 500

interface RenameProps {
  session: Session
  className: string | undefined
  /** `away` where the focus has gone elsewhere already. */
  onDone: (away: boolean) => void
}

/** A session's title, to be written in its place: in the list, and above the conversation. */
export function Rename({ session, className, onDone }: RenameProps) {
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
      className={className}
      aria-label={t.sidebar.title}
      aria-invalid={count > LONGEST}
      // biome-ignore lint/a11y/noAutofocus: it was asked for, and takes the link's place
      autoFocus
      dir="auto"
      onFocus={(event) => event.target.select()}
      value={title}
      onChange={(event) => setTitle(event.target.value)}
      onBlur={() => save(true)}
      onKeyDown={(event) => {
        if (composes(event.nativeEvent)) return
        if (event.key !== 'Enter' && event.key !== 'Escape') return
        event.preventDefault()
        event.stopPropagation()
        if (event.key === 'Enter') save(false)
        else end(false)
      }}
    />
  )
}
