/** Lines of a list of sessions, of which only those in sight are in the document. */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import type { Session } from '../api/types'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { useMedia } from '../ui/media'
import { NotLoaded } from './Empty'
import css from './Rows.module.css'
import type { Rest } from './rest'
import type { Row } from './rows'

interface RowsProps {
  rows: readonly Row[]
  /** The session that the tab key comes to first. */
  current: string | null
  /** The sessions behind the last of them. */
  rest: Rest
  /** A line's height in rem, with a mouse and with a finger. */
  heights: { fine: number; coarse: number }
  children: (session: Session, stop: boolean) => ReactNode
}

const HEADING_REM = 2.25
/** So many lines before the end, the next page is asked for. */
const AHEAD = 30

export function Rows({ rows, current, rest, heights, children }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const { textSize } = useSettings()
  const coarse = useMedia('(pointer: coarse)')
  const [active, setActive] = useState<string | null>(null)
  const wanted = useRef(false)
  /** Where the focus was last. */
  const place = useRef(-1)

  const sessionAt = (index: number) => {
    const row = rows[index]
    return row?.kind === 'session' ? row.session : null
  }
  const indexOf = (id: string | null) => (id === null ? -1 : rows.findIndex((r) => r.key === id))
  // One stop for the tab key: where somebody was, else what is open, else the first.
  const at = [active, current].map(indexOf).find((index) => index >= 0)
  const stop = at ?? sessionNear(rows, place.current)

  // What has the focus is not to be under the day that stays on top.
  const covered = rows[0]?.kind === 'heading' ? HEADING_REM * rem() : 0

  const lists = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => {
      const height = coarse ? heights.coarse : heights.fine
      return rem() * (rows[index]?.kind === 'heading' ? HEADING_REM : height)
    },
    scrollPaddingStart: covered,
    overscan: 8,
    rangeExtractor: (range) => {
      // The heading of what is on top stays there; what has the focus is not taken away.
      const shown = new Set(defaultRangeExtractor(range))
      const heading = headingOf(rows, range.startIndex)
      if (heading >= 0) shown.add(heading)
      if (stop >= 0) shown.add(stop)
      return [...shown].sort((a, b) => a - b)
    },
  })
  const items = lists.getVirtualItems()
  const top = headingOf(rows, lists.range?.startIndex ?? 0)
  const last = items.at(-1)?.index ?? 0
  const { more, due, ask } = rest

  // biome-ignore lint/correctness/useExhaustiveDependencies: what the heights are made of
  useEffect(() => lists.measure(), [lists, textSize, coarse])

  useEffect(() => {
    if (due && last >= rows.length - AHEAD) ask()
  }, [due, last, rows.length, ask])

  useEffect(() => {
    if (!wanted.current) return
    wanted.current = false
    const id = active ?? ''
    scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus()
  }, [active])

  // What was deleted or archived with the keyboard leaves its place to the one behind it.
  useEffect(() => {
    if (active === null || rows.some((row) => row.key === active)) return
    const next = rows[sessionNear(rows, place.current)]
    wanted.current = document.activeElement === document.body
    setActive(next?.key ?? null)
  }, [rows, active])

  const onKeyDown = (event: KeyboardEvent) => {
    const on = (event.target as HTMLElement).dataset.row
    if (on === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    const step = { ArrowDown: 1, ArrowUp: -1, Home: 1, End: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const from = { Home: -1, End: rows.length }[event.key] ?? indexOf(on)
    let next = from + step
    while (rows[next]?.kind === 'heading') next += step
    const session = sessionAt(next)
    if (!session) return
    lists.scrollToIndex(next)
    wanted.current = true
    setActive(session.id)
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the links in it
    <div
      ref={scroller}
      className={css.scroller}
      style={{ scrollPaddingBlockStart: covered }}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const id = (event.target as HTMLElement).closest('li')?.dataset.key ?? active
        place.current = indexOf(id)
        setActive(id)
      }}
    >
      <ul className={css.rows} style={{ height: lists.getTotalSize() }}>
        {items.map(({ index, key, start, size }) => {
          const row = rows[index]
          if (!row) return null
          const sticky = index === top
          return (
            <li
              key={key}
              data-key={row.key}
              className={
                sticky ? css.sticky : `${css.placed} ${row.kind === 'session' ? css.moving : ''}`
              }
              style={
                sticky ? { height: size } : { height: size, transform: `translateY(${start}px)` }
              }
              {...(row.kind === 'session' && {
                'aria-posinset': row.position,
                'aria-setsize': more ? -1 : sessionCount(rows),
              })}
            >
              {row.kind === 'heading' ? (
                <h2 className={css.heading}>{row.text}</h2>
              ) : (
                children(row.session, index === stop)
              )}
            </li>
          )
        })}
      </ul>
      {rest.error !== null && (
        <NotLoaded
          title={t.sidebar.restNotLoaded}
          error={rest.error}
          busy={rest.busy}
          onAgain={ask}
        />
      )}
    </div>
  )
}

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize)

function headingOf(rows: readonly Row[], from: number): number {
  let index = Math.min(from, rows.length - 1)
  while (index >= 0 && rows[index]?.kind !== 'heading') index -= 1
  return index
}

/** The session at a place; where there is none, the next one, else the one before. */
function sessionNear(rows: readonly Row[], place: number): number {
  const behind = rows.findIndex((row, index) => index >= place && row.kind === 'session')
  return behind >= 0 ? behind : rows.findLastIndex((row) => row.kind === 'session')
}

function sessionCount(rows: readonly Row[]): number {
  const last = rows.at(-1)
  return last?.kind === 'session' ? last.position : 0
}
