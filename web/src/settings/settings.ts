/** What a person has chosen for this browser. */
import { useSyncExternalStore } from 'react'

export interface Settings {
  theme: 'system' | 'light' | 'dark'
  textSize: 'small' | 'medium' | 'large'
  /** What Enter does: `send`, or `break` the line (Ctrl or ⌘ and Enter sends then). */
  enter: 'send' | 'break'
  /** Whether the model's reasoning is open from the start. */
  reasoning: 'folded' | 'open'
  /** The model of a new session; null for the server's default. */
  model: string | null
  sidebar: 'open' | 'closed'
}

const DEFAULTS: Settings = {
  theme: 'system',
  textSize: 'medium',
  enter: 'send',
  reasoning: 'folded',
  model: null,
  sidebar: 'open',
}

const KEY = 'squid.settings'
const listeners = new Set<() => void>()
let settings = read()

function read(): Settings {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') }
  } catch {
    return DEFAULTS // storage is closed to us, or holds what somebody else wrote
  }
}

function put(next: Settings): void {
  settings = next
  for (const listener of listeners) listener()
}

export function change(part: Partial<Settings>): void {
  put({ ...settings, ...part })
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch {
    // It holds until the page is closed.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, () => settings)
}

addEventListener('storage', (event) => {
  if (event.key === KEY) put(read())
})
