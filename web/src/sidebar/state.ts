/** Whether the sessions are shown. */
import { change, useSettings } from '../settings/settings'
import { PHONE, useMedia } from '../ui/media'
import { shared } from '../ui/shared'

/** On a phone it is a drawer, which is closed again with the page. */
const drawer = shared(false)

export function useSidebar() {
  const phone = useMedia(PHONE)
  const drawn = drawer.use()
  const { sidebar } = useSettings()
  const open = phone ? drawn : sidebar === 'open'
  const setOpen = (next: boolean) =>
    phone ? drawer.set(next) : change({ sidebar: next ? 'open' : 'closed' })
  /** By the keyboard. What has the focus may go; then the button has it that is left. */
  const toggle = () => {
    const somewhere = document.activeElement !== document.body
    setOpen(!open)
    if (phone || !somewhere) return
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) focusSoon(open ? OPENER : CLOSER)
    })
  }
  return { phone, open, setOpen, toggle }
}

/** After something was chosen in it. */
export const closeDrawer = () => drawer.set(false)

/** The two buttons, of which each has the focus when the other is gone. */
export const OPENER = 'open-sidebar'
export const CLOSER = 'close-sidebar'

export const focusSoon = (id: string) =>
  requestAnimationFrame(() => document.getElementById(id)?.focus())
