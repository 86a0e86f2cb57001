/** Bringing one message to the server. Each step may be taken again without harm. */
import { api, body } from '../api/client'
import { Refused } from '../api/errors'
import { upload } from '../api/files'
import { patience } from '../api/retry'
import type { StartedRun } from '../api/types'
import type { Attachment, Outgoing } from './outbox'

interface Steps {
  signal: AbortSignal
  /** Keep what was done: files need not go up twice. */
  onChange: (change: Partial<Outgoing>) => void
  /** From here on the server may have it. */
  onPost: () => void
}

export async function deliver(entry: Outgoing, steps: Steps): Promise<StartedRun> {
  if (entry.newSession) {
    await body(
      api.POST('/api/sessions', {
        body: { id: entry.sessionId, ...entry.newSession },
        signal: patience(steps.signal),
      }),
    )
  }
  if (entry.edits !== null) return await edit(entry, entry.edits, steps)
  const attachments = await uploaded(entry.attachments, steps)
  try {
    return await post(entry, attachments, steps)
  } catch (error) {
    // Files that waited for long were removed at the server; we may still have them.
    const again = attachments.map((one) => (one.blob ? { ...one, fileId: null } : one))
    const forgotten = error instanceof Refused && error.code === 'invalid-request'
    if (!forgotten || !entry.attachments.some((one) => one.blob && one.fileId)) throw error
    return await post(entry, await uploaded(again, steps), steps)
  }
}

async function edit(entry: Outgoing, question: string, steps: Steps): Promise<StartedRun> {
  steps.onPost()
  return await body(
    api.PATCH('/api/messages/{message_id}', {
      params: { path: { message_id: question } },
      body: { id: entry.id, content: entry.content },
      signal: patience(steps.signal),
    }),
  )
}

async function post(
  entry: Outgoing,
  attachments: readonly Attachment[],
  steps: Steps,
): Promise<StartedRun> {
  steps.signal.throwIfAborted()
  steps.onPost()
  const files = attachments.flatMap(({ fileId }) => fileId ?? [])
  return await body(
    api.POST('/api/sessions/{session_id}/messages', {
      params: { path: { session_id: entry.sessionId } },
      body: {
        message: { id: entry.id, content: entry.content, ...(files.length ? { files } : {}) },
        ...(entry.model ? { model: entry.model } : {}),
      },
      signal: patience(steps.signal),
    }),
  )
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )

/** The attachments with their ids at the server. */
async function uploaded(
  attachments: readonly Attachment[],
  { signal, onChange }: Steps,
): Promise<readonly Attachment[]> {
  let all = attachments
  for (const attachment of attachments) {
    if (attachment.fileId !== null || attachment.blob === null) continue
    signal.throwIfAborted()
    // The composer may have begun already: then it is the same upload, and who takes the
    // message back leaves it to that.
    const { done } = upload(attachment.blob, attachment.name)
    const { id: fileId } = await Promise.race([done, aborted(signal)])
    all = all.map((one) => (one.id === attachment.id ? { ...one, fileId } : one))
    onChange({ attachments: [...all] })
  }
  return all
}
