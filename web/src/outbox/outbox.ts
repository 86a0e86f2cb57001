/** What was written and has not reached the server yet. It is kept in the browser's own
 * database, survives a reload, and goes out once: each message has its id from the start. */
import type { Problem } from '../api/types'

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

export interface Outgoing {
  /** The message's own, `local.assistant.` and a UUID. */
  id: string
  sessionId: string
  /** The session is made first, where it is new. */
  newSession: { model: string | null; system: string | null } | null
  content: string
  attachments: Attachment[]
  /** The model that answers this once. */
  model: string | null
  /** `queued` behind a live answer, or others of its session; `sending`; `waiting` for the
   * server or the network; `refused`, with why. */
  state: 'queued' | 'sending' | 'waiting' | 'refused'
  problem: Problem | null
  createdAt: number
}

export type Draft = Omit<Outgoing, 'id' | 'state' | 'problem' | 'createdAt'>

/** Hand over a message; it is the outbox's from here on. Returns its id. */
export function send(_draft: Draft): string {
  throw new Error('not there yet')
}

/** What waits in a session, in the order in which it goes out. */
export function useOutgoing(_sessionId: string): readonly Outgoing[] {
  return NONE
}

/** Take one back that has not gone out, to be written differently. Null where it has. */
export function takeBack(_id: string): Outgoing | null {
  return null
}

/** Try a refused one again. */
export function sendAgain(_id: string): void {}

const NONE: readonly Outgoing[] = []
