/** Lists of sessions, and what is done to one of them. */
import { type InfiniteData, useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { api, body } from './client'
import { type History, historyOf, refreshHistory } from './history'
import { forgetKept } from './kept'
import { keys, queries } from './queries'
import { readPatience } from './retry'
import type { Session, UpdateSession } from './types'

export interface SessionFilter {
  text?: string
  sort?: 'activity' | 'date' | 'title'
  order?: 'asc' | 'desc'
  archived?: boolean
  deleted?: boolean
}

interface Page {
  sessions: Session[]
  next: string | null
}

const PAGE = 100

/** A list of sessions, a page at a time (`fetchNextPage`). */
export function useSessions(filter: SessionFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.sessions, filter],
    queryFn: ({ pageParam, signal }): Promise<Page> =>
      body(
        api.GET('/api/sessions', {
          params: {
            query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal: readPatience(signal),
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
    // While a search is typed, the last list stays until the next one is there.
    placeholderData: (before) => before,
    select: together,
  })
}

/** A function of its own, so that the list is the same one as long as it is. */
const together = (list: List) => list.pages.flatMap((page) => page.sessions)

/** Whether a list with this filter has the session in it, whatever text it looks for. */
function belongs(session: Session, filter: SessionFilter): boolean {
  if (session.deleted_at !== null) return filter.deleted === true
  return !filter.deleted && (session.archived_at !== null) === Boolean(filter.archived)
}

type List = InfiniteData<Page>

/** Puts a session, as the server has just told it, wherever it is shown, and takes it from
 * the lists that it is no longer in. */
export function show(session: Session): void {
  if (session.deleted_at !== null) forgetKept(session.id)
  const put = (one: Session) =>
    one.id === session.id && one.version <= session.version ? session : one
  queries.setQueryData<History>(
    keys.history(session.id),
    (known) => known && { ...known, session: put(known.session) },
  )
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: keys.sessions })) {
    const filter = (queryKey[1] ?? {}) as SessionFilter
    queries.setQueryData<List>(
      queryKey,
      (known) =>
        known && {
          ...known,
          pages: known.pages.map((page) => ({
            ...page,
            sessions: page.sessions.map(put).filter((one) => belongs(one, filter)),
          })),
        },
    )
  }
}

/** A session as it was last told. */
export function known(id: string): Session | null {
  let newest = historyOf(id)?.session ?? null
  for (const [, list] of queries.getQueriesData<List>({ queryKey: keys.sessions }))
    for (const page of list?.pages ?? [])
      for (const session of page.sessions)
        if (session.id === id && (newest?.version ?? 0) < session.version) newest = session
  return newest
}

type Undo = () => void

/** Shows a change before the server has made it. Returns the way back. */
async function foresee(id: string, change: Partial<Session>): Promise<Undo> {
  // A list that is on its way does not have the change, and would take it back.
  await queries.cancelQueries({ queryKey: keys.sessions })
  const before = known(id)
  const lists = queries.getQueriesData<List>({ queryKey: keys.sessions })
  if (before) show({ ...before, ...change })
  return () => {
    for (const [key, list] of lists) queries.setQueryData(key, list)
    if (!before) return
    const names = Object.keys(change) as (keyof Session)[]
    const back = Object.fromEntries(names.map((name) => [name, before[name]]))
    // What the server has told meanwhile stays: it is as it is there.
    queries.setQueryData<History | null>(keys.history(id), (history) =>
      history && history.session.version <= before.version
        ? { ...history, session: { ...history.session, ...back } }
        : history,
    )
  }
}

/** How long the lists stay as they are though something has changed. */
const LISTS_MS = 300

let listsDue: ReturnType<typeof setTimeout> | undefined

/** Read the lists that are shown anew: soon, and once for all that happens until then. */
export function refreshLists(): void {
  if (listsDue !== undefined) return
  listsDue = setTimeout(() => {
    listsDue = undefined
    void queries.invalidateQueries({ queryKey: keys.sessions })
  }, LISTS_MS)
}

/** What all changes of a session have in common: they show at once, and what fails is
 * taken back. The lists are read anew either way. */
const changes = {
  onError: (_error: Error, _change: unknown, undo: Undo | undefined) => undo?.(),
  onSettled: () => void queries.invalidateQueries({ queryKey: keys.sessions }),
}

const endListeners = new Set<(sessionId: string, runId: string) => void>()

/** Calls when a run is known to be over. */
export function onRunEnd(listener: (sessionId: string, runId: string) => void): () => void {
  endListeners.add(listener)
  return () => endListeners.delete(listener)
}

/** Note that a run is over: its session may be asked something else. */
export function runEnded(sessionId: string, runId: string): void {
  const session = historyOf(sessionId)?.session
  if (session?.live_run_id === runId) show({ ...session, live_run_id: null })
  for (const listener of endListeners) listener(sessionId, runId)
  void refreshHistory(sessionId, session ? session.version + 1 : undefined)
  refreshLists()
}

/** Changes a session: its title, system prompt, model, whether it is archived, and `head`,
 * the branch that is shown. */
export function useUpdateSession() {
  return useMutation({
    ...changes,
    mutationFn: ({ id, ...change }: UpdateSession & { id: string }) =>
      body(
        api.PATCH('/api/sessions/{session_id}', {
          params: { path: { session_id: id } },
          body: change,
        }),
      ),
    onMutate: ({ id, title, archived }) =>
      foresee(id, {
        ...(typeof title === 'string' ? { title } : {}),
        ...(typeof archived === 'boolean' ? { archived_at: archived ? Date.now() : null } : {}),
      }),
    onSuccess: (session, { head }) => {
      show(session)
      if (head) void refreshHistory(session.id)
    },
  })
}

/** Puts a session into the trash. */
export function useDeleteSession() {
  return useMutation({
    ...changes,
    mutationFn: (id: string) =>
      body(api.DELETE('/api/sessions/{session_id}', { params: { path: { session_id: id } } })),
    onMutate: (id) => foresee(id, { deleted_at: Date.now() }),
    onSuccess: show,
  })
}

/** Takes a session out of the trash. */
export function useRestoreSession() {
  return useMutation({
    ...changes,
    mutationFn: (id: string) =>
      body(
        api.POST('/api/sessions/{session_id}/restore', { params: { path: { session_id: id } } }),
      ),
    onMutate: (id) => foresee(id, { deleted_at: null }),
    onSuccess: (session) => {
      show(session)
      void refreshHistory(session.id)
    },
  })
}
