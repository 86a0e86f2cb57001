import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useServer } from '../api/server'
import type { Message } from '../api/types'
import type { Refusal } from '../composer/accept'
import { composes, finger, sends } from '../composer/keys'
import { tooLong } from '../composer/sending'
import { draftOf, keepDraft } from '../outbox/drafts'
import { attachmentOf, send } from '../outbox/outbox'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import css from './EditForm.module.css'

interface EditFormProps {
  message: Message
  /** Whether it was asked for just now, and takes the focus. */
  asked?: boolean
  /** With the message, which takes the focus. */
  onClose: (article: HTMLElement | null) => void
}

/** Whether something was begun that is not saved yet. */
export const isEdited = ({ id, content }: Message) => !['', content].includes(draftOf(id))

/** Says a message differently, in a new branch. What is written outlives the form, until it is
 * sent or cancelled; then the outbox has it. */
export function EditForm({ message, asked = true, onClose }: EditFormProps) {
  const { enter } = useSettings()
  const limits = useServer()?.limits ?? null
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [text, setText] = useState(draftOf(message.id) || message.content)
  const box = useRef<HTMLTextAreaElement>(null)
  const article = () => box.current?.closest('article') ?? null
  const empty = text.trim() === '' && message.files.length === 0

  useEffect(() => {
    if (!asked) return
    box.current?.focus()
    box.current?.setSelectionRange(box.current.value.length, box.current.value.length)
  }, [asked])

  function write(next: string) {
    setText(next)
    keepDraft(message.id, next === message.content ? '' : next)
  }

  function cancel() {
    keepDraft(message.id, '')
    onClose(article())
  }

  function submit(event?: FormEvent) {
    event?.preventDefault()
    if (empty) return
    const why = tooLong(text, limits)
    setRefusal(why)
    if (why) return
    send({
      ...{ sessionId: message.session_id, newSession: null, model: null },
      ...{ edits: message.id, content: text, attachments: message.files.map(attachmentOf) },
    })
    cancel()
  }

  function onKeyDown(event: KeyboardEvent) {
    const key = event.nativeEvent
    if (composes(key)) return
    if (key.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      // A key is pressed by mistake: what was written is there again with the next try.
      onClose(article())
    } else if (sends(key, enter, finger())) {
      event.preventDefault()
      submit()
    }
  }

  return (
    <form className={css.form} onSubmit={submit}>
      <textarea
        ref={box}
        data-edit
        className={css.box}
        aria-label={t.conversation.editing}
        dir="auto"
        enterKeyHint={enter === 'send' && !finger() ? 'send' : 'enter'}
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {refusal && <Notice kind="bad" {...refusal} />}
      <div className={css.buttons}>
        <Button onClick={cancel}>{t.cancel}</Button>
        <Button kind="primary" type="submit" disabled={empty}>
          {t.conversation.save}
        </Button>
      </div>
    </form>
  )
}
