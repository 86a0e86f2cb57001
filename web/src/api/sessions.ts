/** Lists of sessions, and what is done to one of them. */
import { type InfiniteData, useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { api, body } from './client'
import type { History } from './history'
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
          sessions: page.sessions.map((one) => (one.id === session.id ? session : one)),
        })),
      },
  )
}

function changed(session: Session): void {
  show(session)
  void queries.invalidateQueries({ queryKey: keys.sessions })
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
      if (head) void queries.invalidateQueries({ queryKey: keys.history(session.id) })
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
      void queries.invalidateQueries({ queryKey: keys.history(session.id) })
    },
  })
}
