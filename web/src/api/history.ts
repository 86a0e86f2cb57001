/** A conversation as far as it is loaded: the newest messages of the shown branch, and
 * older ones once somebody has scrolled up to them. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, body, found } from './client'
import { keys, queries } from './queries'
import { readPatience } from './retry'
import type { Message, Session, SessionView, StartedRun } from './types'

export interface History {
  session: Session
  /** Oldest first, without a gap up to the end of the branch. */
  messages: Message[]
  /** Whether there are older ones. */
  older: boolean
  /** As of which version of the session the messages are. Of the session itself a later one
   * may be told, as by a change of its title; others may have said something before that. */
  read: number
  /** Whether it is from this browser and not from the server, which may say otherwise of all
   * of it. */
  kept?: true
}

/** How many older messages are loaded at once. */
const PAGE = 100
/** How many pages are looked through for what is loaded already, before it is given up. */
const FAR = 3
/** How often a session is read that changes while it is read. */
const READS = 3

export function historyOf(sessionId: string): History | null | undefined {
  return queries.getQueryData<History | null>(keys.history(sessionId))
}

/** Put a session's newest page behind what is loaded already.
 *
 * Messages are a tree, so what is before a message is the same whatever happened behind
 * it: where the page's first one is loaded, all before it stays. Where it is not, another
 * branch is shown, or more was said than a page holds, and the page is all there is.
 */
export function splice(known: History | null | undefined, newest: SessionView): History {
  const first = newest.messages[0]?.id
  const kept = known?.messages.findIndex((message) => message.id === first) ?? -1
  const read = newest.session.version
  if (!known || kept < 0 || first === undefined) return { ...newest, read }
  return {
    session: newest.session,
    messages: [...known.messages.slice(0, kept), ...newest.messages],
    older: kept > 0 ? known.older : newest.older,
    read,
  }
}

/** How a session is read. Whoever looks at it says so: the last one who does is asked when
 * it is to be read again. */
const query = (sessionId: string) =>
  queryOptions({
    queryKey: keys.history(sessionId),
    queryFn: ({ signal }) => readHistory(sessionId, readPatience(signal)),
  })

/** A session with its messages: undefined until it is there, null where there is none. */
export const useHistory = (sessionId: string) => useQuery(query(sessionId))

/** The title of a session that somebody else reads; empty until they have. */
export function useTitle(sessionId: string): string {
  const { data } = useQuery({
    ...query(sessionId),
    enabled: false,
    select: (history) => history?.session.title ?? '',
  })
  return data ?? ''
}

async function readHistory(sessionId: string, signal: AbortSignal): Promise<History | null> {
  let newest = await readNewest(sessionId, signal)
  // What was done meanwhile has been shown already, and is not to be taken back.
  for (let reads = 1; newest && isOld(newest.session) && reads < READS; reads += 1)
    newest = await readNewest(sessionId, signal)
  const known = historyOf(sessionId)
  return newest && splice(known?.kept ? null : known, newest)
}

const isOld = (session: Session) => session.version < (historyOf(session.id)?.session.version ?? 0)

/** The newest page; or several, as far up as what is loaded, so that who reads up there
 * stays where they are. */
async function readNewest(sessionId: string, signal: AbortSignal): Promise<SessionView | null> {
  const newest = await found(
    api.GET('/api/sessions/{session_id}', { params: { path: { session_id: sessionId } }, signal }),
  )
  const loaded = historyOf(sessionId)
  // Messages are what they were, unless nobody has said so since the page was loaded: then
  // all are read that are shown.
  const met = loaded?.kept ? loaded.messages.slice(0, 1) : loaded?.messages
  const known = new Set(met?.map((message) => message.id))
  if (!newest || known.size === 0) return newest
  let view = newest
  for (let pages = 0; pages < FAR; pages += 1) {
    const first = view.messages[0]?.id
    if (!view.older || first === undefined) return newest
    if (known.has(first)) return view
    const page = await readBefore(sessionId, first, signal)
    view = { ...view, messages: [...page.messages, ...view.messages], older: page.older }
    const met = page.messages.findIndex((message) => known.has(message.id))
    if (met >= 0) return { ...view, messages: view.messages.slice(met), older: true }
  }
  return newest
}

function readBefore(sessionId: string, before: string, signal?: AbortSignal, limit = PAGE) {
  return body(
    api.GET('/api/sessions/{session_id}/messages', {
      params: { path: { session_id: sessionId }, query: { before, limit } },
      ...(signal ? { signal } : {}),
    }),
  )
}

/** What is asked of sessions that are being read anew: as of which version, and whether
 * anew in any case, since that was asked. */
const wanted = new Map<string, { version: number; anew: boolean }>()

/** Read the end of a session anew, unless that version is known already. One that nobody
 * looks at is read when somebody does. */
export async function refreshHistory(sessionId: string, version?: number): Promise<void> {
  const anew = version === undefined
  const already = wanted.get(sessionId)
  if (already) {
    already.version = Math.max(already.version, version ?? 0)
    already.anew ||= anew
    return
  }
  const want = { version: version ?? 0, anew }
  wanted.set(sessionId, want)
  try {
    for (let reads = 0; reads < READS || want.anew; reads += 1) {
      if (!want.anew && (historyOf(sessionId)?.read ?? -1) >= want.version) return
      const told = want.version
      if (!(await readAnew(sessionId, want))) return // it is read later
      if (want.version > told) reads = 0
    }
  } finally {
    wanted.delete(sessionId)
  }
}

/** False where nobody looks at it. */
async function readAnew(sessionId: string, want: { anew: boolean }): Promise<boolean> {
  const queryKey = keys.history(sessionId)
  // What is being read just now may be it, or from before: that is seen from its version.
  const reading = queries.getQueryCache().find({ queryKey, fetchStatus: 'fetching' })?.promise
  if (reading) {
    await reading.catch(() => {})
    return true
  }
  want.anew = false
  await queries.invalidateQueries({ queryKey })
  return !queries.getQueryState(queryKey)?.isInvalidated
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
  const first = historyOf(sessionId)?.messages[0]?.id
  if (first === undefined) return
  const page = await readBefore(sessionId, first)
  queries.setQueryData<History | null>(keys.history(sessionId), (known) =>
    // Another branch may have been shown meanwhile.
    known?.messages[0]?.id === first
      ? { ...known, messages: [...page.messages, ...known.messages], older: page.older }
      : known,
  )
}

/** Put messages, as the server has just told them, in their places. One that is not loaded
 * goes behind its parent, or in the place of its sibling, and what was behind that is
 * another branch; a deleted one goes. */
export function place(known: readonly Message[], told: readonly Message[]): Message[] {
  let messages = [...known]
  for (const message of told) {
    const at = messages.findIndex((one) => one.id === message.id)
    const parent = messages.findIndex((one) => one.id === message.parent_id)
    const sibling = messages.findIndex((one) => message.siblings.includes(one.id))
    if (at >= 0) messages[at] = later(messages[at] as Message, message)
    else if (message.deleted_at !== null) continue
    else if (parent >= 0) messages = [...messages.slice(0, parent + 1), message]
    else if (sibling >= 0) messages = [...messages.slice(0, sibling), message]
    else messages.push(message)
  }
  return messages.filter((message) => message.deleted_at === null)
}

const writing = (message: Message) => message.status === 'pending' || message.status === 'streaming'

/** The later one of what was told of a message: answers to requests may overtake each other,
 * and a run only ever goes forward. */
function later(known: Message, told: Message): Message {
  if (told.run_id !== known.run_id || !writing(told)) return told
  if (!writing(known) || (told.run_event ?? 0) < (known.run_event ?? 0)) return known
  return told
}

/** Show what has begun: the question, where it is new, and the empty answer. One that was sent
 * twice is told as it was, and may stand far up by now. */
export function showTurn({ session, messages: told }: StartedRun): void {
  const { id, version } = session
  queries.setQueryData<History | null>(keys.history(id), (known) => {
    if (known === undefined) return undefined
    // Looked for before it was made.
    if (known === null)
      return { session, messages: told, older: told[0]?.parent_id != null, read: 0 }
    const there = new Set(known.messages.map((message) => message.id))
    const news = version > known.session.version
    return {
      ...known,
      messages: place(known.messages, news ? told : told.filter((one) => there.has(one.id))),
      read: version === known.read + 1 ? version : known.read,
    }
  })
}

export function showMessages(sessionId: string, told: readonly Message[]): void {
  queries.setQueryData<History | null>(
    keys.history(sessionId),
    (known) => known && { ...known, messages: place(known.messages, told) },
  )
}

/** Behind how many messages from the end one may be outside of the newest page. */
const TAIL = 40

let refreshes = 0

/** Read a message anew that the newest page may not have: one that is loaded further up,
 * one that was deleted, or that was taken out of the trash. Where the server is away, it is
 * read when it is back. */
export async function refreshMessage(sessionId: string, messageId: string): Promise<void> {
  refreshes += 1
  await queries
    .fetchQuery({
      queryKey: [...keys.message(messageId), refreshes],
      queryFn: () => rereadMessage(sessionId, messageId).then(() => null),
      gcTime: 0,
    })
    .catch(() => {}) // refused: the next one who looks is told why
}

async function rereadMessage(sessionId: string, messageId: string): Promise<void> {
  const messages = historyOf(sessionId)?.messages ?? []
  const at = messages.findIndex((message) => message.id === messageId)
  if (messages.length <= TAIL || at >= messages.length - TAIL) return
  // Whoever stands in the same place tells how many there are.
  const beside = messages
    .slice(0, -TAIL)
    .filter(({ id, siblings }) => id === messageId || siblings.includes(messageId))
  for (const { id } of beside) {
    const message = await found(
      api.GET('/api/messages/{message_id}', { params: { path: { message_id: id } } }),
    )
    if (message) showMessages(sessionId, [message])
  }
  if (at < 0) await bringBack(sessionId, messageId)
}

/** Show a message that is not loaded where it stands between those that are. */
async function bringBack(sessionId: string, messageId: string): Promise<void> {
  const behind = await found(
    api.GET('/api/sessions/{session_id}/messages', {
      params: { path: { session_id: sessionId }, query: { after: messageId, limit: 1 } },
    }),
  )
  const next = behind?.messages[0]?.id
  if (!historyOf(sessionId)?.messages.some((message) => message.id === next) || !next) return
  const { messages } = await readBefore(sessionId, next, undefined, 1)
  const message = messages[0]
  // A message of another branch is not before it.
  if (message?.id !== messageId) return
  queries.setQueryData<History | null>(keys.history(sessionId), (known) => {
    const at = known?.messages.findIndex((one) => one.id === next) ?? -1
    if (!known || at < 0 || known.messages.some((one) => one.id === messageId)) return known
    return { ...known, messages: known.messages.toSpliced(at, 0, message) }
  })
}

/** A session that is about to be made. Its version is older than any that the server will
 * tell. */
export function newSession(id: string, system: string | null, model: string | null): Session {
  const at = Date.now()
  return {
    id,
    title: '',
    system,
    model,
    head: null,
    message_count: 0,
    input_tokens: 0,
    output_tokens: 0,
    live_run_id: null,
    version: 0,
    created_at: at,
    active_at: at,
    archived_at: null,
    deleted_at: null,
  }
}

/** Show one, so that it can be looked at already. */
export function showNew(id: string, system: string | null, model: string | null): void {
  if (historyOf(id)) return
  const queryKey = keys.history(id)
  void queries.cancelQueries({ queryKey })
  queries.setQueryData<History>(queryKey, {
    session: newSession(id, system, model),
    messages: [],
    older: false,
    read: 0,
  })
}
