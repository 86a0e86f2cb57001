/** Files of the messages that are being written: a list for each session, kept in the
 * browser's own database until the message is sent. */
import { clear, createStore, get, promisifyRequest, type UseStore } from 'idb-keyval'
import { useSyncExternalStore } from 'react'
import { openChannel } from '../outbox/channel'
import type { Attachment } from '../outbox/outbox'

export interface Attached extends Attachment {
  /** `waiting` for the server, or for its turn. */
  state: 'waiting' | 'uploading' | 'there' | 'failed'
  /** 0 to 1. */
  progress: number
  problem: Error | null
}

const channel = openChannel('squid.attached.changes')

const NONE: readonly Attached[] = []
const lists = new Map<string, readonly Attached[]>()
const listeners = new Set<() => void>()

/** Of `sessionId`, or null for a session that is not there yet. */
const keyOf = (sessionId: string | null) => sessionId ?? 'new'

export const listOf = (sessionId: string | null) => lists.get(keyOf(sessionId)) ?? NONE

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useAttached(sessionId: string | null): readonly Attached[] {
  return useSyncExternalStore(subscribe, () => listOf(sessionId))
}

/** How many there are: what writing depends on, and not how far each has come. */
export function useAttachedCount(sessionId: string | null): number {
  return useSyncExternalStore(subscribe, () => listOf(sessionId).length)
}

function show(sessionId: string | null, list: readonly Attached[]): void {
  lists.set(keyOf(sessionId), list)
  for (const listener of listeners) listener()
}

/** What one tab does to a list is done to that of the other tabs, and to the one that is kept:
 * each may know of files that the others have not heard of yet. */
interface Change {
  add?: readonly Attachment[]
  /** Whether those stand in front of what is there. */
  front?: boolean
  /** As it is now; nothing where it is gone. */
  set?: Attachment
  drop?: readonly string[]
}

function changed<T extends Attachment>(
  list: readonly T[],
  { add = [], front = false, set, drop = [] }: Change,
  made: (one: Attachment) => T,
): readonly T[] {
  const there = new Set(list.map(({ id }) => id))
  const added = add.filter(({ id }) => !there.has(id)).map(made)
  const stay = list
    .filter(({ id }) => !drop.includes(id))
    .map((one) => (one.id === set?.id ? made(set) : one))
  return front ? [...added, ...stay] : [...stay, ...added]
}

/** Change the list, here and everywhere. */
export function change(sessionId: string | null, change: Change): void {
  const key = keyOf(sessionId)
  show(sessionId, changed(listOf(sessionId), change, begun))
  void save(key, change)
  channel?.postMessage({ key, change } satisfies News)
}

/** Two tabs that write the same message have the same files in it. */
interface News {
  key: string
  change: Change
}

channel?.addEventListener('message', ({ data: { key, change } }: MessageEvent<News>) => {
  lists.set(key, changed(lists.get(key) ?? NONE, change, begun))
  for (const listener of listeners) listener()
})

/** Change how one of them is getting on. */
export function progress(sessionId: string | null, id: string, part: Partial<Attached>): void {
  show(
    sessionId,
    listOf(sessionId).map((one) => (one.id === id ? { ...one, ...part } : one)),
  )
}

const begun = (one: Attachment): Attached => ({
  ...one,
  state: one.fileId ? 'there' : 'waiting',
  progress: 0,
  problem: null,
})

export const bare = ({ id, name, mediaType, size, fileId, blob }: Attachment): Attachment => ({
  ...{ id, name, mediaType, size, fileId, blob },
})

let opened: UseStore | null = null
const database = () => {
  opened ??= createStore('squid.attached', 'lists')
  return opened
}

async function save(key: string, change: Change): Promise<void> {
  try {
    await database()('readwrite', async (store) => {
      const kept: unknown = await promisifyRequest(store.get(key))
      const list = changed(Array.isArray(kept) ? kept.filter(isAttachment) : [], change, bare)
      if (list.length) store.put(list, key)
      else store.delete(key)
      await promisifyRequest(store.transaction)
    })
  } catch {
    // No storage, or none left: they are here until the page is closed.
  }
}

/** Forget the files of all messages that are being written. */
export function clearAttached(): void {
  lists.clear()
  for (const listener of listeners) listener()
  clear(database()).catch(() => {}) // Without storage, there was nothing to forget.
}

const loaded = new Set<string>()

/** What was attached before the page was loaded, once. */
export async function restore(sessionId: string | null): Promise<boolean> {
  const key = keyOf(sessionId)
  if (loaded.has(key)) return false
  loaded.add(key)
  try {
    const kept: unknown = await get(key, database())
    if (!Array.isArray(kept) || !kept.every(isAttachment)) return false
    show(sessionId, changed(listOf(sessionId), { add: kept, front: true }, begun))
    return true
  } catch {
    return false
  }
}

/** What is read may have been written by another version. */
function isAttachment(value: unknown): value is Attachment {
  const one = value as Partial<Attachment> | null
  return (
    typeof one?.id === 'string' &&
    typeof one.name === 'string' &&
    typeof one.mediaType === 'string' &&
    typeof one.size === 'number' &&
    (typeof one.fileId === 'string' || one.blob instanceof Blob)
  )
}
