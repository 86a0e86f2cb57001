/** What waits is shared by all tabs, and can be taken back. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { draft, file, locks, page, reset, sent, states, take, world } from './fixtures'

beforeEach(reset)

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
    world.server = () => new Promise(() => {})
    const id = one.send(draft('Gone'))
    await vi.waitFor(() => expect(world.posts).toHaveLength(1))
    expect(two.takeBack(id)).toBeNull()
    const three = await page()
    await vi.waitFor(() => expect(three.entries.get(id)).toBeDefined())
    expect(three.takeBack(id)).toBeNull()
    expect(states(one)).toEqual(['Gone sending'])
  })

  it('send a message once, also where they cannot tell each other', async () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    world.network = false
    const one = await page()
    one.send(draft('Once'))
    await vi.waitFor(() => expect(states(one)).toEqual(['Once waiting']))
    const two = await page()
    await vi.waitFor(() => expect(states(two)).toEqual(['Once waiting']))
    world.network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(states(one)).toEqual([]))
    await vi.waitFor(() => expect(states(two)).toEqual([]))
    expect(world.posts).toHaveLength(1)
  })

  it('send nothing that the other one has taken back meanwhile', async () => {
    const one = await page()
    world.server = (body, path) =>
      path === '/api/files'
        ? new Promise((resolve) => {
            up = () => resolve(Response.json({ files: [{ id: 'f' }] }, { status: 201 }))
          })
        : take(body)
    let up = () => {}
    const id = one.send(draft('Not now', { attachments: [file] }))
    await vi.waitFor(() => expect(world.posts).toHaveLength(1))
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
    expect(world.posts).toHaveLength(1)
  })
})

describe('taking back', () => {
  it('gives what has not gone out, and the next one makes the session', async () => {
    const p = await page()
    world.network = false
    const newSession = { model: null, system: 'Be short.' }
    const one = p.send(draft('One', { newSession }))
    p.send(draft('Two'))
    await vi.waitFor(() => expect(states(p)).toEqual(['One waiting', 'Two queued']))
    expect(p.takeBack(one)).toMatchObject({ content: 'One', newSession })
    expect(p.takeBack(one)).toBeNull()
    world.network = true
    dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(sent()).toEqual(['Two']))
    expect(world.posts[0]?.body).toEqual({ id: 's', ...newSession })
  })

  it('stops what is on its way up', async () => {
    const p = await page()
    let up = () => {}
    world.server = (body, path) =>
      path === '/api/files'
        ? new Promise((resolve) => {
            up = () => resolve(Response.json({ files: [{ id: 'f' }] }, { status: 201 }))
          })
        : take(body)
    const id = p.send(draft('Not now', { attachments: [file] }))
    await vi.waitFor(() => expect(world.posts).toHaveLength(1))
    expect(p.takeBack(id)).toMatchObject({ content: 'Not now' })
    up()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(sent()).toEqual([])
  })

  it('gives nothing where it is on its way', async () => {
    const p = await page()
    world.server = () => new Promise(() => {})
    const id = p.send(draft('Gone'))
    await vi.waitFor(() => expect(world.posts).toHaveLength(1))
    expect(p.takeBack(id)).toBeNull()
    expect(states(p)).toEqual(['Gone sending'])
  })
})
