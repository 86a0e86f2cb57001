import { Check, Copy as CopyIcon, Trash2 } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useDeleteMessage, useRestoreMessage } from '../api/messages'
import type { Message } from '../api/types'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { copyText } from '../ui/clipboard'
import { Confirm } from '../ui/Dialog'
import { words } from '../ui/Notice'
import { toast } from '../ui/toasts'
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

const COPIED_MS = 2_000

export function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <IconButton
      label={copied ? t.copied : t.copy}
      icon={copied ? Check : CopyIcon}
      onClick={async () => setCopied(await copyText(text))}
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
