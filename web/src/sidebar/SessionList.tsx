import { useCallback, useMemo, useState } from 'react'
import { useRoute } from 'wouter'
import { newSession } from '../api/history'
import { type SessionFilter, useSessions } from '../api/sessions'
import type { Session } from '../api/types'
import { type Outgoing, useBeginnings } from '../outbox/outbox'
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

const NONE: readonly Session[] = []

/** With those that are begun here and not yet at the server, so that they are found again. */
function useWithBegun(sessions: readonly Session[], { text }: SessionFilter): readonly Session[] {
  const beginnings = useBeginnings()
  return useMemo(() => {
    if (beginnings.length === 0 || text) return sessions
    const there = new Set(sessions.map(({ id }) => id))
    const begun = beginnings.filter(({ sessionId }) => !there.has(sessionId))
    return [...begun.map(sessionOf), ...sessions]
  }, [sessions, beginnings, text])
}

function sessionOf({ sessionId, newSession: made, content, createdAt }: Outgoing): Session {
  const session = newSession(sessionId, made?.system ?? null, made?.model ?? null)
  const [title = ''] = content.trim().slice(0, TITLE).split('\n')
  return { ...session, title, created_at: createdAt, active_at: createdAt }
}

/** As much of a message as a row may show. */
const TITLE = 100

/** The sessions that are not put away. */
export function SessionList({ filter }: { filter: SessionFilter }) {
  const list = useSessions(filter)
  const sessions = useWithBegun(list.data ?? NONE, filter)
  const [, open] = useRoute('/sessions/:id')
  const [renaming, setRenaming] = useState<string | null>(null)
  const today = useToday()
  const { calm, pointer } = useCalmOrder(
    sessions,
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
