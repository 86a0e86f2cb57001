/** What is done to a session from the sidebar, the palette and the lists: shown at once,
 * with a way back, and told where it did not work. */
import { useLocation } from 'wouter'
import { useDeleteSession, useRestoreSession, useUpdateSession } from '../api/sessions'
import { type ExportFormat, exportSession } from '../api/transfer'
import type { Session } from '../api/types'
import { t } from '../strings'
import { sentence } from '../ui/Notice'
import { toast } from '../ui/toasts'

export const nameOf = (session: Session) => session.title || t.sidebar.untitled
export const addressOf = (sessionId: string) => `/sessions/${encodeURIComponent(sessionId)}`

export function tellFailure(what: string, error: unknown): void {
  toast(t.sidebar.notDone(what, sentence(error)), { bad: true })
}

/** Says what has come of it. A mutation's own callbacks go with the component that asked,
 * and the row of an archived session is gone at once. */
function tell(done: Promise<unknown>, failure: string, success: () => void = () => {}): void {
  done.then(success, (error) => tellFailure(failure, error))
}

export function useSessionActions() {
  const [, navigate] = useLocation()
  const update = useUpdateSession().mutateAsync
  const remove = useDeleteSession().mutateAsync
  const bring = useRestoreSession().mutateAsync
  const open = (session: Session) => ({
    label: t.sidebar.open,
    run: () => navigate(addressOf(session.id)),
  })

  return {
    rename: (session: Session, title: string) =>
      tell(update({ id: session.id, title }), t.sidebar.notRenamed),
    archive: (session: Session) => {
      const { id } = session
      const run = () => tell(update({ id, archived: false }), t.sidebar.notUnarchived)
      tell(update({ id, archived: true }), t.sidebar.notArchived, () =>
        toast(t.sidebar.archived(nameOf(session)), { action: { label: t.undo, run } }),
      )
    },
    unarchive: (session: Session) =>
      tell(update({ id: session.id, archived: false }), t.sidebar.notUnarchived, () =>
        toast(t.sidebar.unarchived(nameOf(session)), { action: open(session) }),
      ),
    delete: (session: Session) => {
      const { id } = session
      const run = () => tell(bring(id), t.sidebar.notRestored)
      if (location.pathname === addressOf(id)) navigate('/')
      tell(remove(id), t.sidebar.notDeleted, () =>
        toast(t.sidebar.deleted(nameOf(session)), { action: { label: t.undo, run } }),
      )
    },
    restore: (session: Session) =>
      tell(bring(session.id), t.sidebar.notRestored, () =>
        toast(t.sidebar.restored(nameOf(session)), { action: open(session) }),
      ),
    export: (session: Session, format: ExportFormat) =>
      tell(exportSession(session, format), t.sidebar.notExported),
  }
}
