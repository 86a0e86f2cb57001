/** The one table of shortcuts: what binds the keys, the list on `?` and the palette read it. */

export const SHORTCUTS = {
  commands: 'mod+k',
  newSession: 'mod+shift+o',
  search: 'mod+shift+f',
  compose: 'shift+escape',
  previous: 'alt+arrowup',
  next: 'alt+arrowdown',
  copyLast: 'mod+shift+c',
  toggleSidebar: 'mod+b',
  settings: 'mod+,',
  shortcuts: '?',
} as const

export type ShortcutName = keyof typeof SHORTCUTS

export const isMac = /^(mac|iphone|ipad)/i.test(navigator.platform)

const MAC: Record<string, string> = { mod: '⌘', shift: '⇧', alt: '⌥' }
const OTHER: Record<string, string> = { mod: 'Ctrl', shift: 'Shift', alt: 'Alt' }
const NAMES: Record<string, string> = { arrowup: '↑', arrowdown: '↓', escape: 'Esc' }

/** The keys as they are written on a keyboard. */
export function keysOf(name: ShortcutName, mac = isMac): string[] {
  return SHORTCUTS[name]
    .split('+')
    .map((key) => (mac ? MAC : OTHER)[key] ?? NAMES[key] ?? key.toUpperCase())
}

/** The shortcut that a key press is, if any. */
export function shortcutOf(event: KeyboardEvent, mac = isMac): ShortcutName | null {
  // The Enter that ends a composition, and AltGr, are somebody's typing.
  if (event.isComposing || event.key === 'Process' || event.getModifierState?.('AltGraph'))
    return null
  for (const [name, keys] of Object.entries(SHORTCUTS) as [ShortcutName, string][]) {
    const parts = keys.split('+')
    const key = parts.at(-1) ?? ''
    const mod = parts.includes('mod')
    if (mod !== (mac ? event.metaKey : event.ctrlKey)) continue
    if (mac ? event.ctrlKey : event.metaKey) continue
    if (parts.includes('alt') !== event.altKey) continue
    // Which keys make a `?` is the keyboard's business.
    if (key !== '?' && parts.includes('shift') !== event.shiftKey) continue
    if (pressed(event) === key) return name
  }
  return null
}

/** The key by what is written on it; where that is no Latin letter, by its place. */
function pressed({ key, code }: KeyboardEvent): string {
  const latin = key.length > 1 || key <= '\u007f'
  return (latin ? key : code.replace(/^Key/, '')).toLowerCase()
}

/** Whether it would do something else in a field that somebody types in. */
export function types(name: ShortcutName, mac = isMac): boolean {
  // On a Mac, Option and an arrow go through the words.
  return name === 'shortcuts' || (mac && (name === 'previous' || name === 'next'))
}
