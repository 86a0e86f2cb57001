import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Unreachable } from './errors'
import { upload } from './files'

/** A request that goes as far as a test says. */
class Request extends EventTarget {
  static last: Request
  upload = new EventTarget()
  status = 201
  responseText = '{"files": [{"id": "f"}]}'
  open = () => {}
  send = () => {
    Request.last = this
  }
  abort = vi.fn(() => this.dispatchEvent(new Event('abort')))
  moves(loaded: number): void {
    this.upload.dispatchEvent(new ProgressEvent('progress', { loaded, total: 4 }))
  }
  ends(): void {
    this.dispatchEvent(new Event('load'))
    this.dispatchEvent(new Event('loadend'))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('XMLHttpRequest', Request)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('takes as long as it takes, while it moves', async () => {
  const parts: number[] = []
  const { done } = upload(new Blob(['data']), 'a.txt', (part) => parts.push(part))
  for (const loaded of [1, 2, 3, 4]) {
    await vi.advanceTimersByTimeAsync(50_000)
    Request.last.moves(loaded)
  }
  Request.last.ends()
  expect(await done).toEqual({ id: 'f' })
  expect(parts).toEqual([0.25, 0.5, 0.75, 1])
  await vi.advanceTimersByTimeAsync(100_000)
  expect(Request.last.abort).not.toHaveBeenCalled()
})

it('is given up where it stands still, to be tried again', async () => {
  const { done } = upload(new Blob(['data']), 'a.txt')
  const failed = expect(done).rejects.toBeInstanceOf(Unreachable)
  Request.last.moves(2)
  await vi.advanceTimersByTimeAsync(61_000)
  await failed
  expect(Request.last.abort).toHaveBeenCalled()
})
