/** Lists of sessions, and what is done to one of them. */
import { type InfiniteData, useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { api, body } from './client'
import { type History, historyOf, refreshHistory } from './history'
import { keys, queries } from './queries'
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
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
    // While a search is typed, the last list stays until the next one is there.
    placeholderData: (before) => before,
    select: (data) => data.pages.flatMap((page) => page.sessions),
  })
}

/** Puts a session, as the server has just told it, wherever it is shown. */
export function show(session: Session): void {
  queries.setQueryData<History>(keys.history(session.id), (known) =>
    known && known.session.version <= session.version ? { ...known, session } : known,
  )
  queries.setQueriesData<InfiniteData<Page>>(
    { queryKey: keys.sessions },
    (known) =>
      known && {
        ...known,
        pages: known.pages.map((page) => ({
          ...page,
          sessions: page.sessions.map((one) =>
            one.id === session.id && one.version <= session.version ? session : one,
          ),
        })),
      },
  )
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

function changed(session: Session): void {
  show(session)
  void queries.invalidateQueries({ queryKey: keys.sessions })
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
    mutationFn: ({ id, ...change }: UpdateSession & { id: string }) =>
      body(
        api.PATCH('/api/sessions/{session_id}', {
          params: { path: { session_id: id } },
          body: change,
        }),
      ),
    onSuccess: (session, { head }) => {
      changed(session)
      if (head) void refreshHistory(session.id)
    },
  })
}

/** Puts a session into the trash. */
export function useDeleteSession() {
  return useMutation({
    mutationFn: (id: string) =>
      body(api.DELETE('/api/sessions/{session_id}', { params: { path: { session_id: id } } })),
    onSuccess: changed,
  })
}

/** Takes a session out of the trash. */
export function useRestoreSession() {
  return useMutation({
    mutationFn: (id: string) =>
      body(
        api.POST('/api/sessions/{session_id}/restore', { params: { path: { session_id: id } } }),
      ),
    onSuccess: (session) => {
      changed(session)
      void refreshHistory(session.id)
    },
  })
}
