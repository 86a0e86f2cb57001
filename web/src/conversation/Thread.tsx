import {
  defaultRangeExtractor,
  elementScroll,
  type Range,
  useVirtualizer,
  type VirtualizerOptions,
} from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { loadOlder } from '../api/history'
import { t } from '../strings'
import { Message } from './Message'
import type { Row } from './rows'
import css from './Thread.module.css'
import { END, type List, useEnd } from './useEnd'
import { sizesIn, usePlace } from './usePlace'

interface ThreadProps {
  sessionId: string
  rows: readonly Row[]
  /** Whether there are messages before the first row. */
  older: boolean
  /** Whether an answer is being written. */
  busy: boolean
}

/** A row before it is measured. */
const ESTIMATE = 140
/** So many rows from the top, older ones are loaded. */
const EARLY = 15

/** The messages. Only those in sight are drawn, and those that somebody is at. */
export function Thread({ sessionId, rows, older, busy }: ThreadProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement | null>(null)
  const keyOf = useCallback((index: number) => rows[index]?.key ?? index, [rows])
  const [following, setFollowing] = useState(true)
  // What is shown may be a render behind, and a render that is behind must not undo it.
  const follows = useRef(true)
  const changed = useRef<((list: Pick<List, 'getTotalSize'>) => void) | null>(null)

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATE,
    getItemKey: keyOf,
    overscan: 6,
    scrollToFn: scrollTo,
    anchorTo: 'end',
    followOnAppend: follows.current,
    // Who has let go is at the end of nothing, however near.
    scrollEndThreshold: follows.current ? END : -1,
    initialMeasurementsCache: sizesIn(sessionId),
    rangeExtractor: (range) => withHeld(range, list.current, rows),
    directDomUpdates: true,
    directDomUpdatesMode: 'position',
    useFlushSync: false,
    onChange: (list) => changed.current?.(list),
  })

  const restored = usePlace({ sessionId, rows, older, virtualizer, follows, setFollowing })
  const end = useEnd({ scroller, virtualizer, rows, follows, setFollowing, changed })
  const { loading, more } = useOlder(sessionId, rows[0]?.key)

  const items = virtualizer.getVirtualItems()
  const first = virtualizer.range?.startIndex
  const oldest = rows[0]?.key
  useEffect(() => {
    if (!restored || !older || first === undefined || oldest === undefined) return
    // Who is at the end has not gone up: the first frame only does not know yet.
    if (first < EARLY && (!following || rows.length < EARLY)) more(oldest)
  }, [following, rows.length, restored, older, first, oldest, more])

  const containerRef = virtualizer.containerRef
  return (
    <div className={css.thread}>
      <section
        ref={scroller}
        data-scroller
        className={css.scroller}
        aria-label={t.conversation.messages}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard.
        tabIndex={0}
        style={restored ? undefined : { visibility: 'hidden' }}
      >
        {loading && (
          <p className={css.older} role="status">
            {t.conversation.older}
          </p>
        )}
        <ol
          ref={(element) => {
            list.current = element
            containerRef(element)
          }}
          className={css.list}
          aria-label={t.conversation.list}
        >
          {items.map(({ key, index }) => {
            const row = rows[index]
            return (
              row && (
                <li
                  key={key}
                  ref={virtualizer.measureElement}
                  data-index={index}
                  data-key={key}
                  className={css.row}
                  aria-setsize={older ? -1 : rows.length}
                  aria-posinset={index + 1}
                >
                  <Message row={row} last={index === rows.length - 1} busy={busy} />
                </li>
              )
            )
          })}
        </ol>
      </section>
      {!following && restored && (
        <button
          type="button"
          className={css.down}
          aria-label={t.conversation.toEnd}
          data-news={end.news}
          onClick={() => {
            end.go()
            scroller.current?.focus({ preventScroll: true })
          }}
        >
          <ArrowDown aria-hidden size="1.125em" />
        </button>
      )}
    </div>
  )
}

/** The virtualiser corrects from where it last heard that the list is. By then a browser that
 * scrolls smoothly has gone on, and what it went would be taken back. */
const scrollTo: VirtualizerOptions<HTMLDivElement, Element>['scrollToFn'] = (offset, how, list) => {
  const from = how.adjustments === undefined ? undefined : list.scrollElement?.scrollTop
  elementScroll(from ?? offset, how, list)
}

/** So many rows are kept for a selection, at most. */
const SELECTED = 200

/** The rows in sight, and those in which something has the focus, is written or is selected:
 * they are not taken away from under somebody's hands. */
function withHeld(range: Range, list: HTMLOListElement | null, rows: readonly Row[]): number[] {
  const shown = defaultRangeExtractor(range)
  const held = new Set(shown)
  const at = document.activeElement
  const selection = getSelection()
  const selected = selection && !selection.isCollapsed && (list?.children.length ?? 0) < SELECTED
  for (const row of list?.children ?? []) {
    const kept =
      row.contains(at) ||
      row.querySelector('form') !== null ||
      (selected && selection.containsNode(row, true))
    if (!kept) continue
    // Its number is from before older ones came.
    const index = rows.findIndex(({ key }) => key === (row as HTMLElement).dataset.key)
    if (index >= 0) held.add(index)
  }
  return held.size === shown.length ? shown : [...held].sort((a, b) => a - b)
}

function useOlder(sessionId: string, oldest: string | undefined) {
  const [loading, setLoading] = useState(false)
  const asked = useRef<string | null>(null)
  /** Those before the row with this key, once. */
  const more = useCallback(
    (before: string) => {
      if (asked.current === before) return
      asked.current = before
      setLoading(true)
      loadOlder(sessionId)
        // It is asked for again at the next step up.
        .catch(() => {
          asked.current = null
        })
        .finally(() => setLoading(false))
    },
    [sessionId],
  )
  // Where another branch was shown meanwhile, the same row may be the oldest once more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another one is the oldest.
  useEffect(
    () => () => {
      asked.current = null
    },
    [oldest],
  )
  return { loading, more }
}
