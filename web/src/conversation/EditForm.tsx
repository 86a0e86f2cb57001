import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { newMessageId, useEdit } from '../api/messages'
import type { Message } from '../api/types'
import { composes, finger, sends } from '../composer/keys'
import { draftOf, keepDraft } from '../outbox/drafts'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice, words } from '../ui/Notice'
import css from './EditForm.module.css'

interface EditFormProps {
  message: Message
  /** Whether it was asked for just now, and takes the focus. */
  asked?: boolean
  /** With the message, which takes the focus; null where that has gone elsewhere. */
  onClose: (article: HTMLElement | null) => void
}

/** Whether something was begun that is not saved yet. */
export const isEdited = ({ id, content }: Message) => !['', content].includes(draftOf(id))

/** Says a message differently, in a new branch. What is written outlives the form, until it is
 * saved or cancelled. */
export function EditForm({ message, asked = true, onClose }: EditFormProps) {
  const { enter } = useSettings()
  const edit = useEdit()
  const [text, setText] = useState(draftOf(message.id) || message.content)
  const box = useRef<HTMLTextAreaElement>(null)
  const sent = useRef<{ id: string; content: string } | null>(null)
  const article = () => box.current?.closest('article') ?? null
  const empty = text.trim() === '' && message.files.length === 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: when it opens
  useEffect(() => {
    if (!asked) return
    box.current?.focus()
    box.current?.setSelectionRange(box.current.value.length, box.current.value.length)
  }, [])

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
    if (empty || edit.isPending) return
    const place = article()
    // The same words have the same id: sent again after no answer came, they are there once.
    if (sent.current?.content !== text) sent.current = { id: newMessageId(), content: text }
    // Told also where another session is open by then.
    edit.mutateAsync({ message, ...sent.current }).then(
      () => {
        keepDraft(message.id, '')
        onClose(isAt(place) ? place : null)
      },
      () => {}, // The form says so.
    )
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
        readOnly={edit.isPending}
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {edit.error && <Notice kind="bad" {...words(edit.error)} />}
      <div className={css.buttons}>
        <Button onClick={cancel}>{t.cancel}</Button>
        <Button kind="primary" type="submit" disabled={empty || edit.isPending}>
          {t.conversation.save}
        </Button>
      </div>
    </form>
  )
}

/** Whether somebody is still at it, or nowhere: a button that is disabled loses the focus. */
function isAt(place: HTMLElement | null): boolean {
  const at = document.activeElement
  return at === document.body || place?.contains(at) === true
}
