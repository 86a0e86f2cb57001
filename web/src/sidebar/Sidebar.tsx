import { Dialog } from 'radix-ui'
import { useEffect } from 'react'
import { useSessions } from '../api/sessions'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { useReturnedFocus } from '../ui/focus'
import { Panel } from './Panel'
import css from './Sidebar.module.css'
import { closeDrawer, useSidebar } from './state'

/** The sessions, at the side; on a phone a drawer. */
export function Sidebar() {
  const { phone, open, setOpen } = useSidebar()
  const { sort, order } = useSettings()
  const focus = useReturnedFocus()
  // Also of a drawer that is closed: it opens with what is there, and without a server too.
  useSessions({ sort, order })
  // A drawer that was open when the window became wide is not, when it is narrow again.
  useEffect(() => {
    if (!phone) closeDrawer()
  }, [phone])

  if (!phone)
    return open ? (
      <div className={css.side}>
        <Panel />
      </div>
    ) : null
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className={css.shade} />
        <Dialog.Content
          className={css.drawer}
          aria-describedby={undefined}
          onEscapeKeyDown={(event) => {
            // In a field with words, Escape is that field's first.
            if (event.target instanceof HTMLInputElement && event.target.value)
              event.preventDefault()
          }}
          onCloseAutoFocus={focus.onCloseAutoFocus}
          // The keyboard of a phone would cover the list.
          onOpenAutoFocus={(event) => {
            focus.remember()
            event.preventDefault()
            ;(event.currentTarget as HTMLElement).focus()
          }}
        >
          <Dialog.Title className="unseen">{t.sidebar.sessions}</Dialog.Title>
          <Panel />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
