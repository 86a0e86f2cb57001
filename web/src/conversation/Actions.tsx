import { Check, Copy as CopyIcon, Trash2 } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { useDeleteMessage, useRestoreMessage } from '../api/messages'
import type { Message } from '../api/types'
import { focusComposer } from '../composer/focus'
import { finger } from '../composer/keys'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Confirm } from '../ui/Dialog'
import { sentence } from '../ui/Notice'
import { toast } from '../ui/toasts'
import { useCopy } from '../ui/useCopy'
import css from './Actions.module.css'

/** What can be done to a message: seen where it is pointed at, and always at the last. Its
 * room is kept where nothing can be done yet, so that the text does not jump up. */
export function Actions({ last, children }: { last: boolean; children: ReactNode }) {
  return <div className={`${css.actions} ${last ? css.last : ''}`}>{children}</div>
}

/** Says of a request what was wrong with it. */
export const failed = (error: Error) => toast(sentence(error), { bad: true })

export function Copy({ text }: { text: string }) {
  const { copied, copy } = useCopy(text)
  return (
    <IconButton
      label={copied ? t.copied : t.copy}
      icon={copied ? Check : CopyIcon}
      onClick={copy}
    />
  )
}

export function Delete({ message, disabled }: { message: Message; disabled: boolean }) {
  const [asking, setAsking] = useState(false)
  const remove = useDeleteMessage()
  const restore = useRestoreMessage()
  const button = useRef<HTMLButtonElement>(null)
  const confirmed = useRef(false)
  const { conversation } = t

  // The row goes while this is told, so it is told to the request and not to the row.
  const confirm = () => {
    confirmed.current = true
    void remove.mutateAsync(message).then(
      () =>
        toast(conversation.deleted, {
          action: {
            label: t.undo,
            run: () => void restore.mutateAsync(message).catch(failed),
          },
        }),
      failed,
    )
  }

  return (
    <>
      <IconButton
        ref={button}
        label={conversation.delete}
        icon={Trash2}
        disabled={disabled}
        onClick={() => setAsking(true)}
      />
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={conversation.deleteTitle}
        about={conversation.deleteAbout}
        action={conversation.delete}
        onConfirm={confirm}
        onCloseAutoFocus={(event) => {
          if (!confirmed.current) return
          confirmed.current = false
          event.preventDefault()
          focusBeside(button.current?.closest('article') ?? null)
        }}
      />
    </>
  )
}

/** The button goes with its message; who pressed it is at the one before, or else at the one
 * behind: what is there also where another version takes the place of the one that goes. */
function focusBeside(article: HTMLElement | null): void {
  const all = [...(article?.closest('ol')?.querySelectorAll<HTMLElement>('article') ?? [])]
  const at = article ? all.indexOf(article) : -1
  const beside = all[at - 1] ?? all[at + 1]
  if (beside) beside.focus({ preventScroll: true })
  else if (!finger()) focusComposer()
}
