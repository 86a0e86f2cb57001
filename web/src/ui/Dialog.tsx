import { X } from 'lucide-react'
import { AlertDialog, Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { t } from '../strings'
import { Button, IconButton } from './Button'
import css from './Dialog.module.css'
import { useReturnedFocus } from './focus'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** A sentence under the title. */
  about?: string
  /** Prevented, the focus does not go back to where it was. */
  onCloseAutoFocus?: (event: Event) => void
  children: ReactNode
}

export function Dialog({
  open,
  onOpenChange,
  title,
  about,
  onCloseAutoFocus,
  children,
}: DialogProps) {
  const focus = useReturnedFocus(onCloseAutoFocus)
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={css.shade} />
        <Radix.Content
          className={css.dialog}
          onOpenAutoFocus={(event) => {
            focus.remember()
            focusFirst(event)
          }}
          onCloseAutoFocus={focus.onCloseAutoFocus}
          {...(about ? {} : { 'aria-describedby': undefined })}
        >
          <div className={css.head}>
            <Radix.Title className={css.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t.close} icon={X} />
            </Radix.Close>
          </div>
          {about && <Radix.Description className={css.about}>{about}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The focus goes to the first field, else to the dialog itself: on the button that closes
 * it, it would open that one's tooltip. */
function focusFirst(event: Event): void {
  event.preventDefault()
  const dialog = event.currentTarget as HTMLElement
  const field = dialog.querySelector<HTMLElement>('textarea, input:not([type="file"], [hidden])')
  ;(field ?? dialog).focus()
}

interface ConfirmProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  about: string
  /** What the button that does it says: a verb. */
  action: string
  onConfirm: () => void
  /** Prevented, the focus does not go back to where it was. */
  onCloseAutoFocus?: (event: Event) => void
}

/** Asks before something that a person may not have meant. */
export function Confirm({
  open,
  onOpenChange,
  title,
  about,
  action,
  onConfirm,
  onCloseAutoFocus,
}: ConfirmProps) {
  const focus = useReturnedFocus(onCloseAutoFocus)
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={css.shade} />
        <AlertDialog.Content
          className={css.dialog}
          onOpenAutoFocus={focus.remember}
          onCloseAutoFocus={focus.onCloseAutoFocus}
        >
          <AlertDialog.Title className={`${css.title} ${css.asked}`}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={css.about}>{about}</AlertDialog.Description>
          <div className={css.actions}>
            <AlertDialog.Cancel asChild>
              <Button>{t.cancel}</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button kind="danger" onClick={onConfirm}>
                {action}
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
