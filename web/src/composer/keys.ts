/** What a key means while a message is written. */
import type { Settings } from '../settings/settings'

interface Key {
  key: string
  keyCode: number
  isComposing: boolean
  shiftKey: boolean
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

/** Whether it belongs to an input method, which is choosing a word. Safari ends the
 * composition before it tells of the Enter that ended it: 229 says so there. */
export const composes = (key: Key) => key.isComposing || key.keyCode === 229

/** Whether it sends. With a finger, Enter breaks the line and the button sends. */
export function sends(key: Key, enter: Settings['enter'], finger: boolean): boolean {
  if (key.key !== 'Enter' || composes(key) || key.shiftKey || key.altKey) return false
  return key.ctrlKey || key.metaKey || (enter === 'send' && !finger)
}

/** Whether a finger, and not a mouse, is what the page is used with. */
export const finger = () => matchMedia('(pointer: coarse)').matches

/** How people on this machine call the key beside Enter. */
export const command = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'
