import { act, cleanup, render } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useToday } from './days'

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 28, 23, 59, 50) })
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

function Shown({ seen }: { seen: Date[] }) {
  seen.push(useToday())
  return null
}

it('is the same day as long as it is that day', () => {
  const seen: Date[] = []
  const { rerender } = render(<Shown seen={seen} />)
  rerender(<Shown seen={seen} />)
  act(() => void vi.advanceTimersByTime(9_000))
  rerender(<Shown seen={seen} />)
  expect(new Set(seen).size).toBe(1)
})

it('is the next one from midnight on, and from the one after that', () => {
  const seen: Date[] = []
  render(<Shown seen={seen} />)
  act(() => void vi.advanceTimersByTime(10_000))
  expect(seen.at(-1)).toEqual(new Date(2026, 10, 29))
  act(() => void vi.advanceTimersByTime(24 * 60 * 60 * 1000))
  expect(seen.at(-1)).toEqual(new Date(2026, 10, 30))
})
