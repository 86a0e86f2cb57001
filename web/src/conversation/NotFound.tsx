import { type ReactNode, useEffect } from 'react'
import { useLocation } from 'wouter'
import { useRestoreSession, useSessions } from '../api/sessions'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice, sentence } from '../ui/Notice'
import { failed } from './Actions'
import css from './Conversation.module.css'
import { Header } from './Header'

/** How far into the trash it is looked for. */
const PAGES = 10

interface NotFoundProps {
  sessionId: string
  /** What was written there. */
  children?: ReactNode
}

/** There is no such session: it is in the trash, or nowhere. */
export function NotFound({ sessionId, children }: NotFoundProps) {
  const [, go] = useLocation()
  const trash = useSessions({ deleted: true })
  const restore = useRestoreSession()
  const { data, error, hasNextPage, isFetching, fetchNextPage } = trash
  const deleted = data?.find((session) => session.id === sessionId)
  const looking = data === undefined || (hasNextPage && data.length < PAGES * 100)

  useEffect(() => {
    if (!deleted && hasNextPage && looking && !isFetching && !error) void fetchNextPage()
  }, [deleted, hasNextPage, looking, isFetching, error, fetchNextPage])

  if (!deleted && looking && !error) return null
  const words = t.conversation
  return (
    <div className={css.conversation}>
      <Header session={null} />
      <div className={css.middle}>
        <h1 className={css.lost}>{deleted?.title || words.notFound}</h1>
        {deleted ? (
          <Notice kind="warn" title={words.inTrash} hint={words.inTrashHint}>
            <Button
              disabled={restore.isPending}
              onClick={() => restore.mutate(sessionId, { onError: failed })}
            >
              {words.restore}
            </Button>
          </Notice>
        ) : (
          <>
            {error ? (
              <Notice kind="warn" title={words.trashUnread} hint={sentence(error)}>
                <Button
                  disabled={isFetching}
                  onClick={() => void (data ? fetchNextPage() : trash.refetch())}
                >
                  {t.tryAgain}
                </Button>
              </Notice>
            ) : (
              <p className={css.about}>{words.notFoundHint}</p>
            )}
            <Button kind="primary" className={css.way ?? ''} onClick={() => go('/')}>
              {words.toNew}
            </Button>
          </>
        )}
      </div>
      {children}
    </div>
  )
}
