/** Where the outbox is kept: the browser's own database, for all tabs; or, where that is
 * closed to us, this page's memory. */
import { createStore, del, set, type UseStore, values } from 'idb-keyval'
import { kept, revived } from './entry'
import type { Outgoing } from './outbox'

let store: UseStore | null = null

/** A database that does not answer holds up no message. */
const PATIENCE_MS = 2_000

const soon = <T>(answer: Promise<T | null>): Promise<T | null> =>
  Promise.race([answer, new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null))])

/** Null where there is no storage, or where it failed. */
async function stored<T>(task: (store: UseStore) => Promise<T>): Promise<T | null> {
  try {
    store ??= createStore('squid-outbox', 'entries')
    return await task(store)
  } catch {
    return null
  }
}

/** All that is kept, in the order in which it was written; null where nothing can be kept. */
export async function load(): Promise<Outgoing[] | null> {
  const found = await stored((store) => values<unknown>(store))
  if (found === null) return null
  return found.flatMap((value) => revived(value) ?? [])
}

/** The same, or null where that takes long. */
export const loadSoon = () => soon(load())

/** Whether it is kept, once that is known: the disk may be full. */
export async function keep(entry: Outgoing): Promise<boolean> {
  return (await stored((store) => set(entry.id, kept(entry), store).then(() => true))) ?? false
}

export async function forget(id: string): Promise<void> {
  await soon(stored((store) => del(id, store)))
}
