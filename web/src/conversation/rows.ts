/** What the list shows, one row each: messages, and behind them what is on its way. What
 * waits is the composer's to show. */
import type { Message, ToolCall } from '../api/types'
import { type Outgoing, waits } from '../outbox/outbox'

export type Row = { key: string } & (
  | { message: Message; tools: readonly ToolCall[]; outgoing: null }
  | { message: null; tools: readonly ToolCall[]; outgoing: Outgoing }
)

const NONE: readonly ToolCall[] = []

/** Whether they stand in the same place of the tree. */
const isVersion = (message: Message | null, id: string | null) =>
  message !== null && id !== null && (message.id === id || message.siblings.includes(id))

/** Versions of a message share a row: whoever switches between them stays where they are.
 * An entry of the outbox has its message's id, so its row becomes the message's. Tools that
 * an answer has called are messages behind it, and shown in its row, as they came. */
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
  const rows: Row[] = []
  for (const message of messages) {
    const before = rows.at(-1)
    if (message.tool && before?.message?.role === 'assistant')
      rows[rows.length - 1] = { ...before, tools: [...before.tools, message.tool] }
    else rows.push({ key: keyOf(message), message, tools: NONE, outgoing: null })
  }
  for (const entry of outgoing) {
    if (waits(entry) || there.has(entry.id)) continue
    const edited = rows.findIndex(({ message }) => isVersion(message, entry.edits))
    const key = rows[edited]?.key ?? entry.id
    // A branch of its own: what was said behind the question is not in it.
    if (edited >= 0) rows.length = edited
    rows.push({ key, message: null, tools: NONE, outgoing: entry })
  }
  return rows
}
