/** Whether the server can be heard. */
import { useSyncExternalStore } from 'react'
import { Unreachable } from '../api/errors'
import { queries } from '../api/queries'

/** `offline` is the network's, as the browser tells it; `reconnecting` is the server's. */
export type Connection = 'online' | 'reconnecting' | 'offline'

/** A blip shows nothing. */
const GRACE_MS = 1_000

const listeners = new Set<() => void>()
const backListeners = new Set<() => void>()
/** Streams and requests that failed and are being tried again. */
const troubled = new Set<unknown>()
let state: Connection = 'online'
let grace: ReturnType<typeof setTimeout> | undefined

/** Say of a stream or request that it failed and is tried again. */
export function trouble(who: unknown): void {
  if (troubled.has(who)) return
  troubled.add(who)
  look()
}

/** Say that it is there again, or that nobody wants it any more. */
export function heard(who: unknown): void {
  if (!troubled.delete(who)) return
  look()
  for (const listener of backListeners) listener()
}

/** Calls when something can be heard again: a good moment to try what failed. */
export function onHeard(listener: () => void): () => void {
  backListeners.add(listener)
  return () => backListeners.delete(listener)
}

/** A server on this machine answers without a network, so what the browser says of the
 * network counts only where something has failed. */
function look(): void {
  if (troubled.size === 0) {
    clearTimeout(grace)
    grace = undefined
    put('online')
  } else if (!navigator.onLine) {
    put('offline')
  } else if (state === 'offline') {
    put('reconnecting')
  } else {
    grace ??= setTimeout(() => put('reconnecting'), GRACE_MS)
  }
}

function put(next: Connection): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state)
}

addEventListener('online', look)
addEventListener('offline', look)

queries.getQueryCache().subscribe(({ query, type }) => {
  const { fetchStatus, fetchFailureReason } = query.state
  const failing = fetchStatus === 'fetching' && fetchFailureReason instanceof Unreachable
  if (failing && type !== 'removed') trouble(query.queryHash)
  else heard(query.queryHash)
})

queries.getMutationCache().subscribe(({ mutation, type }) => {
  if (!mutation) return
  const { status, failureReason } = mutation.state
  if (status === 'pending' && failureReason instanceof Unreachable && type !== 'removed')
    trouble(mutation)
  else heard(mutation)
})
