/** What is being written, kept per session; and what a message is changed to, under its id. */
import { useCallback, useSyncExternalStore } from 'react'

interface Kept {
  text: string
  /** When it was last changed. */
  at: number
}

const PREFIX = 'squid.draft.'
const NEW = 'new session'
/** Drafts that are kept: those of sessions that are gone fall out at the end. */
const MOST = 50
/** Typing is not slowed down by the storage. */
const WRITE_MS = 200

const EMPTY: Kept = { text: '', at: 0 }

const drafts = new Map<string, Kept>()
const listeners = new Set<() => void>()
const unwritten = new Set<string>()
let writing: ReturnType<typeof setTimeout> | undefined

const keyOf = (id: string | null) => PREFIX + (id ?? NEW)

function draft(key: string): Kept {
  let found = drafts.get(key)
  if (!found) {
    found = read(key)
    drafts.set(key, found)
  }
  return found
}

function read(key: string): Kept {
  try {
    const { text, at } = JSON.parse(localStorage.getItem(key) ?? '{}')
    return {
      text: typeof text === 'string' ? text : '',
      at: typeof at === 'number' ? at : 0,
    }
  } catch {
    return EMPTY // storage is closed to us, or holds what somebody else wrote
  }
}

function change(key: string, part: Partial<Kept>): void {
  drafts.set(key, { ...draft(key), ...part, at: Date.now() })
  unwritten.add(key)
  writing ??= setTimeout(write, WRITE_MS)
  for (const listener of listeners) listener()
}

function write(): void {
  clearTimeout(writing)
  writing = undefined
  for (const key of unwritten) {
    const kept = draft(key)
    try {
      if (kept.text === '') localStorage.removeItem(key)
      else localStorage.setItem(key, JSON.stringify(kept))
    } catch {
      // It holds until the page is closed.
    }
  }
  unwritten.clear()
  prune()
}

/** Forget the oldest drafts, where there are many. */
function prune(): void {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))
    if (keys.length <= MOST) return
    const byAge = keys.map((key) => ({ key, at: read(key).at })).sort((a, b) => b.at - a.at)
    for (const { key } of byAge.slice(MOST)) localStorage.removeItem(key)
  } catch {
    // There is nothing to prune.
  }
}

/** Removes all that was begun and not sent, in this browser. */
export function clearDrafts(): void {
  clearTimeout(writing)
  writing = undefined
  unwritten.clear()
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(PREFIX)) localStorage.removeItem(key)
  } catch {
    // There are none but this page's.
  }
  for (const key of drafts.keys()) drafts.set(key, EMPTY)
  for (const listener of listeners) listener()
}

// Two tabs that write in the same session share its draft: what is sent in one is not left
// over in the other, and neither writes over the other's words.
addEventListener('storage', ({ key }) => {
  // Null where all of the storage was cleared.
  for (const name of key === null ? [...drafts.keys()] : [key])
    if (drafts.has(name) && !unwritten.has(name)) drafts.set(name, read(name))
  for (const listener of listeners) listener()
})

// A page may be closed in the middle of a word.
addEventListener('pagehide', write)
document.addEventListener('visibilitychange', write)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Of a session or a message, or null for a session that is not there yet. */
export function useDraft(id: string | null): [string, (text: string) => void] {
  const key = keyOf(id)
  const text = useSyncExternalStore(subscribe, () => draft(key).text)
  return [text, useCallback((text: string) => change(key, { text }), [key])]
}

/** Just now, for what is not drawn anew with each word. */
export const draftOf = (id: string | null) => draft(keyOf(id)).text

export const keepDraft = (id: string | null, text: string) => change(keyOf(id), { text })
