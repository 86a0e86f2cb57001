/** What a person has chosen for this browser. */
import { useSyncExternalStore } from 'react'

export interface Settings {
  theme: 'system' | 'light' | 'dark'
  textSize: 'small' | 'medium' | 'large'
  /** What Enter does: `send`, or `break` the line (Ctrl or ⌘ and Enter sends then). */
  enter: 'send' | 'break'
  /** Whether the model's reasoning is open from the start. */
  reasoning: 'folded' | 'open'
  /** Whether conversations are kept in this browser, for when the server is away. */
  keep: 'yes' | 'no'
  /** The model of a new session; null for the server's default. */
  model: string | null
  sidebar: 'open' | 'closed'
  /** Of the sessions. */
  sort: 'activity' | 'date' | 'title'
  order: 'asc' | 'desc'
}

const DEFAULTS: Settings = {
  theme: 'system',
  textSize: 'medium',
  enter: 'send',
  reasoning: 'folded',
  keep: 'yes',
  model: null,
  sidebar: 'open',
  sort: 'activity',
  order: 'desc',
}

/** What each may be. An older Squid, or somebody else, may have written other things. */
const KNOWN: { [Name in keyof Settings]: (value: unknown) => boolean } = {
  theme: one('system', 'light', 'dark'),
  textSize: one('small', 'medium', 'large'),
  enter: one('send', 'break'),
  reasoning: one('folded', 'open'),
  keep: one('yes', 'no'),
  model: (value) => value === null || (typeof value === 'string' && value.length < 500),
  sidebar: one('open', 'closed'),
  sort: one('activity', 'date', 'title'),
  order: one('asc', 'desc'),
}

function one(...values: string[]) {
  return (value: unknown) => values.includes(value as string)
}

const KEY = 'squid.settings'
const listeners = new Set<() => void>()
let settings = read()

function read(): Settings {
  let stored: unknown
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? '{}')
  } catch {
    return DEFAULTS // storage is closed to us, or holds what is no JSON
  }
  const known = Object.entries(Object(stored) as object).filter(
    ([name, value]) => Object.hasOwn(KNOWN, name) && KNOWN[name as keyof Settings](value),
  )
  return { ...DEFAULTS, ...Object.fromEntries(known) }
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
  // Null where all of the storage was cleared.
  if (event.key === KEY || event.key === null) put(read())
})
