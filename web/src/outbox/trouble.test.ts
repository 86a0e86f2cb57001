/** A browser that keeps nothing, and a server that does not let one in. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  draft,
  file,
  lockManager,
  locks,
  page,
  problem,
  reset,
  sent,
  states,
  take,
  world,
} from './fixtures'

beforeEach(reset)

describe('where the browser keeps nothing', () => {
  it('still sends, though it has locks and gives none', async () => {
    const request = vi.fn(() => Promise.reject(new DOMException('', 'SecurityError')))
    locks({ request })
    vi.stubGlobal('BroadcastChannel', function refuse() {
      throw new DOMException('', 'SecurityError')
    })
    const p = await page()
    p.send(draft('Hello'))
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']))
    await vi.waitFor(() => expect(p.entries.of('s')).toEqual([]))
    expect(request.mock.calls.length).toBeLessThan(5)
  })

  it('still sends, though its database never answers', async () => {
    vi.spyOn(indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest)
    const p = await page()
    const id = p.send(draft('Hello'))
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']), { timeout: 5_000 })
    await vi.waitFor(() => expect(p.entries.get(id)).toBeUndefined(), { timeout: 5_000 })
  })

  it('asks who closes the page, for as long as that would lose a message', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('', 'SecurityError')
    })
    world.network = false
    const p = await page()
    const leaves = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }))
    expect(leaves()).toBe(false)
    const id = p.send(draft('Hello'))
    expect(leaves()).toBe(true)
    await vi.waitFor(() => expect(p.takeBack(id)).not.toBeNull())
    expect(leaves()).toBe(false)
  })
})

describe('a database that is slow to open', () => {
  it('still gives what waits', async () => {
    world.network = false
    const p = await page()
    const id = p.send(draft('Hello'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Hello waiting']))
    p.close()
    locks(lockManager())
    world.network = true
    const { open } = indexedDB
    vi.spyOn(indexedDB, 'open').mockImplementation((...asked) => {
      const request = { onsuccess: null, onerror: null } as unknown as IDBOpenDBRequest
      setTimeout(() => {
        const real = open.apply(indexedDB, asked)
        real.onsuccess = () => {
          Object.assign(request, { result: real.result })
          request.onsuccess?.(new Event('success'))
        }
      }, 2_500)
      return request
    })
    await page()
    await vi.waitFor(() => expect(world.taken.has(id)).toBe(true), { timeout: 4_500 })
  })
})

describe('another tab', () => {
  it('brings nothing back that was taken back here', async () => {
    class Channel extends EventTarget {
      static all: Channel[] = []
      posted: unknown[] = []
      constructor() {
        super()
        Channel.all.push(this)
      }
      postMessage(news: unknown): void {
        this.posted.push(news)
      }
    }
    vi.stubGlobal('BroadcastChannel', Channel)
    world.network = false
    const p = await page()
    const id = p.send(draft('Hello'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Hello waiting']))
    const [channel] = Channel.all
    const told = channel?.posted.findLast((news) => 'put' in (news as object))
    expect(p.takeBack(id)).not.toBeNull()
    // What the other one was about to say.
    channel?.dispatchEvent(new MessageEvent('message', { data: told }))
    expect(states(p)).toEqual([])
  })
})

describe('a server that does not let one in', () => {
  it('has the message when it does again', async () => {
    world.server = () => problem(401, 'unauthorized')
    const p = await page()
    p.send(draft('Hello'))
    await vi.waitFor(() => expect(states(p)).toEqual(['Hello waiting']))
    world.server = take
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(sent()).toEqual(['Hello']))
  })
})

describe('a new session whose message was taken back', () => {
  it('is made by what is sent there instead', async () => {
    world.network = false
    const p = await page()
    const id = p.send(draft('Hello', { newSession: { model: 'm', system: 'Be brief.' } }))
    await vi.waitFor(() => expect(states(p)).toEqual(['Hello waiting']))
    expect(p.takeBack(id)?.content).toBe('Hello')
    world.network = true
    p.send(draft('Hello again'))
    await vi.waitFor(() => expect(sent()).toEqual(['Hello again']))
    expect(world.posts[0]).toMatchObject({
      path: '/api/sessions',
      body: { id: 's', model: 'm', system: 'Be brief.' },
    })
  })
})

describe('a message whose file does not go up', () => {
  it('holds up no other when it is taken back', async () => {
    world.server = (body, path) => (path === '/api/files' ? new Promise(() => {}) : take(body))
    const p = await page()
    const id = p.send(draft('With it', { attachments: [file] }))
    await vi.waitFor(() => expect(world.posts.map(({ path }) => path)).toContain('/api/files'))
    p.takeBack(id)
    p.send(draft('Without'))
    await vi.waitFor(() => expect(sent()).toEqual(['Without']))
  })
})
