/** A conversation as far as it is loaded: the newest messages of the shown branch, and
 * older ones once somebody has scrolled up to them. */
import { useQuery } from '@tanstack/react-query'
import { api, body, found } from './client'
import { keys, queries } from './queries'
import type { Message, Session, SessionView } from './types'

export interface History {
  session: Session
  /** Oldest first, without a gap up to the end of the branch. */
  messages: Message[]
  /** Whether there are older ones. */
  older: boolean
}

/** How many older messages are loaded at once. */
const PAGE = 100

/** Put a session's newest page behind what is loaded already.
 *
 * Messages are a tree, so what is before a message is the same whatever happened behind
 * it: where the page's first one is loaded, all before it stays. Where it is not, another
 * branch is shown, or more was said than a page holds, and the page is all there is.
 */
export function splice(known: History | null | undefined, newest: SessionView): History {
  const first = newest.messages[0]?.id
  const kept = known?.messages.findIndex((message) => message.id === first) ?? -1
  if (!known || kept < 0 || first === undefined) return newest
  return {
    session: newest.session,
    messages: [...known.messages.slice(0, kept), ...newest.messages],
    older: kept > 0 ? known.older : newest.older,
  }
}

/** A session with its messages: undefined until it is there, null where there is none. */
export function useHistory(sessionId: string) {
  return useQuery({
    queryKey: keys.history(sessionId),
    queryFn: ({ signal }) => readHistory(sessionId, signal),
  })
}

async function readHistory(sessionId: string, signal: AbortSignal): Promise<History | null> {
  const newest = await found(
    api.GET('/api/sessions/{session_id}', { params: { path: { session_id: sessionId } }, signal }),
  )
  return newest && splice(queries.getQueryData<History | null>(keys.history(sessionId)), newest)
}

const loading = new Map<string, Promise<void>>()

/** Load a page of older messages. Asked again meanwhile, it is the same page. */
export function loadOlder(sessionId: string): Promise<void> {
  const already = loading.get(sessionId)
  if (already) return already
  const page = readOlder(sessionId).finally(() => loading.delete(sessionId))
  loading.set(sessionId, page)
  return page
}

async function readOlder(sessionId: string): Promise<void> {
  const key = keys.history(sessionId)
  const first = queries.getQueryData<History | null>(key)?.messages[0]?.id
  if (first === undefined) return
  const page = await body(
    api.GET('/api/sessions/{session_id}/messages', {
      params: { path: { session_id: sessionId }, query: { before: first, limit: PAGE } },
    }),
  )
  queries.setQueryData<History | null>(key, (known) =>
    // Another branch may have been shown meanwhile.
    known?.messages[0]?.id === first
      ? { ...known, messages: [...page.messages, ...known.messages], older: page.older }
      : known,
  )
}

/** Put messages, as the server has just told them, in their places. One that is not loaded
 * goes behind its parent, and what was behind that is another branch; a deleted one goes. */
export function place(known: readonly Message[], told: readonly Message[]): Message[] {
  let messages = [...known]
  for (const message of told) {
    const at = messages.findIndex((one) => one.id === message.id)
    const parent = messages.findIndex((one) => one.id === message.parent_id)
    if (at >= 0) messages[at] = message
    else if (parent >= 0) messages = [...messages.slice(0, parent + 1), message]
    else messages.push(message)
  }
  return messages.filter((message) => message.deleted_at === null)
}

export function showMessages(sessionId: string, told: readonly Message[]): void {
  queries.setQueryData<History | null>(
    keys.history(sessionId),
    (known) => known && { ...known, messages: place(known.messages, told) },
  )
}
