/** What was written and has not reached the server yet. It is kept in the browser's own
 * database, survives a reload, and goes out once: each message has its id from the start. */
import { useCallback, useSyncExternalStore } from 'react'
import { historyOf, showNew } from '../api/history'
import { newMessageId } from '../api/messages'
import type { File, Problem } from '../api/types'
import * as entries from './entries'
import { drain, isOut, stop, wake } from './sender'

export interface Attachment {
  /** Of this page; the server's id is `fileId`, once it is there. */
  id: string
  name: string
  mediaType: string
  size: number
  fileId: string | null
  /** The content, for as long as it is not there. */
  blob: Blob | null
}

/** One that the server has. */
export const attachmentOf = ({ id, name, media_type, size }: File): Attachment => ({
  ...{ id, fileId: id, name, mediaType: media_type, size, blob: null },
})

export interface Outgoing {
  /** The message's own, `local.assistant.` and a UUID. */
  id: string
  sessionId: string
  /** The session is made first, where it is new. */
  newSession: { model: string | null; system: string | null } | null
  /** The question that this says differently, in a new branch; null for a new one. */
  edits: string | null
  content: string
  /** Of one that edits: those of the question, which the server keeps. */
  attachments: Attachment[]
  /** The model that answers this once. */
  model: string | null
  /** `queued` behind a live answer, or others of its session; `sending`; `waiting` for the
   * server or the network; `refused`, with why. One that was refused holds up no others. */
  state: 'queued' | 'sending' | 'waiting' | 'refused'
  /** Whether the server could not be reached with it. */
  tried: boolean
  problem: Problem | null
  createdAt: number
}

export type Draft = Omit<Outgoing, 'id' | 'state' | 'tried' | 'problem' | 'createdAt'>

/** Whether it still waits for something. One that only just goes out is in the conversation
 * at once, unless its files take time. An edit takes the place of all that was said behind it:
 * that does not come and go with each try. */
export const waits = ({ state, tried, edits, attachments }: Outgoing) =>
  state !== 'sending' || (tried && edits !== null) || attachments.some((file) => !file.fileId)

/** Hand over a message; it is the outbox's from here on. Returns its id. */
export function send(draft: Draft): string {
  const { sessionId } = draft
  const before = entries.of(sessionId)
  // A session is made by the first message that gets through, also where the one that was to
  // make it was taken back.
  const newSession =
    draft.newSession ?? before.find((one) => one.newSession)?.newSession ?? unmade(sessionId)
  if (newSession) showNew(sessionId, newSession.system, newSession.model)
  const busy =
    before.some((one) => one.state !== 'refused') ||
    (historyOf(sessionId)?.session.live_run_id ?? null) !== null
  const id = newMessageId()
  // The clock may have been put back: what was written later goes out later.
  const createdAt = Math.max(Date.now(), (before.at(-1)?.createdAt ?? 0) + 1)
  entries.put({
    ...draft,
    newSession,
    id,
    state: busy ? 'queued' : 'sending',
    tried: false,
    problem: null,
    createdAt,
  })
  drain(sessionId)
  return id
}

/** How a session was to begin that is only shown so far; null where the server has it. */
function unmade(sessionId: string): Outgoing['newSession'] {
  const session = historyOf(sessionId)?.session
  return session?.version === 0 ? { model: session.model, system: session.system } : null
}

/** What waits in a session, in the order in which it goes out. */
export function useOutgoing(sessionId: string): readonly Outgoing[] {
  return useSyncExternalStore(
    entries.subscribe,
    useCallback(() => entries.of(sessionId), [sessionId]),
  )
}

/** The messages that are to begin their sessions, the last one first. */
export const useBeginnings = (): readonly Outgoing[] =>
  useSyncExternalStore(entries.subscribe, entries.beginnings)

/** Take one back that has not gone out, to be written differently. Null where it has, as far
 * as anybody knows: its request is under way. */
export function takeBack(id: string): Outgoing | null {
  const entry = entries.get(id)
  if (!entry || isOut(entry)) return null
  stop(id)
  entries.drop(id)
  const next = entries.of(entry.sessionId)[0]
  if (entry.newSession && next && !next.newSession)
    entries.put({ ...next, newSession: entry.newSession })
  wake(entry.sessionId)
  return entry
}

/** Try a refused one again. */
export function sendAgain(id: string): void {
  const entry = entries.get(id)
  if (entry?.state !== 'refused') return
  entries.put({ ...entry, state: 'queued', tried: false, problem: null })
  wake(entry.sessionId)
  drain(entry.sessionId)
}
