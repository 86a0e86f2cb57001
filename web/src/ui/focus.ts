import { useRef } from 'react'

/** Gives the focus back where a dialog found it. Radix gives it to the dialog's trigger, and
 * ours are opened from anywhere. */
export function useReturnedFocus() {
  const before = useRef<HTMLElement | null>(null)
  return {
    /** To be called as the dialog opens, before it takes the focus. */
    remember() {
      const at = document.activeElement
      before.current = at instanceof HTMLElement ? at : null
    },
    onCloseAutoFocus(event: Event) {
      event.preventDefault()
      before.current?.focus()
    },
  }
}
