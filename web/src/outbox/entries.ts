/** The outbox's entries: in this page, in the browser's database, and in the other tabs. */
import { notifyManager } from '@tanstack/react-query'
import type { History } from '../api/history'
import { showStarted } from '../api/messages'
import { queries } from '../api/queries'
import type { StartedRun } from '../api/types'
import { openChannel } from './channel'
import { kept, revived } from './entry'
import type { Outgoing } from './outbox'
import * as storage from './storage'

const all = new Map<string, Outgoing>()
const bySession = new Map<string, readonly Outgoing[]>()
const listeners = new Set<() => void>()
const arrivals = new Set<(sessionId: string) => void>()
const removals = new Set<(id: string) => void>()
const NONE: readonly Outgoing[] = []
let begin = NONE
/** Those that only this page has: the storage did not take them, or has not yet. */
const unkept = new Set<string>()
/** Those that are sent or taken back: what another tab said before it knew is too late. */
const over = new Set<string>()

/** Other tabs are told of each step. */
type News = { put: unknown } | { gone: string; started?: StartedRun }

const channel = openChannel('squid-outbox')

/** The messages that are to begin their sessions, the last one first. */
export function beginnings(): readonly Outgoing[] {
  return begin
}

/** In the order in which they go out. */
export function of(sessionId: string): readonly Outgoing[] {
  return bySession.get(sessionId) ?? NONE
}

export function get(id: string): Outgoing | undefined {
  return all.get(id)
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Calls when another tab, or an earlier page, has left something to send. */
export function onArrival(listener: (sessionId: string) => void): void {
  arrivals.add(listener)
}

/** Calls when another tab has taken one back. */
export function onRemoval(listener: (id: string) => void): void {
  removals.add(listener)
}

function hold(entry: Outgoing): void {
  all.set(entry.id, entry)
  sort(entry.sessionId)
}

function sort(sessionId: string): void {
  const entries = [...all.values()]
    .filter((entry) => entry.sessionId === sessionId)
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  if (entries.length) bySession.set(sessionId, entries)
  else bySession.delete(sessionId)
  begin = [...bySession.values()].flatMap(([first]) => (first?.newSession ? first : [])).reverse()
  for (const listener of listeners) listener()
}

export function put(entry: Outgoing): void {
  hold(entry)
  unkept.add(entry.id)
  guard()
  void storage.keep(entry).then((done) => {
    if (done) unkept.delete(entry.id)
    guard()
  })
  channel?.postMessage({ put: kept(entry) } satisfies News)
}

/** Change one that is still there. */
export function change(id: string, part: Partial<Outgoing>): void {
  const entry = all.get(id)
  if (entry) put({ ...entry, ...part })
}

/** It was sent, or taken back. */
function end(id: string): void {
  over.add(id)
  release(id)
}

function release(id: string): void {
  const entry = all.get(id)
  if (!entry) return
  all.delete(id)
  unkept.delete(id)
  guard()
  sort(entry.sessionId)
}

/** Who closes the page is asked first where that would lose a message. */
function guard(): void {
  // Only then: a page that might ask is not kept by the browser for when one comes back.
  if (unkept.size) addEventListener('beforeunload', ask)
  else removeEventListener('beforeunload', ask)
}

const ask = (event: Event) => event.preventDefault()

export function drop(id: string): Promise<void> {
  end(id)
  channel?.postMessage({ gone: id } satisfies News)
  return storage.forget(id)
}

/** It is at the server: show it there, and here no more, in one step. */
export async function arrived(id: string, started: StartedRun): Promise<void> {
  channel?.postMessage({ gone: id, started } satisfies News)
  await Promise.all([showArrived(id, started), storage.forget(id)])
}

/** The cache tells its readers a moment later; the entry goes in that same moment. */
function showArrived(id: string, started: StartedRun): Promise<void> {
  return new Promise((resolve) => {
    notifyManager.batch(() => {
      showStarted(started)
      notifyManager.schedule(() => {
        end(id)
        resolve()
      })
    })
  })
}

/** What is kept, as other tabs may have left it. */
export async function load(): Promise<void> {
  const stored = await storage.load()
  if (stored === null) return
  for (const entry of stored) {
    // One that is being sent may be so by another tab; else it is sent again from here.
    if (!all.has(entry.id) && !over.has(entry.id)) hold(entry)
  }
  for (const sessionId of bySession.keys()) for (const tell of arrivals) tell(sessionId)
}

/** Let go of what another tab has sent meanwhile. */
export async function settle(sessionId: string): Promise<void> {
  const before = of(sessionId).filter(({ id }) => !unkept.has(id))
  const stored = await storage.loadSoon()
  if (stored === null) return
  const ids = new Set(stored.map((entry) => entry.id))
  for (const { id } of before) if (!ids.has(id)) release(id)
}

channel?.addEventListener('message', ({ data }: MessageEvent<News>) => {
  if ('put' in data) {
    const entry = revived(data.put)
    if (!entry || over.has(entry.id)) return
    hold(entry)
    for (const tell of arrivals) tell(entry.sessionId)
  } else if (data.started) void showArrived(data.gone, data.started)
  else {
    end(data.gone)
    // This tab may have written it down once more, not knowing.
    void storage.forget(data.gone)
    for (const tell of removals) tell(data.gone)
  }
})

// The answer to a request may be lost, and the message be seen at the server all the same.
queries.getQueryCache().subscribe(({ type, query }) => {
  if (type !== 'updated' || query.queryKey[0] !== 'history') return
  const history = query.state.data as History | null | undefined
  const waiting = history ? of(history.session.id) : NONE
  if (waiting.length === 0) return
  const there = new Set(history?.messages.map((message) => message.id))
  for (const { id } of waiting) if (there.has(id)) notifyManager.schedule(() => void drop(id))
})
