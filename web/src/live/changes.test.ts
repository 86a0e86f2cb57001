import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keys, queries } from '../api/queries'
import { onRunEnd } from '../api/sessions'
import { listen, onGap } from './changes'
import { session } from './fixtures'

const lines: { url: string; say: (text: string) => void; cut: () => void }[] = []
let close: () => void
let leave: (() => void)[]
let gaps: number
let ends: string[]

const change = (id: number, version: number, more = {}) =>
  `id: ${id}\nevent: change\ndata: ${JSON.stringify({ id, kind: 'session', session_id: 's', message_id: null, run_id: null, version, at: 1, ...more })}\n\n`

const settle = () => vi.advanceTimersByTimeAsync(0)
const stale = (queryKey: readonly unknown[]) => queries.getQueryState(queryKey)?.isInvalidated

async function tell(text: string): Promise<void> {
  lines.at(-1)?.say(text)
  await settle()
}

function fresh(): void {
  queries.setQueryData(keys.history('s'), {
    session: session({ version: 5 }),
    messages: [],
    older: false,
    read: 5,
  })
  queries.setQueryData([...keys.sessions, {}], { pages: [], pageParams: [] })
}

beforeEach(async () => {
  vi.useFakeTimers()
  lines.length = 0
  gaps = 0
  ends = []
  vi.stubGlobal('fetch', (url: string) => {
    let controller!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({
      start: (made) => {
        controller = made
      },
    })
    lines.push({
      url,
      say: (text) => controller.enqueue(new TextEncoder().encode(text)),
      cut: () => controller.error(new TypeError('network')),
    })
    return Promise.resolve(new Response(body))
  })
  leave = [
    onGap(() => {
      gaps += 1
    }),
    onRunEnd((_, runId) => ends.push(runId)),
  ]
  close = listen()
  await settle()
  await tell('id: 7\nevent: ready\ndata: {}\n\n')
  fresh()
})

afterEach(() => {
  close()
  for (const off of leave) off()
  vi.advanceTimersByTime(1_000)
  queries.clear()
  vi.useRealTimers()
})

it('looks again at what has changed, and not at what is known', async () => {
  await tell(change(8, 5))
  expect(stale(keys.history('s'))).toBe(false)
  await tell(change(9, 6))
  expect(stale(keys.history('s'))).toBe(true)
})

it('reads the lists anew once for many changes', async () => {
  const invalidate = vi.spyOn(queries, 'invalidateQueries')
  await tell(change(8, 1) + change(9, 2) + change(10, 3))
  await tell(change(11, 4))
  expect(invalidate).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(300)
  expect(invalidate.mock.calls).toEqual([[{ queryKey: keys.sessions }]])
  expect(stale([...keys.sessions, {}])).toBe(true)
  invalidate.mockRestore()
})

it('says of runs that they are over', async () => {
  await tell(change(8, 6, { kind: 'run', run_id: 'r1' }))
  expect(ends).toEqual(['r1'])
})

it('goes on behind the last change, and takes all for stale where some are not known', async () => {
  await tell(change(8, 1))
  lines[0]?.cut()
  await vi.advanceTimersByTimeAsync(250)
  expect(lines.map(({ url }) => url)).toEqual(['/api/events', '/api/events?after=8'])
  expect(stale(keys.history('s'))).toBe(false)
  const before = gaps
  await tell('id: 99\nevent: reset\ndata: {}\n\n')
  expect(gaps).toBe(before + 1)
  expect(stale(keys.history('s'))).toBe(true)
})

it('passes over what it does not understand', async () => {
  await tell('id: 8\nevent: change\ndata: nonsense\n\nid: 9\nevent: later\ndata: {}\n\n')
  await tell(change(10, 6))
  expect(stale(keys.history('s'))).toBe(true)
})

describe('a session that is being read for the first time', () => {
  let answer: (history: unknown) => void

  beforeEach(() => {
    void queries.prefetchQuery({
      queryKey: keys.history('new'),
      queryFn: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
  })

  const early = { session: session({ id: 'new', version: 5 }), messages: [], older: false, read: 5 }

  it('is looked at again where it changes meanwhile', async () => {
    await tell(change(8, 6, { session_id: 'new' }))
    answer(early)
    await settle()
    expect(stale(keys.history('new'))).toBe(true)
  })

  it('is stale where nobody can say what happened meanwhile', async () => {
    await tell('id: 99\nevent: reset\ndata: {}\n\n')
    answer(early)
    await settle()
    expect(stale(keys.history('new'))).toBe(true)
  })
})

it('looks at a message further up, also of a version that is known', async () => {
  const read = vi.spyOn(queries, 'fetchQuery')
  await tell(change(8, 5, { kind: 'message', message_id: 'm' }))
  expect(read.mock.calls.map(([{ queryKey }]) => queryKey[1])).toEqual(['m'])
  read.mockRestore()
})
