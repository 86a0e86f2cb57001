/** Binds the shortcuts, wherever the focus is. */
import { useEffect, useRef } from 'react'
import { dialogs } from '../ui/dialogs'
import { useCommands } from './commands'
import { shortcutOf, types } from './shortcuts'

export function useShortcuts(): void {
  const commands = useCommands()
  const latest = useRef(commands)
  useEffect(() => {
    latest.current = commands
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      const name = shortcutOf(event)
      if (name === null || (types(name) && isTyping(event.target))) return
      // What is open is dealt with first; the palette closes by the key that opened it.
      const palette = name === 'commands' && dialogs.get()?.name === 'commands'
      if (isCovered() && !palette) return
      const command = latest.current.find((one) => one !== false && one.keys === name)
      if (!command) return
      event.preventDefault()
      command.run()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input, textarea, select'))

const isCovered = () =>
  dialogs.get() !== null ||
  document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null
