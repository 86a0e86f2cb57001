/** What may happen to a message on its way. Past 400 lines: it is one double of the server
 * and of the browser's storage, and one list of cases for it. */
import 'fake-indexeddb/auto'
import { QueryObserver } from '@tanstack/react-query'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '../api/types'
import { message, session } from '../live/fixtures'

/** XMLHttpRequest tells of progress, and has no double here: the upload goes by `fetch`. */
vi.mock('../api/files', () => ({
  upload: (content: Blob) => ({
    done: fetch(new Request('http://localhost/api/files', { method: 'POST', body: content }))
      .then((answer) => answer.json())
      .then(({ files }) => files[0]),
  }),
}))

type Handler = (body: never, path: string) => Response | Promise<Response>

/** What a page has: its own modules, as after a reload. */
async function page() {
  vi.resetModules()
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
const open = new Set<unknown>()
const silence = new Promise<Response>(() => {})

type Page = Awaited<ReturnType<typeof page>>

let posts: { path: string; body: unknown }[]
let taken: Map<string, Message>
let server: Handler
let network: boolean

const problem = (status: number, code: string, more = {}) =>
  Response.json(
    { type: `urn:squid:error:${code}`, detail: `It is ${code}.`, hint: 'Do this.', ...more },
    { status },
  )

/** The server takes a message once, and says the same to who sends it again. */
function take(body: { message: { id: string; content: string } }): Response {
  const { id, content } = body.message
  const question =
    taken.get(id) ?? message({ id, role: 'user', content, run_id: null, parent_id: null })
  taken.set(id, question)
  const answer = message({
    id: `answer to ${id}`,
    parent_id: id,
    status: 'pending',
    run_id: `run ${id}`,
  })
  return Response.json(
    {
      run: { id: answer.run_id },
      session: session({ live_run_id: answer.run_id, version: 2 + taken.size }),
      messages: [question, answer],
    },
    { status: 202 },
  )
}

async function fetchFake(request: Request): Promise<Response> {
  if (!network) throw new TypeError('network')
  const { pathname: path } = new URL(request.url)
  if (path.startsWith('/api/runs/')) return Response.json({ status: 'running' })
  if (request.method === 'GET') return problem(404, 'not-found')
  const json = request.headers.get('Content-Type')?.startsWith('application/json')
  const body = json ? await request.json() : null
  posts.push({ path, body })
  if (path === '/api/sessions') return Response.json(session({ id: body.id }), { status: 201 })
  return server(body as never, path)
}

const draft = (content: string, more = {}) => ({
  sessionId: 's',
  newSession: null,
  content,
  attachments: [],
  model: null,
  ...more,
})

const file = {
  ...{ id: 'a', name: 'a.txt', mediaType: 'text/plain', size: 3, fileId: null },
  blob: new Blob(['abc']),
}

const states = ({ entries }: Page) =>
  entries.of('s').map(({ content, state }) => `${content} ${state}`)
const sent = () => [...taken.values()].map(({ content }) => content)
const over = ({ sessions }: Page, id: string) => sessions.runEnded('s', `run ${id}`)

/** As browsers have it, where the page is in a secure context. */
function lockManager() {
  const held = new Map<string, Promise<void>>()
  return {
    request: (name: string, task: () => Promise<void>) => {
      const turn = (held.get(name) ?? Promise.resolve()).then(task, task)
      held.set(name, turn)
      return turn
    },
  }
}

function locks(value: unknown): void {
  Object.defineProperty(navigator, 'locks', { configurable: true, value })
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  localStorage.clear()
  open.clear()
  vi.stubGlobal('BroadcastChannel', undefined)
  locks(lockManager())
  vi.restoreAllMocks()
  network = true
  posts = []
  taken = new Map()
  server = take
})

describe('a message', () => {
  it('is there at once, and goes over to the history in one step', async () => {
    const p = await page()
    p.queries.setQueryData(p.keys.history('s'), { session: session(), messages: [], older: false })
    const seen: string[] = []
    // As a part of the page is told of it.
    let stored = 'not'
    const observer = new QueryObserver<{ messages: unknown[] }>(p.queries, {
      ...{ queryKey: p.keys.history('s'), enabled: false },
    })
    const leave = observer.subscribe(({ data }) => {
      stored = data?.messages.length ? 'there' : 'not'
    })
    p.entries.subscribe(() => seen.push(`${p.entries.of('s').length} ${stored}`))
    const id = p.send(draft('Hello'))
    expect(states(p)).toEqual(['Hello sending'])
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]))
    expect(p.history.historyOf('s')?.messages.map((one) => one.id)).toEqual([id, `answer to ${id}`])
    expect(seen.at(-1)).toBe('0 there')
    expect(seen).not.toContain('0 not')
    leave()
  })

  it('holds the streams for as long as it waits', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const p = await page()
    const presence = await import('../live/presence')
    const answered = { now: (_: Response) => {} }
    server = (body) =>
      new Promise((resolve) => {
        answered.now = () => resolve(take(body))
      })
    const id = p.send(draft('Hello'))
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })
    document.dispatchEvent(new Event('visibilitychange'))
    vi.advanceTimersByTime(presence.AWAY_MS)
    vi.useRealTimers()
    await vi.waitFor(() => expect(posts).toHaveLength(1))
    expect(presence.present()).toBe(true)
    answered.now(new Response())
    await vi.waitFor(() => expect(p.entries.get(id)).toBeUndefined())
    await vi.waitFor(() => expect(presence.present()).toBe(false))
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'visible' })
    document.dispatchEvent(new Event('visibilitychange'))
  })

  it('makes its session first, and shows it before that', async () => {
    const p = await page()
    p.send(draft('Hello', { newSession: { model: 'm', system: null } }))
    expect(p.history.historyOf('s')?.messages).toEqual([])
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']))
    expect(posts.map(({ path }) => path)).toEqual(['/api/sessions', '/api/sessions/s/messages'])
    expect(posts[0]?.body).toEqual({ id: 's', model: 'm', system: null })
  })

  it('takes its files along, each sent up once', async () => {
    const p = await page()
    const file = (id: string, fileId: string | null) => ({
      ...{ id, name: `${id}.txt`, mediaType: 'text/plain', size: 3, fileId },
      blob: fileId ? null : new Blob(['abc']),
    })
    let failures = 0
    server = (body, path) => {
      if (path === '/api/files') return Response.json({ files: [{ id: 'new' }] }, { status: 201 })
      if (failures++ < 1) throw new TypeError('network')
      return take(body)
    }
    p.send(draft('', { attachments: [file('a', 'there'), file('b', null)] }))
    await vi.waitFor(() => expect(taken.size).toBe(1), 3_000)
    expect(posts.filter(({ path }) => path === '/api/files')).toHaveLength(1)
    expect(posts.at(-1)?.body).toMatchObject({ message: { files: ['there', 'new'] } })
  })

  it('goes out once though the answer to it was lost', async () => {
    const p = await page()
    let failures = 0
    server = (body) => {
      const answer = take(body)
      if (failures++ < 2) throw new TypeError('network')
      return answer
    }
    p.send(draft('Once'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Once waiting']))
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]), 3_000)
    expect(sent()).toEqual(['Once'])
    expect(new Set(posts.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(posts).toHaveLength(3)
  })

  it('survives the page', async () => {
    const first = await page()
    network = false
    const id = first.send(draft('Later'))
    await vi.waitFor(() => expect(states(first)).toEqual(['Later waiting']))
    first.close()
    locks(lockManager()) // its own are gone with it
    const second = await page()
    network = true
    await vi.waitFor(() => expect(sent()).toEqual(['Later']))
    expect([...taken.keys()]).toEqual([id])
    await vi.waitFor(() => expect(second.entries.of('s')).toEqual([]))
  })

  it('is gone where it is seen at the server', async () => {
    const p = await page()
    server = () => new Promise(() => {})
    const id = p.send(draft('There'))
    const there = [message({ id, role: 'user' })]
    p.queries.setQueryData(p.keys.history('s'), {
      session: session(),
      messages: there,
      older: false,
    })
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]))
  })
})

describe('where the storage is full', () => {
  it('still sends a message', async () => {
    const p = await page()
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('', 'QuotaExceededError')
    })
    network = false
    p.send(draft('Kept in memory'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Kept in memory waiting']))
    network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(sent()).toEqual(['Kept in memory']))
    full.mockRestore()
  })
})

describe('a new session', () => {
  it('is shown though it was not there when the page looked', async () => {
    const first = await page()
    network = false
    const id = first.send(draft('Hello', { newSession: { model: null, system: null } }))
    await vi.waitFor(() => expect(states(first)).toEqual(['Hello waiting']))
    first.close()
    locks(lockManager())
    const p = await page()
    // Opened anew at its address: the server knows none of that name yet.
    p.queries.setQueryData(p.keys.history('s'), null)
    network = true
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']))
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]))
    expect(p.history.historyOf('s')?.messages.map((one) => one.id)).toEqual([id, `answer to ${id}`])
  })
})

describe('several messages', () => {
  it('go out one after another, each when the answer before it is over', async () => {
    const p = await page()
    p.queries.setQueryData(p.keys.history('s'), { session: session(), messages: [], older: false })
    const one = p.send(draft('One'))
    const two = p.send(draft('Two'))
    p.send(draft('Three'))
    expect(states(p)).toEqual(['One sending', 'Two queued', 'Three queued'])
    await vi.waitFor(() => expect(states(p)).toEqual(['Two queued', 'Three queued']))
    over(p, one)
    await vi.waitFor(() => expect(sent()).toEqual(['One', 'Two']))
    await vi.waitFor(() => expect(states(p)).toEqual(['Three queued']))
    over(p, two)
    await vi.waitFor(() => expect(sent()).toEqual(['One', 'Two', 'Three']))
  })

  it('wait where the server says that an answer is being written', async () => {
    const p = await page()
    server = () => problem(409, 'run-in-progress', { run_id: 'other' })
    p.send(draft('Behind it'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Behind it queued']))
    expect(posts).toHaveLength(1)
    server = take
    p.sessions.runEnded('s', 'other')
    await vi.waitFor(() => expect(sent()).toEqual(['Behind it']))
  })

  it('are not sent again and again where a run was only taken to be over', async () => {
    const p = await page()
    p.sessions.runEnded('s', 'other')
    server = () => problem(409, 'run-in-progress', { run_id: 'other' })
    const id = p.send(draft('Patient'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Patient queued']))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(posts.length).toBeLessThan(3)
    p.takeBack(id)
  })

  it('go out in the order in which they were written, whatever the clock says', async () => {
    const p = await page()
    network = false
    p.send(draft('One'))
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000)
    p.send(draft('Two'))
    clock.mockRestore()
    expect(states(p)).toEqual(['One sending', 'Two queued'])
    for (const { id } of p.entries.of('s')) p.entries.drop(id)
  })

  it('do not wait for another session', async () => {
    const p = await page()
    server = (body, path) => {
      if (path.includes('/s/')) throw new TypeError('network')
      return take(body)
    }
    const stuck = p.send(draft('Stuck'))
    p.send(draft('Free', { sessionId: 's2' }))
    await vi.waitFor(() => expect(sent()).toEqual(['Free']))
    expect(states(p)).toEqual(['Stuck waiting'])
    p.takeBack(stuck)
  })

  it('are not held up by one that was refused', async () => {
    const p = await page()
    server = (body: { message: { content: string } }) =>
      body.message.content === 'Bad' ? problem(422, 'invalid-request') : take(body as never)
    const id = p.send(draft('Bad'))
    p.send(draft('Good'))
    await vi.waitFor(() => expect(sent()).toEqual(['Good']))
    await vi.waitFor(() => expect(states(p)).toEqual(['Bad refused']))
    const refused = p.entries.get(id)?.problem
    expect(refused).toEqual({
      code: 'invalid-request',
      detail: 'It is invalid-request.',
      hint: 'Do this.',
    })
    server = take
    p.sessions.runEnded('s', `run ${[...taken.keys()][0]}`)
    p.sendAgain(id)
    await vi.waitFor(() => expect(sent()).toEqual(['Good', 'Bad']))
  })
})

describe('two tabs', () => {
  beforeEach(() => {
    const tabs = new Map<unknown, (event: { data: unknown }) => void>()
    class Channel {
      addEventListener(_: string, listener: (event: { data: unknown }) => void) {
        tabs.set(this, listener)
      }
      postMessage(data: unknown) {
        for (const [tab, listener] of tabs) if (tab !== this) listener({ data })
      }
    }
    vi.stubGlobal('BroadcastChannel', Channel)
  })

  it('do not take back what the other one has under way', async () => {
    const one = await page()
    const two = await page()
    server = () => new Promise(() => {})
    const id = one.send(draft('Gone'))
    await vi.waitFor(() => expect(posts).toHaveLength(1))
    expect(two.takeBack(id)).toBeNull()
    const three = await page()
    await vi.waitFor(() => expect(three.entries.get(id)).toBeDefined())
    expect(three.takeBack(id)).toBeNull()
    expect(states(one)).toEqual(['Gone sending'])
  })

  it('send a message once, also where they cannot tell each other', async () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    network = false
    const one = await page()
    one.send(draft('Once'))
    await vi.waitFor(() => expect(states(one)).toEqual(['Once waiting']))
    const two = await page()
    await vi.waitFor(() => expect(states(two)).toEqual(['Once waiting']))
    network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(states(one)).toEqual([]))
    await vi.waitFor(() => expect(states(two)).toEqual([]))
    expect(posts).toHaveLength(1)
  })

  it('send nothing that the other one has taken back meanwhile', async () => {
    const one = await page()
    server = (body, path) =>
      path === '/api/files'
        ? new Promise((resolve) => {
            up = () => resolve(Response.json({ files: [{ id: 'f' }] }, { status: 201 }))
          })
        : take(body)
    let up = () => {}
    const id = one.send(draft('Not now', { attachments: [file] }))
    await vi.waitFor(() => expect(posts).toHaveLength(1))
    new BroadcastChannel('squid-outbox').postMessage({ gone: id })
    up()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(sent()).toEqual([])
  })

  it('send a message once, also where the browser has no locks', async () => {
    locks(undefined)
    const one = await page()
    const two = await page()
    one.send(draft('Once'))
    expect(states(two)).toEqual(['Once sending'])
    await vi.waitFor(() => expect(states(two)).toEqual([]))
    await vi.waitFor(() => expect(states(one)).toEqual([]))
    expect(posts).toHaveLength(1)
  })
})

describe('taking back', () => {
  it('gives what has not gone out, and the next one makes the session', async () => {
    const p = await page()
    network = false
    const newSession = { model: null, system: 'Be short.' }
    const one = p.send(draft('One', { newSession }))
    p.send(draft('Two'))
    await vi.waitFor(() => expect(states(p)).toEqual(['One waiting', 'Two queued']))
    expect(p.takeBack(one)).toMatchObject({ content: 'One', newSession })
    expect(p.takeBack(one)).toBeNull()
    network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(sent()).toEqual(['Two']))
    expect(posts[0]?.body).toEqual({ id: 's', ...newSession })
  })

  it('stops what is on its way up', async () => {
    const p = await page()
    let up = () => {}
    server = (body, path) =>
      path === '/api/files'
        ? new Promise((resolve) => {
            up = () => resolve(Response.json({ files: [{ id: 'f' }] }, { status: 201 }))
          })
        : take(body)
    const id = p.send(draft('Not now', { attachments: [file] }))
    await vi.waitFor(() => expect(posts).toHaveLength(1))
    expect(p.takeBack(id)).toMatchObject({ content: 'Not now' })
    up()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(sent()).toEqual([])
  })

  it('gives nothing where it is on its way', async () => {
    const p = await page()
    server = () => new Promise(() => {})
    const id = p.send(draft('Gone'))
    await vi.waitFor(() => expect(posts).toHaveLength(1))
    expect(p.takeBack(id)).toBeNull()
    expect(states(p)).toEqual(['Gone sending'])
  })
})

it('reads back only what is an entry', async () => {
  const { revived, kept } = await import('./entry')
  const entry = {
    id: 'local.assistant.01a1ff7c-51d6-731a-8a05-84efbcb46553',
    ...draft('x'),
    state: 'waiting' as const,
    problem: null,
    createdAt: 1,
  }
  expect(revived(kept(entry))).toEqual(entry)
  for (const odd of [
    null,
    'x',
    {},
    entry,
    { ...kept(entry), v: 2 },
    { ...kept(entry), id: '../x' },
  ])
    expect(revived(odd)).toBeNull()
})
