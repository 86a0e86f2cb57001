import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Refused } from '../api/errors'
import { delay } from '../api/retry'
import { AWAY_MS, hold, type Kind } from './presence'
import { type Frame, openStream } from './stream'

/** One request for a stream: the test is its server. */
interface Line {
  url: string
  say: (text: string) => void
  end: () => void
  cut: () => void
  aborted: () => boolean
}

let lines: Line[]
let answers: (() => Response | Error)[]
let frames: Frame[]
let ended: (Refused | null)[]
let close: () => void

function fetchFake(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made
    },
  })
  const signal = init?.signal as AbortSignal
  signal.addEventListener('abort', () => {
    try {
      controller.error(new DOMException('', 'AbortError'))
    } catch {
      // It has ended.
    }
  })
  lines.push({
    url: String(input),
    say: (text) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => controller.close(),
    cut: () => controller.error(new TypeError('network')),
    aborted: () => signal.aborted,
  })
  const answer = answers.shift()?.() ?? new Response(body)
  return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
}

const frame = (id: number) => `id: ${id}\ndata: {"n":${id}}\n\n`
const line = (at: number) => lines[at] as Line
const settle = () => vi.advanceTimersByTimeAsync(0)
const ids = () => frames.map(({ id }) => id)

function open(after: number | null = 0, last = Infinity, kind: Kind = 'run'): void {
  close = openStream({
    kind,
    url: '/api/runs/r/events',
    after,
    onFrames: (batch) => {
      frames.push(...batch)
      return batch.some(({ id }) => id >= last)
    },
    onEnd: (error) => ended.push(error),
  })
}

function show(state: 'visible' | 'hidden'): void {
  Object.defineProperty(document, 'visibilityState', { configurable: true, value: state })
  document.dispatchEvent(new Event('visibilitychange'))
}

function focus(has: boolean): void {
  vi.spyOn(document, 'hasFocus').mockReturnValue(has)
  dispatchEvent(new Event(has ? 'focus' : 'blur'))
}

beforeEach(() => {
  vi.useFakeTimers()
  focus(true)
  vi.stubGlobal('fetch', fetchFake)
  lines = []
  answers = []
  frames = []
  ended = []
})

afterEach(() => {
  close()
  show('visible')
  vi.useRealTimers()
})

describe('a stream', () => {
  it('hands over what came in one piece at once, however it was cut', async () => {
    const batches: number[][] = []
    close = openStream({
      kind: 'run',
      url: '/x',
      after: null,
      onFrames: (batch) => {
        batches.push(batch.map(({ id }) => id))
        return false
      },
      onEnd: () => {},
    })
    await settle()
    expect(line(0).url).toBe('/x')
    line(0).say(frame(1) + frame(2) + frame(3).slice(0, 9))
    await settle()
    line(0).say(frame(3).slice(9))
    await settle()
    expect(batches).toEqual([[1, 2], [3]])
  })

  it('goes on behind the last event', async () => {
    open()
    await settle()
    line(0).say(frame(1) + frame(2))
    await settle()
    line(0).cut()
    await vi.advanceTimersByTimeAsync(250)
    expect(line(1).url).toBe('/api/runs/r/events?after=2')
    line(1).say(frame(3))
    await settle()
    expect(ids()).toEqual([1, 2, 3])
  })

  it('forgets events without an id that were cut off before the one that has it', async () => {
    open()
    await settle()
    line(0).say('data: 1\n\ndata: 2\n\n')
    await settle()
    expect(frames).toEqual([])
    line(0).cut()
    await vi.advanceTimersByTimeAsync(250)
    line(1).say('data: 1\n\ndata: 2\n\nid: 9\ndata: 3\n\n')
    await settle()
    expect(frames.map(({ id, data }) => [id, data])).toEqual([
      [9, '1'],
      [9, '2'],
      [9, '3'],
    ])
  })

  it('ends at the last event, and where there is nothing more', async () => {
    open(0, 2)
    await settle()
    line(0).say(frame(1) + frame(2))
    await settle()
    expect(ended).toEqual([null])
    answers.push(() => new Response(null, { status: 204 }))
    open(2)
    await settle()
    expect(ended).toEqual([null, null])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lines).toHaveLength(2)
  })

  it('ends where there is none, and waits for what may pass', async () => {
    const problem = (status: number, headers = {}) =>
      Response.json({ type: 'urn:squid:error:x', detail: 'No.' }, { status, headers })
    answers.push(() => problem(503, { 'Retry-After': '7' }))
    answers.push(() => problem(401))
    answers.push(() => problem(404))
    open()
    await vi.advanceTimersByTimeAsync(6_900)
    expect(lines).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(lines).toHaveLength(2)
    // Another token, which may be given again.
    await vi.advanceTimersByTimeAsync(29_000)
    expect(ended).toEqual([])
    expect(lines).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ended).toMatchObject([{ status: 404, code: 'x' }])
  })

  it('notices a line that says nothing', async () => {
    open()
    await settle()
    line(0).say(': ping\n\n')
    await vi.advanceTimersByTimeAsync(39_000)
    expect(lines).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(7_000)
    expect(line(0).aborted()).toBe(true)
    expect(lines).toHaveLength(2)
  })

  it('tries at once when the network is there again', async () => {
    for (let failures = 0; failures < 6; failures += 1) answers.push(() => new TypeError('network'))
    open()
    await vi.advanceTimersByTimeAsync(7_000)
    const before = lines.length
    dispatchEvent(new Event('online'))
    await settle()
    expect(lines).toHaveLength(before + 1)
  })

  it('is let go where nobody looks, and taken up again where it was', async () => {
    open()
    await settle()
    line(0).say(frame(1))
    show('hidden')
    await vi.advanceTimersByTimeAsync(AWAY_MS - 1)
    expect(line(0).aborted()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(line(0).aborted()).toBe(true)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(lines).toHaveLength(1)
    show('visible')
    await settle()
    expect(line(1).url).toBe('/api/runs/r/events?after=1')
  })

  it('is held where something waits for the feed, though nobody looks', async () => {
    const release = hold()
    open(0, Infinity, 'feed')
    const closeFeed = close
    open()
    await settle()
    show('hidden')
    await vi.advanceTimersByTimeAsync(AWAY_MS)
    expect(lines.map((one) => one.aborted())).toEqual([false, true])
    release()
    await settle()
    expect(line(0).aborted()).toBe(true)
    closeFeed()
  })

  it('leaves the feed while an answer comes to a window that is not used', async () => {
    open(0, Infinity, 'feed')
    const closeFeed = close
    focus(false)
    await vi.advanceTimersByTimeAsync(AWAY_MS)
    expect(line(0).aborted()).toBe(false)
    line(0).say(frame(5))
    open()
    await settle()
    expect(lines.map((one) => one.aborted())).toEqual([true, false])
    close()
    await settle()
    expect(line(2).url).toBe('/api/runs/r/events?after=5')
    open()
    await settle()
    expect(line(2).aborted()).toBe(true)
    focus(true)
    await settle()
    expect(lines.at(-1)?.aborted()).toBe(false)
    closeFeed()
  })

  it('is closed for good', async () => {
    open()
    await settle()
    close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(line(0).aborted()).toBe(true)
    expect(lines).toHaveLength(1)
    expect(ended).toEqual([])
  })
})

it('waits longer each time, to a limit', () => {
  for (let failures = 0; failures < 50; failures += 1) {
    const wait = delay(failures)
    expect(wait).toBeGreaterThanOrEqual(125)
    expect(wait).toBeLessThanOrEqual(5_000)
  }
})
