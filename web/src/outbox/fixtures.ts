/** The outbox's surroundings in its tests: a server, a browser's storage, and pages that are
 * opened and closed. */
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { vi } from 'vitest'
import type { Message } from '../api/types'
import { message, session } from '../live/fixtures'

export type Handler = (body: never, path: string) => Response | Promise<Response>

/** XMLHttpRequest tells of progress, and has no double here: the upload goes by `fetch`. */
const upload = (content: Blob) => ({
  done: fetch(new Request('http://localhost/api/files', { method: 'POST', body: content }))
    .then((answer) => answer.json())
    .then(({ files }) => files[0]),
})

/** What a page has: its own modules, as after a reload. */
export async function page() {
  vi.resetModules()
  vi.doMock('../api/files', () => ({ upload }))
  const self = {}
  open.add(self)
  // The client of the API takes what it finds when it is loaded.
  const fetch = (request: Request) => (open.has(self) ? fetchFake(request) : silence)
  vi.stubGlobal('fetch', fetch)
  const outbox = await import('./outbox')
  const entries = await import('./entries')
  const history = await import('../api/history')
  const { queries, keys } = await import('../api/queries')
  const sessions = await import('../api/sessions')
  return { close: () => open.delete(self), ...outbox, entries, history, queries, keys, sessions }
}

/** Pages that are open; the others hear nothing any more. */
export const open = new Set<unknown>()
const silence = new Promise<Response>(() => {})

export type Page = Awaited<ReturnType<typeof page>>

/** What the server has been told, and how it answers. */
export const world = {
  posts: [] as { path: string; body: unknown }[],
  taken: new Map<string, Message>(),
  server: take as Handler,
  network: true,
}

export const problem = (status: number, code: string, more = {}) =>
  Response.json(
    { type: `urn:squid:error:${code}`, detail: `It is ${code}.`, hint: 'Do this.', ...more },
    { status },
  )

/** The server takes a message once, and says the same to who sends it again. */
export function take(body: { message: { id: string; content: string } }): Response {
  const { id, content } = body.message
  const question =
    world.taken.get(id) ?? message({ id, role: 'user', content, run_id: null, parent_id: null })
  world.taken.set(id, question)
  const answer = message({
    id: `answer to ${id}`,
    parent_id: id,
    status: 'pending',
    run_id: `run ${id}`,
  })
  return Response.json(
    {
      run: { id: answer.run_id },
      session: session({ live_run_id: answer.run_id, version: 2 + world.taken.size }),
      messages: [question, answer],
    },
    { status: 202 },
  )
}

async function fetchFake(request: Request): Promise<Response> {
  if (!world.network) throw new TypeError('network')
  const { pathname: path } = new URL(request.url)
  if (path.startsWith('/api/runs/')) return Response.json({ status: 'running' })
  if (request.method === 'GET') return problem(404, 'not-found')
  const json = request.headers.get('Content-Type')?.startsWith('application/json')
  const body = json ? await request.json() : null
  world.posts.push({ path, body })
  if (path === '/api/sessions') return Response.json(session({ id: body.id }), { status: 201 })
  return world.server(body as never, path)
}

export const draft = (content: string, more = {}) => ({
  sessionId: 's',
  newSession: null,
  edits: null,
  content,
  attachments: [],
  model: null,
  ...more,
})

export const file = {
  ...{ id: 'a', name: 'a.txt', mediaType: 'text/plain', size: 3, fileId: null },
  blob: new Blob(['abc']),
}

export const states = ({ entries }: Page) =>
  entries.of('s').map(({ content, state }) => `${content} ${state}`)
export const sent = () => [...world.taken.values()].map(({ content }) => content)
export const over = ({ sessions }: Page, id: string) => sessions.runEnded('s', `run ${id}`)

/** As browsers have it, where the page is in a secure context. */
export function lockManager() {
  const held = new Map<string, Promise<void>>()
  return {
    request: (name: string, task: () => Promise<void>) => {
      const turn = (held.get(name) ?? Promise.resolve()).then(task, task)
      held.set(name, turn)
      return turn
    },
  }
}

export function locks(value: unknown): void {
  Object.defineProperty(navigator, 'locks', { configurable: true, value })
}

/** To be called before each test. */
export function reset(): void {
  globalThis.indexedDB = new IDBFactory()
  localStorage.clear()
  open.clear()
  vi.stubGlobal('BroadcastChannel', undefined)
  locks(lockManager())
  vi.restoreAllMocks()
  world.network = true
  world.posts = []
  world.taken = new Map()
  world.server = take
}
