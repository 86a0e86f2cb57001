import { useRef } from 'react'

/** Gives the focus back where a dialog found it. Radix gives it to the dialog's trigger, and
 * ours are opened from anywhere. `elsewhere` may prevent it, and take it somewhere else. */
export function useReturnedFocus(elsewhere?: (event: Event) => void) {
  const before = useRef<HTMLElement | null>(null)
  return {
    /** To be called as the dialog opens, before it takes the focus. */
    remember() {
      const at = document.activeElement
      before.current = at instanceof HTMLElement ? at : null
    },
    onCloseAutoFocus(event: Event) {
      elsewhere?.(event)
      if (event.defaultPrevented) return
      event.preventDefault()
      before.current?.focus()
    },
  }
}
