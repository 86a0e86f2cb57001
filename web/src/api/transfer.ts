/** Exports and imports. Neither goes through the page's memory: the browser itself writes
 * the one to disk, and reads the other from there. */
import { refusal, Unreachable } from './errors'
import { keys, queries } from './queries'
import type { Imported, Session } from './types'

export type ExportFormat = 'json' | 'markdown'

/** Has the browser download a session. Asks the server first, so that what goes wrong is
 * told, and not saved as if it were the export. */
export async function exportSession(session: Session, format: ExportFormat): Promise<void> {
  const address = `/api/sessions/${encodeURIComponent(session.id)}/export?format=${format}`
  const response = await answered(fetch(address, { method: 'HEAD' }))
  // A HEAD has no body that would say more, so the same is asked once more.
  if (!response.ok) {
    const told = await answered(fetch(address))
    throw refusal(told, await told.json().catch(() => null))
  }
  const link = document.createElement('a')
  link.href = address
  link.download = '' // the name is the server's to say
  link.click()
}

async function answered(request: Promise<Response>): Promise<Response> {
  try {
    return await request
  } catch {
    throw new Unreachable()
  }
}

/** Sends an export to the server. `onProgress` hears the part that has been sent, 0 to 1.
 * Sent again, nothing is added twice. */
export function importSessions(
  file: Blob,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Imported> {
  // fetch() tells no progress of what it sends.
  const request = new XMLHttpRequest()
  return new Promise<Imported>((resolve, reject) => {
    request.open('POST', '/api/import')
    request.setRequestHeader('Content-Type', 'application/json')
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0)
    request.onerror = () => reject(new Unreachable())
    request.onabort = () => reject(new DOMException('Given up', 'AbortError'))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status < 300) resolve(body as Imported)
      else reject(refusal(asResponse(request), body))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  }).finally(() => void queries.invalidateQueries({ queryKey: keys.sessions }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function asResponse(request: XMLHttpRequest): Response {
  const headers = new Headers()
  const wait = request.getResponseHeader('Retry-After')
  if (wait) headers.set('Retry-After', wait)
  return new Response(null, { status: request.status, statusText: request.statusText, headers })
}
