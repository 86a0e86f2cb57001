/** A value that several parts of the page share. */
import { useSyncExternalStore } from 'react'

export interface Shared<T> {
  get: () => T
  set: (value: T) => void
  use: () => T
}

export function shared<T>(initial: T): Shared<T> {
  let value = initial
  const listeners = new Set<() => void>()
  const get = () => value
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return {
    get,
    set(next) {
      value = next
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}
