import { Pencil, RotateCw, Trash2 } from 'lucide-react'
import { useDraft, useDraftAttachments } from '../outbox/drafts'
import { type Outgoing, sendAgain, takeBack } from '../outbox/outbox'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { toast } from '../ui/toasts'
import css from './Message.module.css'

/** How far a message is that is not at the server yet. */
export function Unsent({ entry }: { entry: Outgoing }) {
  const { states } = t.conversation
  if (entry.state === 'refused') return <Refused entry={entry} />
  if (entry.state === 'waiting') return <p className={css.state}>{states.waiting}</p>
  return <p className={`${css.state} ${css.soon}`}>{states.sending}</p>
}

function Refused({ entry }: { entry: Outgoing }) {
  const [draft, setDraft] = useDraft(entry.sessionId)
  const [files, setFiles] = useDraftAttachments(entry.sessionId)
  const { detail, hint } = entry.problem ?? { detail: t.conversation.states.refused }

  function taken(): Outgoing | null {
    const back = takeBack(entry.id)
    if (!back) toast(t.conversation.goneOut)
    return back
  }

  function edit() {
    const back = taken()
    if (!back) return
    setDraft([back.content, draft].filter(Boolean).join('\n\n'))
    setFiles([...back.attachments, ...files])
    focusWriting()
  }

  return (
    <div className={css.refused}>
      <Notice kind="bad" title={detail} hint={hint ?? null}>
        <Button onClick={() => sendAgain(entry.id)}>
          <RotateCw aria-hidden size="1em" />
          {t.conversation.sendAgain}
        </Button>
        <Button onClick={edit}>
          <Pencil aria-hidden size="1em" />
          {t.conversation.edit}
        </Button>
        <Button
          onClick={() => {
            taken()
            focusWriting()
          }}
        >
          <Trash2 aria-hidden size="1em" />
          {t.conversation.remove}
        </Button>
      </Notice>
    </div>
  )
}

/** The row goes, and what had the focus with it: one goes on in the composer. */
export function focusWriting(): void {
  document.querySelector<HTMLTextAreaElement>('main textarea:not([data-edit])')?.focus()
}
