/** Sends what waits: in each session one after another, and the sessions beside each other. */
import { api, found } from '../api/client'
import { Refused } from '../api/errors'
import { historyOf } from '../api/history'
import { delay, passes } from '../api/retry'
import { onRunEnd } from '../api/sessions'
import type { Problem } from '../api/types'
import { onGap } from '../live/changes'
import { heard, onHeard, trouble } from '../live/connection'
import { hold } from '../live/presence'
import { deliver } from './delivery'
import * as entries from './entries'
import { locked } from './lock'
import type { Outgoing } from './outbox'

/** How long to wait after an error of the page's own. */
const BROKEN_MS = 5_000
/** And where this browser is no longer let in: the next answer may say otherwise. */
const SHUT_OUT_MS = 30_000

/** Sessions that this tab is at, or stands in line for. */
const draining = new Set<string>()
/** Those whose turn it is. */
const sending = new Set<string>()
/** What a session waits for, and how it is told to look again. */
const sleeping = new Map<string, () => void>()
/** Of messages on their way: how to stop that. */
const under = new Map<string, AbortController>()
/** Messages whose request is under way, so that the server may have them. */
const posting = new Set<string>()
/** Runs that are over, though the cache may not say so yet. */
const over = new Set<string>()

const next = (sessionId: string) => entries.of(sessionId).find((entry) => entry.state !== 'refused')

/** Whether it may be at the server. */
export function isOut(entry: Outgoing): boolean {
  // In another tab, nobody here knows how far it is.
  return posting.has(entry.id) || (entry.state === 'sending' && !sending.has(entry.sessionId))
}

/** Stop what is on its way and has not gone out. */
export function stop(id: string): void {
  under.get(id)?.abort()
}

/** Let a session that waits look again. */
export function wake(sessionId: string): void {
  sleeping.get(sessionId)?.()
}

/** Send what waits in a session, if nobody is at it. */
export function drain(sessionId: string): void {
  if (draining.has(sessionId) || !next(sessionId)) return
  draining.add(sessionId)
  // One tab sends, and the others stand in line for when it is closed.
  const again = () => {
    draining.delete(sessionId)
    drain(sessionId)
  }
  locked(`squid.outbox.${sessionId}`, () => sendAll(sessionId)).then(again, () =>
    setTimeout(again, BROKEN_MS),
  )
}

async function sendAll(sessionId: string): Promise<void> {
  await entries.settle(sessionId)
  const release = hold()
  let failures = 0
  sending.add(sessionId)
  try {
    for (let entry = next(sessionId); entry; entry = next(sessionId)) {
      const run = liveRun(sessionId)
      const sent = run === null ? await attempt(entry, failures) : await queue(entry, run)
      failures = sent ? 0 : failures + 1
    }
  } finally {
    sending.delete(sessionId)
    heard(`outbox ${sessionId}`)
    release()
  }
}

function liveRun(sessionId: string): string | null {
  const run = historyOf(sessionId)?.session.live_run_id ?? null
  return run !== null && over.has(run) ? null : run
}

/** Try to send one, and wait where that failed. False where it has to be tried again. */
async function attempt(entry: Outgoing, failures: number): Promise<boolean> {
  const { id, sessionId } = entry
  const stopped = new AbortController()
  under.set(id, stopped)
  if (entry.state !== 'sending') entries.change(id, { state: 'sending', problem: null })
  try {
    const started = await deliver(entry, {
      signal: stopped.signal,
      onChange: (part) => entries.change(id, part),
      onPost: () => posting.add(id),
    })
    heard(`outbox ${sessionId}`)
    await entries.arrived(id, started)
    return true
  } catch (error) {
    posting.delete(id)
    if (stopped.signal.aborted) return true
    if (error instanceof Refused && error.code === 'run-in-progress' && error.runId !== null) {
      if (!over.delete(error.runId)) return await queue(entry, error.runId)
      // It was taken to be over, and is not; or is not quite.
      entries.change(id, { state: 'queued' })
      await news(sessionId, delay(failures))
      return false
    }
    const shutOut = error instanceof Refused && error.status === 401
    if (!passes(error) && !shutOut) {
      entries.change(id, { state: 'refused', problem: problem(error) })
      return true
    }
    entries.change(id, { state: 'waiting', tried: true })
    trouble(`outbox ${sessionId}`)
    await news(sessionId, shutOut ? SHUT_OUT_MS : delay(failures, error))
    return false
  } finally {
    posting.delete(id)
    under.delete(id)
  }
}

function problem(error: unknown): Problem {
  if (!(error instanceof Refused)) return { code: 'error', detail: String(error) }
  const { code, detail, hint } = error
  return { code, detail, ...(hint ? { hint } : {}) }
}

/** Wait until a run is over, or the entry is taken back. The feed says so; only where it
 * may have missed it is the server asked. */
async function queue(entry: Outgoing, runId: string): Promise<boolean> {
  if (entry.state !== 'queued') entries.change(entry.id, { state: 'queued' })
  let unsure = true
  for (let failures = 0; !over.has(runId) && entries.get(entry.id); ) {
    const found = unsure ? await isOver(runId) : false
    if (over.has(runId)) break // it was heard of meanwhile
    if (found) over.add(runId)
    else if (found === null) await news(entry.sessionId, delay(failures++))
    else unsure = (await news(entry.sessionId)) === 'gap'
  }
  return true
}

/** Null where the server does not say just now. */
async function isOver(runId: string): Promise<boolean | null> {
  try {
    const run = await found(api.GET('/api/runs/{run_id}', { params: { path: { run_id: runId } } }))
    return run?.status !== 'running'
  } catch {
    return null
  }
}

type News = 'news' | 'gap'

let gaps = 0

/** Until something has happened, or for so long. */
async function news(sessionId: string, milliseconds?: number): Promise<News> {
  const before = gaps
  await new Promise<void>((resolve) => {
    const timer =
      milliseconds === undefined ? undefined : setTimeout(() => wake(sessionId), milliseconds)
    sleeping.set(sessionId, () => {
      clearTimeout(timer)
      sleeping.delete(sessionId)
      resolve()
    })
  })
  return gaps === before ? 'news' : 'gap'
}

function wakeAll(): void {
  for (const wake of [...sleeping.values()]) wake()
}

function gap(): void {
  gaps += 1
  wakeAll()
}

onRunEnd((sessionId, runId) => {
  over.add(runId)
  wake(sessionId)
})
onGap(gap)
onHeard(gap)
addEventListener('online', wakeAll)

entries.onArrival(drain)
entries.onRemoval((id) => {
  if (!posting.has(id)) stop(id)
})
void entries.load()
