/** Files of the messages that are being written: a list for each session, kept in the
 * browser's own database until the message is sent. */
import { clear, createStore, del, get, set, type UseStore } from 'idb-keyval'
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

const channel = openChannel('squid.attached')

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

/** Change the list, in the database too. */
export function put(sessionId: string | null, list: readonly Attached[]): void {
  show(sessionId, list)
  void save(keyOf(sessionId), list)
  channel?.postMessage({ key: keyOf(sessionId), list: list.map(bare) } satisfies News)
}

/** Two tabs that write the same message have the same files in it. The one in which a file was
 * attached takes it to the server, and tells the other. */
interface News {
  key: string
  list: readonly Attachment[]
}

channel?.addEventListener('message', ({ data }: MessageEvent<News>) => {
  const known = new Map(lists.get(data.key)?.map((one) => [one.id, one]))
  lists.set(
    data.key,
    data.list.filter(isAttachment).map((told) => {
      const one = known.get(told.id)
      return one && (one.fileId !== null || told.fileId === null) ? one : begun(told)
    }),
  )
  for (const listener of listeners) listener()
})

/** Change how one of them is getting on. */
export function progress(sessionId: string | null, id: string, part: Partial<Attached>): void {
  show(
    sessionId,
    listOf(sessionId).map((one) => (one.id === id ? { ...one, ...part } : one)),
  )
}

export const begun = (one: Attachment): Attached => ({
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

async function save(key: string, list: readonly Attached[]): Promise<void> {
  try {
    if (list.length) await set(key, list.map(bare), database())
    else await del(key, database())
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
    const known = listOf(sessionId)
    const there = new Set(known.map(({ id }) => id))
    put(sessionId, [...kept.filter(({ id }) => !there.has(id)).map(begun), ...known])
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
