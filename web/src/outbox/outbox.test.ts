/** What may happen to a message on its way. */
import { QueryObserver } from '@tanstack/react-query'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { message, session } from '../live/fixtures'
import {
  draft,
  lockManager,
  locks,
  over,
  page,
  problem,
  reset,
  sent,
  states,
  take,
  world,
} from './fixtures'

beforeEach(reset)

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
    world.server = (body) =>
      new Promise((resolve) => {
        answered.now = () => resolve(take(body))
      })
    const id = p.send(draft('Hello'))
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })
    document.dispatchEvent(new Event('visibilitychange'))
    vi.advanceTimersByTime(presence.AWAY_MS)
    vi.useRealTimers()
    await vi.waitFor(() => expect(world.posts).toHaveLength(1))
    expect(presence.wants('feed')).toBe(true)
    answered.now(new Response())
    await vi.waitFor(() => expect(p.entries.get(id)).toBeUndefined())
    await vi.waitFor(() => expect(presence.wants('feed')).toBe(false))
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'visible' })
    document.dispatchEvent(new Event('visibilitychange'))
  })

  it('makes its session first, and shows it before that', async () => {
    const p = await page()
    p.send(draft('Hello', { newSession: { model: 'm', system: null } }))
    expect(p.history.historyOf('s')?.messages).toEqual([])
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']))
    expect(world.posts.map(({ path }) => path)).toEqual([
      '/api/sessions',
      '/api/sessions/s/messages',
    ])
    expect(world.posts[0]?.body).toEqual({ id: 's', model: 'm', system: null })
  })

  it('says another one differently, also after a reload', async () => {
    world.network = false
    const one = await page()
    const id = one.send(draft('Better', { edits: 'question' }))
    await vi.waitFor(() => expect(states(one)).toEqual(['Better waiting']))
    one.close()
    locks(lockManager())
    world.network = true
    world.server = (body) => take({ message: body as { id: string; content: string } })
    const two = await page()
    await vi.waitFor(() => expect(sent()).toEqual(['Better']))
    await vi.waitFor(() => expect(states(two)).toEqual([]))
    expect(world.posts).toEqual([
      { path: '/api/messages/question', body: { id, content: 'Better' } },
    ])
  })

  it('takes its files along, each sent up once', async () => {
    const p = await page()
    const file = (id: string, fileId: string | null) => ({
      ...{ id, name: `${id}.txt`, mediaType: 'text/plain', size: 3, fileId },
      blob: fileId ? null : new Blob(['abc']),
    })
    let failures = 0
    world.server = (body, path) => {
      if (path === '/api/files') return Response.json({ files: [{ id: 'new' }] }, { status: 201 })
      if (failures++ < 1) throw new TypeError('network')
      return take(body)
    }
    p.send(draft('', { attachments: [file('a', 'there'), file('b', null)] }))
    await vi.waitFor(() => expect(world.taken.size).toBe(1))
    expect(world.posts.filter(({ path }) => path === '/api/files')).toHaveLength(1)
    expect(world.posts.at(-1)?.body).toMatchObject({ message: { files: ['there', 'new'] } })
  })

  it('goes out once though the answer to it was lost', async () => {
    const p = await page()
    let failures = 0
    world.server = (body) => {
      const answer = take(body)
      if (failures++ < 2) throw new TypeError('network')
      return answer
    }
    p.send(draft('Once'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Once waiting']))
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]))
    expect(sent()).toEqual(['Once'])
    expect(new Set(world.posts.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(world.posts).toHaveLength(3)
  })

  it('survives the page', async () => {
    const first = await page()
    world.network = false
    const id = first.send(draft('Later'))
    await vi.waitFor(() => expect(states(first)).toEqual(['Later waiting']))
    first.close()
    locks(lockManager()) // its own are gone with it
    const second = await page()
    world.network = true
    await vi.waitFor(() => expect(sent()).toEqual(['Later']))
    expect([...world.taken.keys()]).toEqual([id])
    await vi.waitFor(() => expect(second.entries.of('s')).toEqual([]))
  })

  it('is gone where it is seen at the server', async () => {
    const p = await page()
    world.server = () => new Promise(() => {})
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
    world.network = false
    p.send(draft('Kept in memory'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Kept in memory waiting']))
    world.network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(sent()).toEqual(['Kept in memory']))
    full.mockRestore()
  })
})

describe('a new session', () => {
  it('is shown though it was not there when the page looked', async () => {
    const first = await page()
    world.network = false
    const id = first.send(draft('Hello', { newSession: { model: null, system: null } }))
    await vi.waitFor(() => expect(states(first)).toEqual(['Hello waiting']))
    first.close()
    locks(lockManager())
    const p = await page()
    // Opened anew at its address: the server knows none of that name yet.
    p.queries.setQueryData(p.keys.history('s'), null)
    world.network = true
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
    world.server = () => problem(409, 'run-in-progress', { run_id: 'other' })
    p.send(draft('Behind it'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Behind it queued']))
    expect(world.posts).toHaveLength(1)
    world.server = take
    p.sessions.runEnded('s', 'other')
    await vi.waitFor(() => expect(sent()).toEqual(['Behind it']))
  })

  it('are not sent again and again where a run was only taken to be over', async () => {
    const p = await page()
    p.sessions.runEnded('s', 'other')
    world.server = () => problem(409, 'run-in-progress', { run_id: 'other' })
    const id = p.send(draft('Patient'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Patient queued']))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(world.posts.length).toBeLessThan(3)
    p.takeBack(id)
  })

  it('go out in the order in which they were written, whatever the clock says', async () => {
    const p = await page()
    world.network = false
    p.send(draft('One'))
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000)
    p.send(draft('Two'))
    clock.mockRestore()
    expect(states(p)).toEqual(['One sending', 'Two queued'])
    for (const { id } of p.entries.of('s')) p.entries.drop(id)
  })

  it('do not wait for another session', async () => {
    const p = await page()
    world.server = (body, path) => {
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
    world.server = (body: { message: { content: string } }) =>
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
    world.server = take
    p.sessions.runEnded('s', `run ${[...world.taken.keys()][0]}`)
    p.sendAgain(id)
    await vi.waitFor(() => expect(sent()).toEqual(['Good', 'Bad']))
  })
})

it('reads back only what is an entry', async () => {
  const { revived, kept } = await import('./entry')
  const entry = {
    id: 'local.assistant.01a1ff7c-51d6-731a-8a05-84efbcb46553',
    ...draft('x'),
    state: 'waiting' as const,
    tried: true,
    problem: null,
    createdAt: 1,
  }
  expect(revived(kept(entry))).toEqual(entry)
  // A page from before there were any reads no other version than the first.
  const edit = { ...entry, edits: 'question' }
  expect(revived(kept(edit))).toEqual(edit)
  expect([kept(entry).v, kept(edit).v]).toEqual([1, 2])
  for (const odd of [
    null,
    'x',
    {},
    entry,
    { ...kept(entry), v: 3 },
    { ...kept(entry), id: '../x' },
  ])
    expect(revived(odd)).toBeNull()
})
