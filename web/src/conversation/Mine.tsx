import { Pencil } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Message } from '../api/types'
import { attachmentOf, type Outgoing } from '../outbox/outbox'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Actions, Copy, Delete } from './Actions'
import { Attachments } from './Attachments'
import { Branches } from './Branches'
import { EditForm, isEdited } from './EditForm'
import { wantedForm } from './editing'
import { Purged } from './Message'
import css from './Message.module.css'

interface MineProps {
  /** Null as long as it is on its way. */
  message: Message | null
  outgoing: Outgoing | null
  last: boolean
  busy: boolean
}

/** What the person has written. */
export function Mine({ message, outgoing, last, busy }: MineProps) {
  /** Which version's form was opened or closed by hand; others are open where they are begun. */
  const [hand, setHand] = useState<{ id: string; open: boolean } | null>(null)
  const asked = message !== null && hand?.id === message.id ? hand.open : null
  const editing = message?.purged_at === null && (asked ?? isEdited(message))
  const text = message?.content ?? outgoing?.content ?? ''
  const wanted = wantedForm.use() === message?.id ? message?.id : undefined
  useEffect(() => {
    if (wanted === undefined) return
    wantedForm.set(null)
    setHand({ id: wanted, open: true })
  }, [wanted])
  const close = (article: HTMLElement | null) => {
    if (message) setHand({ id: message.id, open: false })
    article?.focus({ preventScroll: true })
  }
  return (
    <article
      className={`${css.message} ${css.mine} ${outgoing ? css.unsent : ''}`}
      aria-label={t.conversation.you}
      data-message-id={message?.id ?? outgoing?.id}
      data-status={message?.status ?? outgoing?.state}
      tabIndex={-1}
    >
      <Attachments
        files={message ? message.files.map(attachmentOf) : (outgoing?.attachments ?? [])}
      />
      {message && editing ? (
        <EditForm key={message.id} message={message} asked={asked === true} onClose={close} />
      ) : (
        text !== '' && <Bubble text={text} />
      )}
      {message && <Purged message={message}>{null}</Purged>}
      {outgoing && <p className={css.sending}>{t.conversation.sending}</p>}
      {message && !editing && (
        <Actions last={last}>
          <Branches message={message} />
          <Copy text={message.content} />
          {message.purged_at === null && (
            <IconButton
              label={t.conversation.edit}
              icon={Pencil}
              disabled={busy}
              onClick={() => setHand({ id: message.id, open: true })}
            />
          )}
          <Delete message={message} disabled={busy} />
        </Actions>
      )}
    </article>
  )
}

/** Longer than this, it is folded. */
const LONG = 1_200
const LINES = 12

function Bubble({ text }: { text: string }) {
  const [whole, setWhole] = useState(false)
  const long = text.length > LONG || text.split('\n', LINES + 1).length > LINES
  return (
    <div className={css.bubble} dir="auto">
      <div className={long && !whole ? css.folded : ''}>{text}</div>
      {long && (
        <button
          type="button"
          className={css.more}
          aria-expanded={whole}
          onClick={() => setWhole(!whole)}
        >
          {whole ? t.conversation.showLess : t.conversation.showMore}
        </button>
      )}
    </div>
  )
}
