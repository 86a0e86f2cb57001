import type { VirtualItem } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { loadOlder } from '../api/history'
import { keepPlace, placeIn } from './place'
import type { Row } from './rows'
import type { List } from './useEnd'

/** How many pages are loaded to find where somebody was. */
const PAGES = 30
/** The place is right when it has been so for so many frames. */
const STEADY = 3
const FRAMES = 40
const KEEP_MS = 150

/** Sizes of rows as they were when a session was last open: it opens again as it was. */
const sizes = new Map<string, { width: number; items: VirtualItem[] }>()
const MOST = 20

export function sizesIn(sessionId: string): VirtualItem[] {
  const known = sizes.get(sessionId)
  return known?.width === innerWidth ? known.items : []
}

interface Options {
  sessionId: string
  rows: readonly Row[]
  older: boolean
  virtualizer: List
  follows: RefObject<boolean>
  setFollowing: (following: boolean) => void
}

/** Keeps the place in a session, and comes back to it. Returns whether it is there. */
export function usePlace({
  sessionId,
  rows,
  older,
  virtualizer,
  follows,
  setFollowing,
}: Options): boolean {
  const [wanted] = useState(() => placeIn(sessionId))
  const [restored, setRestored] = useState(wanted === 'end')
  const pages = useRef(0)

  useLayoutEffect(() => {
    if (wanted === 'end') virtualizer.scrollToEnd()
  }, [virtualizer, wanted])

  useLayoutEffect(() => {
    if (restored || wanted === 'end') return
    const index = rows.findIndex(({ key }) => key === wanted.key)
    if (index < 0 && older && pages.current < PAGES) {
      pages.current += 1
      loadOlder(sessionId).catch(() => setRestored(true))
      return
    }
    if (index < 0) {
      setRestored(true)
      virtualizer.scrollToEnd()
      return
    }
    follows.current = false
    virtualizer.options.scrollEndThreshold = -1
    setFollowing(false)
    return settle(virtualizer, index, wanted.offset, () => setRestored(true))
  }, [restored, wanted, rows, older, sessionId, virtualizer, follows, setFollowing])

  const keep = useCallback(() => {
    const offset = virtualizer.scrollOffset ?? 0
    const item = virtualizer.getVirtualItemForOffset(offset)
    if (follows.current || !item) keepPlace(sessionId, 'end')
    else keepPlace(sessionId, { key: String(item.key), offset: Math.round(offset - item.start) })
  }, [sessionId, virtualizer, follows])

  useEffect(() => {
    const element = virtualizer.scrollElement
    if (!restored || !element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(keep, KEEP_MS)
    }
    element.addEventListener('scroll', soon, { passive: true })
    addEventListener('pagehide', keep)
    return () => {
      clearTimeout(timer)
      keep()
      element.removeEventListener('scroll', soon)
      removeEventListener('pagehide', keep)
      sizes.delete(sessionId)
      sizes.set(sessionId, { width: innerWidth, items: virtualizer.takeSnapshot() })
      const oldest = sizes.size > MOST ? sizes.keys().next().value : undefined
      if (oldest !== undefined) sizes.delete(oldest)
    }
  }, [restored, keep, sessionId, virtualizer])

  return restored
}

/** Scroll to a row until it stays there: rows are measured as they come into sight. */
function settle(virtualizer: List, index: number, offset: number, done: () => void): () => void {
  let steady = 0
  let frames = 0
  let frame = 0
  const step = () => {
    const start = virtualizer.getOffsetForIndex(index, 'start')?.[0] ?? 0
    const row = virtualizer.measurementsCache[index]
    const target = Math.max((row?.start ?? start) + offset, 0)
    const right = Math.abs((virtualizer.scrollElement?.scrollTop ?? 0) - target) <= 1
    steady = right ? steady + 1 : 0
    frames += 1
    if (steady >= STEADY || frames >= FRAMES) return done()
    if (!right) virtualizer.scrollToOffset(target)
    frame = requestAnimationFrame(step)
  }
  step()
  return () => cancelAnimationFrame(frame)
}
