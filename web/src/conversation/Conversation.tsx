import { useMemo } from 'react'
import { type History, useHistory } from '../api/history'
import { useUpdateSession } from '../api/sessions'
import { Composer } from '../composer/Composer'
import { useOutgoing } from '../outbox/outbox'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice, words } from '../ui/Notice'
import { failed } from './Actions'
import { Announcements } from './Announcements'
import css from './Conversation.module.css'
import { Header } from './Header'
import { NotFound } from './NotFound'
import { rowsOf } from './rows'
import { Thread } from './Thread'
import { Examples, Welcome } from './Welcome'

/** One session, or the beginning of a new one (null). */
export function Conversation({ sessionId }: { sessionId: string | null }) {
  return sessionId === null ? <New /> : <Open sessionId={sessionId} />
}

function New() {
  return (
    <div className={css.conversation}>
      <Header session={null} />
      <div className={css.empty}>
        <Welcome heading="h1" />
        <div className={css.composer}>
          <Composer sessionId={null} />
        </div>
        <Examples sessionId={null} />
      </div>
    </div>
  )
}

const NONE: History['messages'] = []

function Open({ sessionId }: { sessionId: string }) {
  const { data: history, error, refetch } = useHistory(sessionId)
  const outgoing = useOutgoing(sessionId)
  const messages = history?.messages ?? NONE
  const rows = useMemo(() => rowsOf(messages, outgoing), [messages, outgoing])

  if (history === null && !outgoing.some((one) => one.newSession))
    return (
      <NotFound sessionId={sessionId}>
        {outgoing.length > 0 && (
          <div className={css.foot}>
            <div className={css.composer}>
              <Composer sessionId={sessionId} />
            </div>
          </div>
        )}
      </NotFound>
    )
  const session = history?.session ?? null
  const empty = history !== undefined && rows.length === 0 && outgoing.length === 0
  return (
    <div className={css.conversation}>
      <Header session={session} />
      {session?.archived_at != null && <Archived sessionId={sessionId} />}
      {history === undefined && !error && <Loading />}
      {history === undefined && error && (
        <div className={css.middle}>
          <Notice kind="bad" {...words(error)}>
            <Button onClick={() => void refetch()}>{t.tryAgain}</Button>
          </Notice>
        </div>
      )}
      {rows.length > 0 && (
        <Thread
          sessionId={sessionId}
          rows={rows}
          older={history?.older ?? false}
          busy={session?.live_run_id != null}
        />
      )}
      <div className={empty ? css.empty : css.foot}>
        {empty && <Welcome />}
        <div key="composer" className={css.composer}>
          <Composer sessionId={sessionId} />
        </div>
        {empty && <Examples sessionId={sessionId} />}
      </div>
      <Announcements messages={messages} />
    </div>
  )
}

function Archived({ sessionId }: { sessionId: string }) {
  const update = useUpdateSession()
  return (
    <div className={css.notice}>
      <Notice title={t.conversation.archived} hint={t.conversation.archivedHint}>
        <Button
          disabled={update.isPending}
          onClick={() => update.mutate({ id: sessionId, archived: false }, { onError: failed })}
        >
          {t.conversation.unarchive}
        </Button>
      </Notice>
    </div>
  )
}

/** Seen only where it takes a moment. */
function Loading() {
  return (
    <div className={css.loading} role="status" aria-label={t.conversation.loading}>
      <span className={css.question} />
      <span />
      <span />
      <span />
    </div>
  )
}
