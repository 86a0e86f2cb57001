import 'fake-indexeddb/auto'
import { QueryObserver } from '@tanstack/react-query'
import { IDBFactory } from 'fake-indexeddb'
import { createStore, entries, set } from 'idb-keyval'
import { beforeEach, expect, it, vi } from 'vitest'
import { message, session } from '../live/fixtures'
import type { History } from './history'

/** A page that has just been loaded: its own modules. */
async function page() {
  vi.resetModules()
  const kept = await import('./kept')
  const { keys, queries } = await import('./queries')
  const errors = await import('./errors')
  return { ...kept, keys, queries, errors }
}

const history = (id: string, count = 2, change: Partial<History['session']> = {}): History => ({
  session: session({ id, ...change }),
  messages: Array.from({ length: count }, (_, at) =>
    message({ id: `${id}.${at}`, session_id: id }),
  ),
  older: false,
  read: 1,
})

/** What the browser has, by name. */
async function all(): Promise<Map<string, { data: History }>> {
  return new Map(await entries<string, { data: History }>(createStore('squid-kept', 'said')))
}

const named = async () => [...(await all()).keys()].filter((name) => name !== 'index').sort()
const nameOf = (...key: unknown[]) => JSON.stringify(key)
const kept = (id: string) => nameOf('history', id)

/** As when the page is left. */
const leave = () => dispatchEvent(new Event('pagehide'))

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
})

it('keeps what is looked at, and not what was searched for or put away', async () => {
  const { queries, keys } = await page()
  const list = { pages: [{ sessions: [], next: 'a' }, { sessions: [] }], pageParams: ['', 'a'] }
  queries.setQueryData(keys.history('s'), history('s'))
  queries.setQueryData(keys.models, [])
  for (const filter of [{ sort: 'date' }, { text: 'x' }, { deleted: true }, { archived: true }])
    queries.setQueryData([...keys.sessions, filter], list)
  leave()
  const plain = nameOf('sessions', { sort: 'date' })
  await vi.waitFor(async () => expect(await named()).toEqual([kept('s'), plain]))
  expect((await all()).get(plain)).toMatchObject({ data: { pageParams: [''] } })
})

it('keeps the last twenty, and of each its end', async () => {
  const { queries, keys } = await page()
  for (let at = 0; at < 23; at += 1) {
    queries.setQueryData(keys.history(`s${at}`), history(`s${at}`, at === 22 ? 250 : 2))
    leave()
    await vi.waitFor(async () => expect(await named()).toContain(kept(`s${at}`)))
  }
  await vi.waitFor(async () => expect((await named()).length).toBe(20))
  const found = await all()
  expect([found.has(kept('s2')), found.has(kept('s3'))]).toEqual([false, true])
  const long = found.get(kept('s22'))?.data
  expect(long?.messages.length).toBe(200)
  expect(long?.messages.at(-1)?.id).toBe('s22.249')
  expect(long?.older).toBe(true)
})

it('lets go of what is deleted, or is not there', async () => {
  const { queries, keys } = await page()
  for (const id of ['a', 'b', 'c']) queries.setQueryData(keys.history(id), history(id))
  leave()
  await vi.waitFor(async () => expect((await named()).length).toBe(3))
  queries.setQueryData(keys.history('a'), history('a', 2, { deleted_at: 5, version: 2 }))
  queries.setQueryData(keys.history('b'), null)
  leave()
  await vi.waitFor(async () => expect(await named()).toEqual([kept('c')]))
})

it('lets go of what is deleted without having been opened', async () => {
  await read()
  const { show } = await import('./sessions')
  show(session({ id: 's', deleted_at: 5, version: 2 }))
  await vi.waitFor(async () => expect(await named()).toEqual([]))
})

it('keeps an answer as far as it has come, of the run that is at it', async () => {
  const { queries, keys, keepAnswer } = await page()
  const live = { status: 'streaming', session_id: 's', run_event: 2 } as const
  const one = message({ id: 'one', run_id: 'r1', ...live })
  const two = message({ id: 'two', parent_id: 'one', run_id: 'r3', ...live })
  queries.setQueryData(keys.history('s'), { ...history('s'), messages: [one, two] })
  keepAnswer({ ...one, content: 'So far', run_event: 9 })
  keepAnswer(message({ id: 'two', run_id: 'r2', ...live, content: 'Before', run_event: 99 }))
  leave()
  await vi.waitFor(async () =>
    expect((await all()).get(kept('s'))?.data.messages).toMatchObject([
      { id: 'one', content: 'So far', run_event: 9 },
      { id: 'two', content: '', run_event: 2 },
    ]),
  )
})

/** Look at a session that the server answers so. */
function look({ queries, keys }: Awaited<ReturnType<typeof page>>, answer: () => Promise<unknown>) {
  const observer = new QueryObserver(queries, { queryKey: keys.history('s'), queryFn: answer })
  const end = observer.subscribe(() => {})
  return { data: () => observer.getCurrentResult().data as History | undefined, end }
}

async function read(): Promise<void> {
  const { queries, keys } = await page()
  queries.setQueryData(keys.history('s'), history('s'))
  leave()
  await vi.waitFor(async () => expect(await named()).toEqual([kept('s')]))
}

it('shows what was kept while the server is away, and then what it says', async () => {
  await read()
  const later = await page()
  let away = true
  const seen = look(later, () =>
    away ? Promise.reject(new later.errors.Unreachable()) : Promise.resolve(history('s', 3)),
  )
  await vi.waitFor(() => expect(seen.data()?.messages.length).toBe(2))
  away = false
  await vi.waitFor(() => expect(seen.data()?.messages.length).toBe(3), { timeout: 5_000 })
  seen.end()
})

it('shows nothing of it where the server refuses, and keeps nothing for who is not let in', async () => {
  await read()
  const later = await page()
  const refused = new later.errors.Refused('unauthorized', 401, 'No.', null)
  const seen = look(later, () => Promise.reject(refused))
  await vi.waitFor(async () => expect(await named()).toEqual([]))
  expect(seen.data()).toBeUndefined()
  seen.end()
})

it('keeps nothing where that is not wanted', async () => {
  await read()
  const later = await page()
  later.allow(false)
  await vi.waitFor(async () => expect(await named()).toEqual([]))
  later.queries.setQueryData(later.keys.history('s'), history('s'))
  leave()
  const seen = look(later, () => Promise.reject(new later.errors.Unreachable()))
  await new Promise((resolve) => setTimeout(resolve))
  expect(await named()).toEqual([])
  seen.end()
})

it('passes over what another version has kept', async () => {
  await read()
  const store = createStore('squid-kept', 'said')
  await set(kept('s'), { v: 0, data: 'of another form' }, store)
  const later = await page()
  const asked = vi.fn(() => Promise.reject(new later.errors.Unreachable()))
  const seen = look(later, asked)
  await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1), { timeout: 5_000 })
  expect(seen.data()).toBeUndefined()
  seen.end()
})
