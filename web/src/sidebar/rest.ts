import type { useSessions } from '../api/sessions'

/** What a list has that is not loaded yet. */
export interface Rest {
  more: boolean
  /** Whether to ask for it when one comes near. */
  due: boolean
  ask: () => void
  busy: boolean
  /** Why it did not come. */
  error: unknown
}

export function useRest(list: ReturnType<typeof useSessions>): Rest {
  const { hasNextPage, isFetching, isFetchNextPageError, error, fetchNextPage } = list
  return {
    more: hasNextPage,
    // What was refused is asked for again by whoever wants it: the page would ask without end.
    due: hasNextPage && !isFetching && !isFetchNextPageError,
    ask: fetchNextPage,
    busy: isFetching,
    error: isFetchNextPageError ? error : null,
  }
}
