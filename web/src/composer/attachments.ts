/** What is done with the files of a message: added, uploaded at once, removed, handed over. */
import { v7 as uuid } from 'uuid'
import { Refused } from '../api/errors'
import { readFile, upload } from '../api/files'
import { delay, passes } from '../api/retry'
import type { Attachment } from '../outbox/outbox'
import { t } from '../strings'
import { type Attached, bare, change, listOf, progress, restore } from './attached'

/** The browser opens six connections to a server, and answers need some of them. */
const AT_ONCE = 2

const aborts = new Map<string, () => void>()
/** How often each has failed, and which are left alone just now. */
const failures = new Map<string, number>()
const resting = new Set<string>()

export function attach(sessionId: string | null, files: readonly File[]): void {
  const added = files.map((file) => ({
    ...{ id: uuid(), name: file.name, mediaType: file.type, size: file.size },
    ...{ fileId: null, blob: file },
  }))
  change(sessionId, { add: added })
  pump(sessionId)
}

/** Put those of a message that was taken back in front. */
export function attachBack(sessionId: string | null, taken: readonly Attachment[]): void {
  change(sessionId, { add: taken, front: true })
  pump(sessionId)
}

export function detach(sessionId: string | null, id: string): void {
  aborts.get(id)?.()
  change(sessionId, { drop: [id] })
  pump(sessionId)
}

export function uploadAgain(sessionId: string | null, id: string): void {
  progress(sessionId, id, { state: 'waiting', problem: null, progress: 0 })
  pump(sessionId)
}

/** Hand them over, to be sent, with their content: what is not there yet is uploaded then, and
 * so is what the server has removed meanwhile. An upload under way is joined (`upload`). */
export function takeAttached(sessionId: string | null): Attachment[] {
  const taken = listOf(sessionId)
  change(sessionId, { drop: taken.map(({ id }) => id) })
  return taken.map(bare)
}

/** Take up what was attached before the page was loaded. The server removes files that no
 * message carries after a day. */
export async function resume(sessionId: string | null): Promise<void> {
  if (!(await restore(sessionId))) return
  pump(sessionId)
  for (const { id, fileId } of listOf(sessionId)) {
    // Where it cannot be asked now, sending will tell.
    const file = fileId && (await readFile(fileId).catch(() => fileId))
    if (file === null) progress(sessionId, id, { fileId: null, state: 'waiting' })
  }
  pump(sessionId)
}

/** Upload what waits, a few at a time. */
function pump(sessionId: string | null): void {
  const list = listOf(sessionId)
  const busy = list.filter((one) => one.state === 'uploading').length
  const next = list.filter((one) => one.state === 'waiting' && !resting.has(one.id))
  for (const one of next.slice(0, Math.max(AT_ONCE - busy, 0))) void carry(sessionId, one)
}

async function carry(sessionId: string | null, { id, blob, name }: Attached): Promise<void> {
  if (!blob) return progress(sessionId, id, { state: 'failed', problem: gone(name) })
  progress(sessionId, id, { state: 'uploading', progress: 0 })
  const one = upload(blob, name, (part) => progress(sessionId, id, { progress: part }))
  aborts.set(id, one.abort)
  try {
    arrive(sessionId, id, await one.done)
    failures.delete(id)
  } catch (error) {
    if (passes(error)) rest(sessionId, id, error)
    else if (!(error instanceof DOMException)) fail(sessionId, id, name, error as Error)
  } finally {
    aborts.delete(id)
    pump(sessionId)
  }
}

function arrive(
  sessionId: string | null,
  id: string,
  file: { id: string; name: string; media_type: string },
): void {
  const list = listOf(sessionId)
  const one = list.find((other) => other.id === id)
  if (!one) return
  // The same content under the same name is the same file, and goes along once.
  if (list.some((other) => other.id !== id && other.fileId === file.id)) {
    detach(sessionId, id)
    return
  }
  const told = { fileId: file.id, name: file.name, mediaType: file.media_type }
  change(sessionId, { set: { ...bare(one), ...told } })
}

function fail(sessionId: string | null, id: string, name: string, error: Error): void {
  const unreadable = error instanceof Refused && error.code === 'unreadable'
  progress(sessionId, id, { state: 'failed', problem: unreadable ? gone(name) : error })
}

const gone = (name: string) =>
  new Refused('unreadable', 0, t.composer.unreadable(name), t.composer.unreadableHint)

/** The server is away: again in a while, or as soon as the network is back. */
function rest(sessionId: string | null, id: string, error: unknown): void {
  const failed = failures.get(id) ?? 0
  failures.set(id, failed + 1)
  resting.add(id)
  progress(sessionId, id, { state: 'waiting', progress: 0 })
  const again = () => {
    clearTimeout(timer)
    removeEventListener('online', again)
    resting.delete(id)
    pump(sessionId)
  }
  const timer = setTimeout(again, delay(failed, error))
  addEventListener('online', again)
}
