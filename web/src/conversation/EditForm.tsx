import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { newMessageId, useEdit } from '../api/messages'
import type { Message } from '../api/types'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice, words } from '../ui/Notice'
import css from './EditForm.module.css'

interface EditFormProps {
  message: Message
  /** With the message, which takes the focus; null where that has gone elsewhere. */
  onClose: (article: HTMLElement | null) => void
}

/** Says a message differently, in a new branch. */
export function EditForm({ message, onClose }: EditFormProps) {
  const { enter } = useSettings()
  const edit = useEdit()
  const [text, setText] = useState(message.content)
  const box = useRef<HTMLTextAreaElement>(null)
  const sent = useRef<{ id: string; content: string } | null>(null)
  const article = () => box.current?.closest('article') ?? null
  const empty = text.trim() === '' && message.files.length === 0

  useEffect(() => {
    box.current?.focus()
    box.current?.setSelectionRange(box.current.value.length, box.current.value.length)
  }, [])

  function submit(event?: FormEvent) {
    event?.preventDefault()
    if (empty || edit.isPending) return
    const place = article()
    // The same words have the same id: sent again after no answer came, they are there once.
    if (sent.current?.content !== text) sent.current = { id: newMessageId(), content: text }
    edit.mutate(
      { message, ...sent.current },
      { onSuccess: () => onClose(isAt(place) ? place : null) },
    )
  }

  function onKeyDown(event: KeyboardEvent) {
    // 229: Safari ends a composition before it tells of the Enter that ended it.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    const strong = event.ctrlKey || event.metaKey
    if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      onClose(article())
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      if (!strong && enter !== 'send') return
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
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {edit.error && <Notice kind="bad" {...words(edit.error)} />}
      <div className={css.buttons}>
        <Button onClick={() => onClose(article())}>{t.cancel}</Button>
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
