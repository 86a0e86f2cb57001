/** Files: uploaded with their progress, looked up, shown. */
import { api, found } from './client'
import { Refused, refusal, Unreachable } from './errors'
import type { File } from './types'

/** How much of it is there: 0 to 1. */
type OnProgress = (part: number) => void

interface Upload {
  done: Promise<File>
  abort: () => void
  listeners: Set<OnProgress>
}

/** How long an upload may stand still: a line may be dead and not know. */
const STILL_MS = 60_000

/** Under way, so that whoever wants the same content there joins in. */
const uploads = new WeakMap<Blob, Upload>()

/** Upload a file. Asked again meanwhile, as when a message is sent with it, it is the same
 * upload. Rejects with `Refused`, `Unreachable`, or an `AbortError`. */
export function upload(content: Blob, name: string, onProgress?: OnProgress) {
  let one = uploads.get(content)
  if (!one) {
    one = begin(content, name)
    uploads.set(content, one)
    const over = () => uploads.delete(content)
    one.done.then(over, over)
  }
  if (onProgress) one.listeners.add(onProgress)
  return one
}

function begin(content: Blob, name: string): Upload {
  const form = new FormData()
  form.append('file', content, name)
  const listeners = new Set<OnProgress>()
  // fetch does not say how much has gone out.
  const request = new XMLHttpRequest()
  const done = new Promise<File>((resolve, reject) => {
    let still: ReturnType<typeof setTimeout>
    const moves = () => {
      clearTimeout(still)
      still = setTimeout(() => {
        reject(new Unreachable())
        request.abort()
      }, STILL_MS)
    }
    moves()
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      moves()
      for (const listener of listeners) listener(total ? loaded / total : 0)
    })
    request.addEventListener('loadend', () => clearTimeout(still))
    request.addEventListener('load', () => {
      const file = request.status === 201 ? uploaded(request.responseText) : null
      if (file) resolve(file)
      else reject(refused(request))
    })
    request.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')))
    request.addEventListener('error', () => readable(content, name).then(reject, reject))
  })
  request.open('POST', new URL('/api/files', location.origin))
  request.send(form)
  return { done, abort: () => request.abort(), listeners }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // a proxy's page
  }
}

const uploaded = (text: string) => (json(text) as { files?: File[] } | null)?.files?.[0] ?? null

function refused(request: XMLHttpRequest): Refused {
  const { status, statusText, responseText } = request
  const after = request.getResponseHeader('Retry-After')
  const headers: HeadersInit = after ? { 'Retry-After': after } : {}
  if (status < 400) return new Refused('error', status, `${status} ${statusText}`.trim(), null)
  return refusal(new Response(null, { status, statusText, headers }), json(responseText))
}

/** A file that was moved or changed on the disk fails just as a network does. */
async function readable(content: Blob, name: string): Promise<Error> {
  try {
    await content.slice(0, 1).arrayBuffer()
    return new Unreachable()
  } catch {
    return new Refused('unreadable', 0, name, null)
  }
}

/** What is known of a file; null where the server has none of this id (any more). */
export const readFile = (id: string) =>
  found(api.GET('/api/files/{file_id}', { params: { path: { file_id: id } } }))

/** Where a file's content is. */
export const contentOf = (id: string) => `/api/files/${encodeURIComponent(id)}/content`
