import { useCallback, useMemo, useState } from 'react'
import { useRoute } from 'wouter'
import { type SessionFilter, useSessions } from '../api/sessions'
import type { Session } from '../api/types'
import { t } from '../strings'
import { useCalmOrder } from './calm'
import { useToday } from './days'
import { Empty, NotLoaded, Skeleton } from './Empty'
import { Rows } from './Rows'
import { useRest } from './rest'
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
  const rest = useRest(list)
  const onRename = useCallback((session: Session | null) => setRenaming(session?.id ?? null), [])

  if (list.isError && !list.data)
    return (
      <NotLoaded
        title={t.sidebar.notLoaded}
        error={list.error}
        busy={list.isFetching}
        onAgain={list.refetch}
      />
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
      <Rows rows={lines} current={open?.id ?? null} rest={rest} heights={HEIGHTS}>
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
