/** A list of sessions as the lines that it is shown in. */
import type { Session } from '../api/types'
import { type Span, spanName, spanOf } from './days'

export type Row =
  | { kind: 'heading'; key: string; text: string }
  | { kind: 'session'; key: string; session: Session; position: number }

/** Sessions with a heading before each group. `at` is the time that they are sorted by;
 * without one there are no groups. */
export function rows(
  sessions: readonly Session[],
  at: ((session: Session) => number) | null,
  today: Date,
): Row[] {
  const found: Row[] = []
  let span: Span | null = null
  for (const [index, session] of sessions.entries()) {
    const next = at && spanOf(at(session), today)
    if (next !== null && next !== span)
      found.push({ kind: 'heading', key: `${next} ${index}`, text: spanName(next) })
    span = next
    found.push({ kind: 'session', key: session.id, session, position: index + 1 })
  }
  return found
}

/** Sessions in the order in which they were, as far as they are still there. New ones at
 * the front wait; those of a further page go behind. */
export function inOrder(order: readonly string[], sessions: readonly Session[]): Session[] {
  const now = new Map(sessions.map((session) => [session.id, session]))
  const kept = order.flatMap((id) => now.get(id) ?? [])
  const last = kept.at(-1)
  if (!last) return [...sessions]
  const before = new Set(order)
  const behind = sessions.slice(sessions.indexOf(last) + 1).filter(({ id }) => !before.has(id))
  return [...kept, ...behind]
}
