/** What the server last said of what was looked at, kept in the browser's own database: for
 * when the page is loaded and the server is away. Wherever the server answers, that counts. */
import type { InfiniteData, QueryKey } from '@tanstack/react-query'
import { clear, createStore, del, get, set, type UseStore, update } from 'idb-keyval'
import { Refused } from './errors'
import { type History, place } from './history'
import { keys, queries } from './queries'
import { passes } from './retry'
import type { Message } from './types'

/** Of the form that is kept. Another one is not ours to show. */
const VERSION = 2

/** Conversations that are kept, those last looked at. */
const MOST = 20
/** Messages of each, from its end. */
const LONGEST = 200

/** How long what is shown may be ahead of what is kept. */
const WRITE_MS = 250

/** The names of the kept conversations, the last one first. */
const INDEX = 'index'

let allowed = true
let store: UseStore | null = null
const due = new Set<string>()
let writing: ReturnType<typeof setTimeout> | undefined

/** Answers that grow, which the cache has only as they were read. */
const growing = new Map<string, Message>()

/** Null where there is no storage, or where it failed. */
async function stored<T>(task: (store: UseStore) => Promise<T>): Promise<T | null> {
  try {
    store ??= createStore('squid-kept', 'said')
    return await task(store)
  } catch {
    return null
  }
}

/** What is kept, by the first word of its key in the cache. */
const KEPT: Record<string, (data: unknown, key: QueryKey) => unknown> = {
  server: (data) => data,
  history: (data) => (data ? end(data as History) : undefined),
  // The list as it is without a search, and of it the first page.
  sessions: (data, [, filter]) => {
    const { text, deleted, archived } = (filter ?? {}) as Record<string, unknown>
    if (text || deleted || archived) return undefined
    const { pages, pageParams } = data as InfiniteData<unknown>
    return { pages: pages.slice(0, 1), pageParams: pageParams.slice(0, 1) }
  },
}

/** As much of a conversation as is kept, with its answers as far as they have come. */
function end(history: History): History | undefined {
  if (history.session.deleted_at !== null) return undefined
  const live = history.messages.flatMap(({ id, run_id, status }) => {
    const answer = growing.get(id)
    if (!answer) return []
    const lives = status === 'pending' || status === 'streaming'
    if (lives && answer.run_id === run_id) return answer
    // It is over and was read since, or another run is at it.
    growing.delete(id)
    return []
  })
  const messages = live.length ? place(history.messages, live) : history.messages
  return {
    ...history,
    messages: messages.slice(-LONGEST),
    older: history.older || messages.length > LONGEST,
  }
}

const nameOf = (key: QueryKey) => JSON.stringify(key)

/** An answer has grown. */
export function keepAnswer(message: Message): void {
  growing.set(message.id, message)
  soon(nameOf(keys.history(message.session_id)))
}

/** Nobody looks at it any more. */
export function leaveAnswer(messageId: string): void {
  growing.delete(messageId)
}

/** A session that was deleted is not kept either. */
export function forgetKept(sessionId: string): void {
  const name = nameOf(keys.history(sessionId))
  due.delete(name)
  void stored(async (store) => {
    await del(name, store)
    await order(name, false, store)
  })
}

function soon(name: string): void {
  if (!allowed) return
  due.add(name)
  writing ??= setTimeout(write, WRITE_MS)
}

function write(): void {
  clearTimeout(writing)
  writing = undefined
  for (const name of due) void keep(name)
  due.clear()
}

async function keep(name: string): Promise<void> {
  const key = JSON.parse(name) as QueryKey
  const data = queries.getQueryData(key)
  if (data === undefined) return
  const kept = KEPT[String(key[0])]?.(data, key)
  await stored(async (store) => {
    if (kept === undefined) await del(name, store)
    else await set(name, { v: VERSION, data: kept }, store)
    if (key[0] === 'history') await order(name, kept !== undefined, store)
  })
}

/** The newest stay, the others go. */
async function order(name: string, there: boolean, store: UseStore): Promise<void> {
  let gone: string[] = []
  await update<string[]>(
    INDEX,
    (known = []) => {
      const others = known.filter((one) => one !== name)
      const all = there ? [name, ...others] : others
      gone = all.slice(MOST)
      return all.slice(0, MOST)
    },
    store,
  )
  await Promise.all(gone.map((one) => del(one, store)))
}

/** Show what was kept, where nothing is shown yet. The server is asked on. */
async function recall(key: QueryKey): Promise<void> {
  const name = nameOf(key)
  const kept = await stored((store) => get<{ v: number; data: unknown }>(name, store))
  if (!allowed || kept?.v !== VERSION) return
  const data = key[0] === keys.histories[0] ? { ...(kept.data as History), kept: true } : kept.data
  queries.setQueryData(key, (known: unknown) => (known === undefined ? data : known))
}

/** Whether to keep anything in this browser. What is there goes where not. */
export function allow(next: boolean): void {
  allowed = next
  if (!next) forget()
}

function forget(): void {
  due.clear()
  growing.clear()
  void stored((store) => clear(store))
}

queries.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated') return
  const { queryKey, state } = event.query
  if (!Object.hasOwn(KEPT, String(queryKey[0]))) return
  const { action } = event
  if (action.type === 'success') soon(nameOf(queryKey))
  else if (action.type === 'failed' && state.data === undefined && passes(action.error))
    void recall(queryKey)
  else if (
    action.type === 'error' &&
    action.error instanceof Refused &&
    action.error.status === 401
  )
    forget() // who is no longer let in keeps nothing
})

// A page may be closed at any moment.
addEventListener('pagehide', write)
document.addEventListener('visibilitychange', write)
