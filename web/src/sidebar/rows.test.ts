import { describe, expect, it } from 'vitest'
import type { Session } from '../api/types'
import { spanOf } from './days'
import { inOrder, rows } from './rows'

const session = (id: string, active_at = 0) => ({ id, active_at }) as Session

describe('spans', () => {
  const today = new Date(2026, 10, 21)
  const at = (...when: [number, number, number, number?, number?]) => new Date(...when).getTime()

  it('go by the calendar, and not by hours', () => {
    expect(spanOf(at(2026, 10, 21), today)).toBe('today')
    expect(spanOf(at(2026, 10, 20, 23, 59), today)).toBe('yesterday')
    expect(spanOf(at(2026, 10, 20), today)).toBe('yesterday')
    expect(spanOf(at(2026, 10, 19, 23, 59), today)).toBe('week')
    expect(spanOf(at(2026, 10, 14), today)).toBe('week')
    expect(spanOf(at(2026, 10, 13, 23, 59), today)).toBe('2026-11')
    expect(spanOf(at(2025, 0, 1), today)).toBe('2025-01')
  })

  it('have what is dated ahead in today', () => {
    expect(spanOf(at(2026, 10, 22), today)).toBe('today')
  })

  it('know that not every day has 24 hours', () => {
    // Wherever the clocks change, it is at the end of March or of October.
    for (const [month, day] of [
      [2, 30],
      [9, 26],
    ] as const)
      expect(spanOf(at(2026, month, day - 1), new Date(2026, month, day))).toBe('yesterday')
  })
})

describe('rows', () => {
  it('have a heading before each group, whichever way they are sorted', () => {
    const today = new Date(2026, 10, 21)
    const list = [session('a', Date.now() + 1e12), session('b', 0), session('c', 1)]
    const kinds = rows(list, ({ active_at }) => active_at, today).map(({ kind }) => kind)
    expect(kinds).toEqual(['heading', 'session', 'heading', 'session', 'session'])
    expect(rows(list.reverse(), ({ active_at }) => active_at, today)).toHaveLength(5)
    expect(rows(list, null, today)).toHaveLength(3)
  })
})

describe('a list under the pointer', () => {
  const ids = (list: Session[]) => list.map(({ id }) => id).join('')
  const list = (names: string) => [...names].map((name) => session(name))

  it('keeps its order, drops what is gone, and lets what is new at the front wait', () => {
    expect(ids(inOrder(['a', 'b', 'c'], list('cab')))).toBe('abc')
    expect(ids(inOrder(['a', 'b', 'c'], list('nac')))).toBe('ac')
  })

  it('grows at its end', () => {
    expect(ids(inOrder(['a', 'b'], list('abcd')))).toBe('abcd')
  })

  it('is another list where nothing of it is left', () => {
    expect(ids(inOrder(['a'], list('xy')))).toBe('xy')
  })
})
