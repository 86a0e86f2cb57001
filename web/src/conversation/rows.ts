/** What the list shows, one row each: messages, and behind them what is on its way. What
 * waits is the composer's to show. */
import type { Message } from '../api/types'
import { type Outgoing, waits } from '../outbox/outbox'

export type Row = { key: string } & (
  | { message: Message; outgoing: null }
  | { message: null; outgoing: Outgoing }
)

/** Versions of a message share a row: whoever switches between them stays where they are.
 * An entry of the outbox has its message's id, so its row becomes the message's. */
export function rowsOf(messages: readonly Message[], outgoing: readonly Outgoing[]): Row[] {
  const there = new Set(messages.map(({ id }) => id))
  const taken = new Set<string>()
  const keyOf = (message: Message) => {
    const place = message.siblings[0] ?? message.id
    // A tree that is being changed may name a place twice for a moment.
    const key = taken.has(place) ? message.id : place
    taken.add(key)
    return key
  }
  return [
    ...messages.map((message): Row => ({ key: keyOf(message), message, outgoing: null })),
    ...outgoing
      .filter((entry) => !waits(entry) && !there.has(entry.id))
      .map((entry): Row => ({ key: entry.id, message: null, outgoing: entry })),
  ]
}
