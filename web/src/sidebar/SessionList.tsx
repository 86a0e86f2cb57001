import { useCallback, useMemo, useState } from 'react'
import { useRoute } from 'wouter'
import { type SessionFilter, useSessions } from '../api/sessions'
import type { Session } from '../api/types'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { words } from '../ui/Notice'
import { useCalmOrder } from './calm'
import { useToday } from './days'
import { Empty, Skeleton } from './Empty'
import { Rows } from './Rows'
import { rows } from './rows'
import { SessionRow } from './SessionRow'

const HEIGHTS = { fine: 2.125, coarse: 2.75 }
const TIMES = {
  activity: (session: Session) => session.active_at,
  date: (session: Session) => session.created_at,
}

/** The sessions that are not put away. */
export function SessionList({ filter }: { filter: SessionFilter }) {
  const list = useSessions(filter)
  const [, open] = useRoute('/sessions/:id')
  const [renaming, setRenaming] = useState<string | null>(null)
  const today = useToday()
  const { calm, pointer } = useCalmOrder(
    list.data ?? [],
    list.isPlaceholderData ? null : JSON.stringify(filter),
  )
  const sort = filter.sort ?? 'activity'
  const lines = useMemo(
    () => rows(calm, sort === 'title' ? null : TIMES[sort], today),
    [calm, sort, today],
  )
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = list
  const onMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const onRename = useCallback((session: Session | null) => setRenaming(session?.id ?? null), [])

  if (list.isError && !list.data)
    return (
      <Empty title={t.sidebar.notLoaded} hint={hintOf(list.error)} alert>
        <Button onClick={() => list.refetch()}>{t.tryAgain}</Button>
      </Empty>
    )
  if (!list.data) return <Skeleton />
  if (!lines.length)
    return filter.text ? (
      <Empty title={t.sidebar.nothing(filter.text)} hint={t.sidebar.nothingHint} />
    ) : (
      <Empty title={t.sidebar.none} hint={t.sidebar.noneHint} />
    )
  return (
    <div {...pointer} style={{ display: 'contents' }}>
      <Rows
        rows={lines}
        current={open?.id ?? null}
        more={hasNextPage}
        onMore={onMore}
        heights={HEIGHTS}
      >
        {(session, stop) => (
          <SessionRow
            session={session}
            current={session.id === open?.id}
            stop={stop}
            renaming={session.id === renaming}
            onRename={onRename}
          />
        )}
      </Rows>
    </div>
  )
}

function hintOf(error: unknown): string {
  const { title, hint } = words(error)
  return hint ? `${title} ${hint}` : title
}
