/** Staying at the end while an answer grows, until the reader lets go. */
import type { ReactVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Row } from './rows'
import { keepPressed, type Pressed, pressed } from './toggle'

/** How near the end is at the end: a browser may be off by a part of a pixel. */
export const END = 4
/** So near, who scrolls down wants to be at the end. */
const NEAR = 40
/** A message that was written so short a time ago is what one wants to see. */
const JUST_MS = 3_000

/** So long after somebody went up, nothing but their own hand brings them back. */
const JUST_GONE_MS = 150

/** So many frames after something was pressed, what has not opened by then does not. */
const OPENS = 3

/** A finger that goes so far down scrolls up; one that goes less may be on its way aside. */
const SWIPE = 10

const UP = new Set(['ArrowUp', 'PageUp', 'Home'])

export type List = ReactVirtualizer<HTMLDivElement, Element>

interface Options {
  scroller: RefObject<HTMLDivElement | null>
  virtualizer: List
  rows: readonly Row[]
  /** Whether the end is followed. */
  follows: RefObject<boolean>
  setFollowing: (following: boolean) => void
  /** What the virtualiser calls when a size has changed. */
  changed: RefObject<((list: Pick<List, 'getTotalSize'>) => void) | null>
}

export function useEnd({ scroller, virtualizer, rows, follows, setFollowing, changed }: Options) {
  const [news, setNews] = useState(false)
  /** Where it was scrolled to when that was last heard of. */
  const top = useRef(0)

  const steer = useCallback(
    (next: boolean) => {
      follows.current = next
      // At once: the next token may come before the next render.
      virtualizer.options.scrollEndThreshold = next ? END : -1
      virtualizer.options.followOnAppend = next
      if (!next) virtualizer.cancelScroll()
    },
    [virtualizer, follows],
  )
  const set = useCallback(
    (next: boolean) => {
      if (follows.current === next) return
      steer(next)
      setNews(false)
      setFollowing(next)
    },
    [follows, steer, setFollowing],
  )

  const go = useCallback(() => {
    set(true)
    virtualizer.scrollToEnd()
  }, [set, virtualizer])

  /** What was pressed, until it has opened or closed. */
  const hand = useRef<Pressed | null>(null)
  const settle = useCallback(() => {
    const element = scroller.current
    const held = hand.current
    hand.current = null
    if (!element || !held) return
    keepPressed(held, element)
    top.current = element.scrollTop
    const distance = element.scrollHeight - element.clientHeight - element.scrollTop
    // Who still sees the end follows it; nothing was scrolled by hand that would say so.
    if (distance <= END) set(true)
    else setFollowing(follows.current)
  }, [scroller, follows, set, setFollowing])

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    top.current = element.scrollTop
    let touched = { x: 0, y: 0 }
    let gone = 0
    const letGo = () => {
      if (element.scrollTop <= 0) return
      gone = performance.now()
      set(false)
    }
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY < 0 && !event.ctrlKey && !goesUp(event.target, element)) letGo()
    }
    const onTouchStart = (event: TouchEvent) => {
      touched = placeOf(event)
    }
    const onTouchMove = (event: TouchEvent) => {
      const { x, y } = placeOf(event)
      const down = y - touched.y
      if (down <= SWIPE || down <= Math.abs(x - touched.x)) return
      if (!goesUp(event.target, element)) letGo()
    }
    const onKeyDown = (event: KeyboardEvent) => {
      const { key, target } = event
      if (event.altKey || event.ctrlKey || event.metaKey) return
      if ((target as Element).matches('input, textarea, select')) return
      // With Shift, the others make a selection longer.
      const up = event.shiftKey ? key === ' ' : UP.has(key)
      if (up && !goesUp(target, element)) letGo()
      if (key !== 'End' || event.shiftKey || innerScroller(target, element)) return
      event.preventDefault()
      go()
    }
    const onClick = (event: MouseEvent) => {
      const found = pressed(event, element)
      if (!found) return
      hand.current = found
      // What opens is no answer that grows: nothing is followed until it is there.
      steer(false)
      let frames = OPENS
      const wait = () => {
        if (hand.current !== found) return
        frames -= 1
        if (frames) requestAnimationFrame(wait)
        else settle()
      }
      requestAnimationFrame(wait)
    }
    const onPointerDown = (event: PointerEvent) => {
      if (event.target === element && event.offsetX > element.clientWidth) letGo()
    }
    let high = element.scrollHeight
    // The scrollbar, and whatever else scrolls.
    const onScroll = () => {
      const before = top.current
      const now = element.scrollTop
      top.current = now
      // Rows are as high as they are taken to be until they are measured: where they turn out
      // lower, the list itself steps up.
      const shrunk = element.scrollHeight < high
      high = element.scrollHeight
      const distance = element.scrollHeight - element.clientHeight - now
      // What is heard of now may be the page's own step down, from before somebody went up.
      if (now >= before && performance.now() - gone < JUST_GONE_MS) return
      if (distance <= END && now >= before) set(true)
      // An answer grows away from under who comes down to its end.
      else if (distance <= NEAR && now > before && !follows.current) go()
      else if (distance > END && now < before - 1 && !shrunk) set(false)
      else if (shrunk && follows.current) element.scrollTop = high
    }
    const passive = { passive: true }
    element.addEventListener('wheel', onWheel, passive)
    element.addEventListener('touchstart', onTouchStart, passive)
    element.addEventListener('touchmove', onTouchMove, passive)
    element.addEventListener('keydown', onKeyDown)
    element.addEventListener('pointerdown', onPointerDown, passive)
    element.addEventListener('click', onClick)
    element.addEventListener('scroll', onScroll, passive)
    // The composer grows, or a phone's keyboard comes up.
    const observer = new ResizeObserver(() => {
      if (follows.current) virtualizer.scrollToEnd()
    })
    observer.observe(element)
    return () => {
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('touchstart', onTouchStart)
      element.removeEventListener('touchmove', onTouchMove)
      element.removeEventListener('keydown', onKeyDown)
      element.removeEventListener('pointerdown', onPointerDown)
      element.removeEventListener('click', onClick)
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller, set, steer, settle, go, follows, virtualizer])

  // A command or a resize in between may have left it a little above.
  const size = useRef(0)
  const onChange = useCallback(
    (list: Pick<List, 'getTotalSize'>) => {
      const total = list.getTotalSize()
      const element = scroller.current
      if (total === size.current || !element) return
      size.current = total
      if (hand.current) return settle()
      // Moved up meanwhile, by hand: that is heard of next.
      if (!follows.current || element.scrollTop < top.current - 1) return
      const end = element.scrollHeight - element.clientHeight
      if (end - element.scrollTop > END) element.scrollTop = end
    },
    [scroller, follows, settle],
  )
  changed.current = onChange

  // Something new at the end: a sign, or one's own message, which one wants to see.
  const last = rows.at(-1)
  const seen = useRef(last?.key)
  useLayoutEffect(() => {
    if (seen.current === last?.key) return
    seen.current = last?.key
    const mine = last?.outgoing
    if (mine && Date.now() - mine.createdAt < JUST_MS) go()
    else if (!follows.current) setNews(true)
  }, [last, go, follows])
  const status = last?.message?.status
  useEffect(() => {
    if (status && !follows.current) setNews(true)
  }, [status, follows])

  return { go, news }
}

const placeOf = ({ touches: [touch] }: TouchEvent) => ({
  x: touch?.clientX ?? 0,
  y: touch?.clientY ?? 0,
})

/** What is in the list and scrolls by itself, such as what a tool has found. */
function innerScroller(target: EventTarget | null, list: Element): Element | null {
  for (let at = target as Element | null; at && at !== list; at = at.parentElement) {
    const scrolls = at.scrollHeight > at.clientHeight
    if (scrolls && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  }
  return null
}

/** Whether it is that which goes up, and not the list. */
const goesUp = (target: EventTarget | null, list: Element) =>
  (innerScroller(target, list)?.scrollTop ?? 0) > 0
