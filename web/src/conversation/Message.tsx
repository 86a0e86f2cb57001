import { memo, type ReactNode } from 'react'
import type { Message as Told } from '../api/types'
import { t } from '../strings'
import { Answer } from './Answer'
import css from './Message.module.css'
import { Mine } from './Mine'
import type { Row } from './rows'
import { Tool } from './Tool'

interface MessageProps {
  row: Row
  /** Whether nothing follows it. */
  last: boolean
  /** Whether an answer is being written in this session. */
  busy: boolean
}

/** One row of the conversation. Only what has changed is drawn again. */
export const Message = memo(
  function Message({ row, last, busy }: MessageProps) {
    const { message } = row
    if (message === null || message.role === 'user')
      return <Mine message={message} outgoing={row.outgoing} last={last} busy={busy} />
    if (message.role === 'assistant')
      return <Answer message={message} called={row.tools} last={last} busy={busy} />
    return <Other message={message} />
  },
  (before, now) =>
    before.row.message === now.row.message &&
    before.row.outgoing === now.row.outgoing &&
    before.row.tools.length === now.row.tools.length &&
    before.row.tools.every((tool, at) => tool === now.row.tools[at]) &&
    before.last === now.last &&
    before.busy === now.busy,
)

/** What neither of the two has said. */
function Other({ message }: { message: Told }) {
  return (
    <div className={css.other} data-message-id={message.id} data-status={message.status}>
      {message.tool ? (
        <Tool tool={message.tool} />
      ) : (
        <p className={css.system} dir="auto">
          <strong>{t.conversation.system}</strong> {message.content}
        </p>
      )}
    </div>
  )
}

/** What was said, or that it was removed for good. */
export function Purged({ message, children }: { message: Told; children: ReactNode }) {
  if (message.purged_at === null) return children
  return <p className={css.note}>{t.conversation.purged}</p>
}
