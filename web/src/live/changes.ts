/** The change feed: what others do appears by itself. */
import { refreshHistory, refreshMessage } from '../api/history'
import { keys, queries } from '../api/queries'
import { refreshLists, runEnded } from '../api/sessions'
import type { Change } from '../api/types'
import { type Frame, openStream } from './stream'

/** How long to wait where the server has no feed: another one may answer in its place. */
const AGAIN_MS = 30_000

const listeners = new Set<() => void>()

/** Calls when nobody can say what happened meanwhile. */
export function onGap(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Listen for as long as the page is there. */
export function listen(): () => void {
  let after: number | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  let close = open()

  function open(): () => void {
    return openStream({
      kind: 'feed',
      url: '/api/events',
      after,
      onFrames: (frames) => {
        after = frames.at(-1)?.id ?? after
        take(frames)
        return false
      },
      onEnd: () => {
        again = setTimeout(() => {
          close = open()
        }, AGAIN_MS)
      },
    })
  }

  return () => {
    clearTimeout(again)
    close()
  }
}

function take(frames: Frame[]): void {
  const newest = new Map<string, Change[]>()
  for (const { name, data } of frames) {
    // `ready` comes first: what was read before it may be from before it.
    if (name === 'reset' || name === 'ready') gap()
    const change = name === 'change' ? parsed(data) : null
    if (!change) continue
    const others = newest.get(change.session_id)
    if (others) others.push(change)
    else newest.set(change.session_id, [change])
  }
  for (const [sessionId, changes] of newest) void look(sessionId, changes)
  if (newest.size) refreshLists()
}

async function look(sessionId: string, changes: readonly Change[]): Promise<void> {
  const version = Math.max(...changes.map((change) => change.version))
  const messages = new Set<string>()
  for (const { kind, run_id, message_id } of changes) {
    if (kind === 'run' && run_id !== null) runEnded(sessionId, run_id)
    if (kind === 'message' && message_id !== null) messages.add(message_id)
  }
  // One that is being read for the first time may be from before, and one that was not
  // there may be there now.
  if (!queries.getQueryState(keys.history(sessionId))) return
  await refreshHistory(sessionId, version)
  // Also of a version that is known: the newest page does not tell of what is further up.
  for (const id of messages) await refreshMessage(sessionId, id)
}

/** Everything may have changed. */
function gap(): void {
  for (const queryKey of [keys.server, keys.sessions, keys.histories]) {
    // What is read for the first time just now may have been from before as well.
    const early = queries.getQueryCache().findAll({ queryKey, fetchStatus: 'fetching' })
    for (const query of early)
      if (query.state.data === undefined)
        void query.promise?.then(
          () => queries.invalidateQueries({ queryKey: query.queryKey }),
          nothing,
        )
    void queries.invalidateQueries({ queryKey })
  }
  for (const listener of listeners) listener()
}

const nothing = () => {}

function parsed(data: string): Change | null {
  try {
    const change: Change = JSON.parse(data)
    return typeof change.session_id === 'string' ? change : null
  } catch {
    return null
  }
}
