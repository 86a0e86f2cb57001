/** The days that a list of sessions is grouped by: the reader's own calendar. */
import { useEffect, useState } from 'react'
import { month, t } from '../strings'

/** `today`, `yesterday`, `week`, or a month such as `2026-11`. */
export type Span = string

const dayStart = (day: Date, daysBefore: number) =>
  // Not 24 hours times so many: a day may have 23 or 25.
  new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysBefore).getTime()

/** Which group a time belongs to. What a clock that runs ahead has dated tomorrow is today's. */
export function spanOf(at: number, today: Date): Span {
  if (at >= dayStart(today, 0)) return 'today'
  if (at >= dayStart(today, 1)) return 'yesterday'
  if (at >= dayStart(today, 7)) return 'week'
  const day = new Date(at)
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}`
}

export function spanName(span: Span): string {
  if (span === 'today') return t.sidebar.today
  if (span === 'yesterday') return t.sidebar.yesterday
  if (span === 'week') return t.sidebar.week
  const [year, monthOfYear] = span.split('-').map(Number)
  return month.format(new Date(year ?? 0, (monthOfYear ?? 1) - 1, 1))
}

/** The clock may be set, or the zone changed, in the middle of a day. */
const LOOK_MS = 30_000

const midnight = (daysAgo: number) => new Date(dayStart(new Date(), daysAgo))

/** The current day, from midnight on and in another time zone too; the same date as long as
 * it is that day. */
export function useToday(): Date {
  const [today, setToday] = useState(() => midnight(0))
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    const look = () => {
      const now = midnight(0)
      setToday((before) => (before.getTime() === now.getTime() ? before : now))
      clearTimeout(timer)
      timer = setTimeout(look, Math.min(LOOK_MS, midnight(-1).getTime() - Date.now()))
    }
    look()
    // A timer sleeps along with the machine, so it is looked at again at every return too.
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
  return today
}
