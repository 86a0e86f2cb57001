/** An entry of the outbox as the browser keeps it. What is read back may be from an older
 * page, or from somebody else. */
import type { Attachment, Outgoing } from './outbox'

/** Of the form that is kept. Another one is not ours to send: an older page, still open in
 * another tab, would take an edit for a new question. */
const VERSION = 1
const WITH_EDITS = 2

export type Kept = Outgoing & { v: number }

export function kept(entry: Outgoing): Kept {
  return { ...entry, v: entry.edits === null ? VERSION : WITH_EDITS }
}

type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const orNull = (value: unknown): string | null => (isText(value) ? value : null)

const MESSAGE_ID = /^[a-z0-9_-]+\.assistant\.[0-9a-f-]{36}$/
const STATES: readonly unknown[] = ['queued', 'sending', 'waiting', 'refused']

/** The entry, or null where it is none. */
export function revived(value: unknown): Outgoing | null {
  if (!isObject(value) || (value.v !== VERSION && value.v !== WITH_EDITS)) return null
  const { id, sessionId, content, createdAt, state, newSession, problem } = value
  if (!isText(id) || !MESSAGE_ID.test(id) || !isText(sessionId) || !isText(content)) return null
  if (!STATES.includes(state) || typeof createdAt !== 'number') return null
  const told = isObject(problem) && isText(problem.code) && isText(problem.detail)
  return {
    id,
    sessionId,
    content,
    createdAt,
    edits: orNull(value.edits),
    tried: value.tried === true,
    state: state as Outgoing['state'],
    model: orNull(value.model),
    newSession: isObject(newSession)
      ? { model: orNull(newSession.model), system: orNull(newSession.system) }
      : null,
    attachments: Array.isArray(value.attachments) ? value.attachments.flatMap(attachment) : [],
    problem: told ? (problem as unknown as Outgoing['problem']) : null,
  }
}

/** The attachment, or none. */
function attachment(value: unknown): Attachment[] {
  if (!isObject(value)) return []
  const { id, name, mediaType, size, fileId, blob } = value
  if (!isText(id) || !isText(name) || !isText(mediaType) || typeof size !== 'number') return []
  const content = blob instanceof Blob ? blob : null
  if (!isText(fileId) && content === null) return [] // there is nothing left to send
  return [{ id, name, mediaType, size, fileId: orNull(fileId), blob: content }]
}
