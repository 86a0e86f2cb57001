/** What was chosen for the session that is about to begin. The model is a setting, as the
 * next session is likely to want the same one. */
import { useSyncExternalStore } from 'react'

const KEY = 'squid.system'
const listeners = new Set<() => void>()
let system = read()

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null
  }
}

export function chooseSystem(chosen: string | null): void {
  system = chosen
  for (const listener of listeners) listener()
  try {
    if (chosen === null) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, chosen)
  } catch {
    // It holds until the page is closed.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useNewSystem(): string | null {
  return useSyncExternalStore(subscribe, () => system)
}
