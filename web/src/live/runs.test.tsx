import { act, cleanup, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { historyOf } from '../api/history'
import { keys, queries } from '../api/queries'
import type { Message, RunEvent } from '../api/types'
import { message, session } from './fixtures'
import { useAnswer } from './runs'

// The client of the API takes what it finds when it is loaded.
const network = vi.hoisted(() => {
  const network = { fetch: globalThis.fetch }
  globalThis.fetch = (...request) => network.fetch(...request)
  return network
})

let streams: { url: string; say: (text: string) => void; aborted: () => boolean }[]
let paints: FrameRequestCallback[]
let stored: Message
let run = 0

const frame = (id: number, event: RunEvent) => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`
const say = (id: number, delta: string) =>
  frame(id, { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta })
const finish = (id: number) =>
  frame(id, { type: 'RUN_FINISHED', threadId: 's', runId: 'r', result: { status: 'complete' } })

function fetchFake(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  if (input instanceof Request) {
    const { pathname } = new URL(input.url)
    if (pathname.startsWith('/api/messages/')) return Promise.resolve(Response.json(stored))
    if (pathname.startsWith('/api/runs/')) return Promise.resolve(Response.json({ text_start: 7 }))
    return new Promise(() => {})
  }
  if (String(input).endsWith('after=99'))
    return Promise.resolve(new Response(null, { status: 204 }))
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made
    },
  })
  streams.push({
    url: String(input),
    say: (text) => controller.enqueue(new TextEncoder().encode(text)),
    aborted: () => init?.signal?.aborted ?? false,
  })
  return Promise.resolve(new Response(body))
}

const settle = () => act(() => vi.advanceTimersByTimeAsync(0))
const paint = () =>
  act(() => {
    for (const draw of paints.splice(0)) draw(0)
  })

async function tell(text: string, stream = 0): Promise<void> {
  streams[stream]?.say(text)
  await settle()
}

/** A message that is being written, in a run of its own. */
function live(change: Partial<Message> = {}): Message {
  run += 1
  return message({ status: 'pending', run_id: `run-${run}`, ...change })
}

const follow = (one: Message) => renderHook((shown) => useAnswer(shown), { initialProps: one })

beforeEach(() => {
  vi.useFakeTimers()
  streams = []
  paints = []
  network.fetch = fetchFake
  vi.stubGlobal('requestAnimationFrame', (draw: FrameRequestCallback) => paints.push(draw))
  vi.stubGlobal('cancelAnimationFrame', () => {})
})

afterEach(() => {
  cleanup()
  vi.advanceTimersByTime(10_000)
  vi.useRealTimers()
  queries.clear()
})

describe('a live answer', () => {
  it('is followed once, and told at most once a frame', async () => {
    const one = live()
    let renders = 0
    const first = renderHook(() => {
      renders += 1
      return useAnswer(one)
    })
    const second = follow(one)
    await settle()
    expect(streams.map(({ url }) => url)).toEqual([`/api/runs/${one.run_id}/events?after=0`])
    const before = renders
    for (let id = 3; id < 13; id += 1) await tell(say(id, 'x'))
    expect(renders).toBe(before)
    await paint()
    expect(renders).toBe(before + 1)
    expect(first.result.current.message.content).toBe('x'.repeat(10))
    expect(second.result.current).toBe(first.result.current)
  })

  it('grows where no frame is painted, too', async () => {
    const { result } = follow(live())
    await settle()
    await tell(say(3, 'In the dark'))
    await act(() => vi.advanceTimersByTimeAsync(250))
    expect(result.current.message.content).toBe('In the dark')
  })

  it('neither jumps back nor doubles where its message is read anew', async () => {
    const one = live()
    const { result, rerender } = follow(one)
    await settle()
    await tell(say(3, 'a') + say(4, 'b'))
    await paint()
    rerender({ ...one, status: 'streaming', content: 'a', run_event: 3 })
    expect(result.current.message.content).toBe('ab')
    rerender({ ...one, status: 'streaming', content: 'abcd', run_event: 6 })
    expect(result.current.message.content).toBe('abcd')
    await tell(say(5, 'c'))
    await paint()
    expect(result.current.message.content).toBe('abcd')
    await tell(say(6, 'd') + say(7, 'e'))
    await paint()
    expect(result.current.message.content).toBe('abcde')
  })

  it('begins where its message was read', async () => {
    const { result } = follow(live({ status: 'streaming', content: 'So far', run_event: 8 }))
    expect(result.current.message.content).toBe('So far')
    await settle()
    expect(streams[0]?.url).toMatch(/after=8$/)
    await tell(say(9, ', so good'))
    await paint()
    expect(result.current.message.content).toBe('So far, so good')
  })

  it('counts from where its run began, though it was read in the middle', async () => {
    const { result } = follow(live({ status: 'streaming', content: 'So far so', run_event: 8 }))
    await settle()
    const value = { title: 'Notes', position: 1 }
    await tell(frame(9, { type: 'CUSTOM', name: 'squid.source', value } as RunEvent))
    await settle()
    await paint()
    expect(result.current.message.sources).toEqual([{ title: 'Notes', position: 8 }])
  })

  it('is put into the history when it ends', async () => {
    const one = live()
    const history = { session: session({ live_run_id: one.run_id }), messages: [one], older: false }
    queries.setQueryData(keys.history('s'), history)
    const { result } = follow(one)
    await settle()
    await tell(say(3, 'All of it') + finish(4))
    await paint()
    expect(result.current).toMatchObject({ ended: true, message: { status: 'complete' } })
    expect(historyOf('s')?.messages).toEqual([result.current.message])
    expect(historyOf('s')?.session.live_run_id).toBeNull()
  })

  it('does not come back into a history that shows another branch, or another run', async () => {
    const one = live()
    const other = message({ id: 'assistant.local.2', siblings: [one.id, 'assistant.local.2'] })
    queries.setQueryData(keys.history('s'), { session: session(), messages: [other], older: false })
    const first = follow(one)
    await settle()
    await tell(say(3, 'Not here') + finish(4))
    await paint()
    expect(first.result.current.ended).toBe(true)
    expect(historyOf('s')?.messages).toEqual([other])

    const two = live()
    const continued = { ...two, run_id: 'later' }
    queries.setQueryData(keys.history('s'), {
      ...{ session: session(), messages: [continued], older: false },
    })
    follow(two)
    await settle()
    await tell(say(3, 'Stopped') + finish(4), 1)
    await paint()
    expect(historyOf('s')?.messages).toEqual([continued])
  })

  it('shows its tools until they are messages', async () => {
    const one = live()
    const history = { session: session(), messages: [one], older: false }
    queries.setQueryData(keys.history('s'), history)
    const { result, rerender } = follow(one)
    await settle()
    const called = {
      ...{ type: 'TOOL_CALL_START', toolCallId: 't', toolCallName: 'look', parentMessageId: 'm' },
    } as RunEvent
    await tell(frame(3, called) + finish(4))
    await paint()
    expect(result.current.ended).toBe(true)
    expect(historyOf('s')?.messages).toEqual([one])
    rerender(historyOf('s')?.messages[0] as Message)
    expect(result.current.message.calls).toHaveLength(1)
    rerender({ ...one, status: 'complete' })
    expect(result.current.message.calls).toEqual([])
  })

  it('is read once more where its end was not seen', async () => {
    const one = live({ status: 'streaming', content: 'Nearly', run_event: 99 })
    stored = { ...one, status: 'stopped', content: 'Nearly', run_event: null }
    const { result } = follow(one)
    await settle()
    await settle()
    expect(result.current).toMatchObject({ ended: true, message: { status: 'stopped' } })
  })

  it('is followed on where it was scrolled out of sight, and then let go', async () => {
    const one = live()
    const first = follow(one)
    await settle()
    await tell(say(3, 'a'))
    await paint()
    first.unmount()
    await act(() => vi.advanceTimersByTimeAsync(4_000))
    const again = follow(one)
    expect(again.result.current.message.content).toBe('a')
    expect(streams).toHaveLength(1)
    again.unmount()
    await act(() => vi.advanceTimersByTimeAsync(6_000))
    expect(streams[0]?.aborted()).toBe(true)
  })

  it('is another one when it is continued', async () => {
    const one = live()
    const { result, rerender } = follow(one)
    await settle()
    await tell(say(3, 'Begun') + finish(4))
    await paint()
    rerender({ ...result.current.message, status: 'stopped' })
    const more = live({ content: 'Begun' })
    rerender(more)
    await settle()
    expect(streams[1]?.url).toBe(`/api/runs/${more.run_id}/events?after=0`)
    await tell(say(3, ' and done'), 1)
    await paint()
    expect(result.current.message.content).toBe('Begun and done')
  })
})
