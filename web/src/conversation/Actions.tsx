import { Check, Copy as CopyIcon, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useDeleteMessage, useRestoreMessage } from '../api/messages'
import type { Message } from '../api/types'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Confirm } from '../ui/Dialog'
import { words } from '../ui/Notice'
import { toast } from '../ui/toasts'
import { useCopy } from '../ui/useCopy'
import css from './Actions.module.css'

/** What can be done to a message: seen where it is pointed at, and always at the last. Its
 * room is kept where nothing can be done yet, so that the text does not jump up. */
export function Actions({ last, children }: { last: boolean; children: ReactNode }) {
  return <div className={`${css.actions} ${last ? css.last : ''}`}>{children}</div>
}

/** Says of a request what was wrong with it. */
export const failed = (error: Error) => {
  const { title, hint } = words(error)
  toast(hint ? `${title} ${hint}` : title, { bad: true })
}

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
  const { conversation } = t

  // The row goes while this is told, so it is told to the request and not to the row.
  const confirm = () =>
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

  return (
    <>
      <IconButton
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
      />
    </>
  )
}
