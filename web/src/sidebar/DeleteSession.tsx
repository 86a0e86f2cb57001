import type { Session } from '../api/types'
import { t } from '../strings'
import { Confirm } from '../ui/Dialog'
import { dialogs } from '../ui/dialogs'
import { nameOf, useSessionActions } from './actions'

export function DeleteSession({ session }: { session: Session }) {
  const actions = useSessionActions()
  return (
    <Confirm
      open
      onOpenChange={(open) => open || dialogs.set(null)}
      title={t.sidebar.deleteTitle(nameOf(session))}
      about={session.live_run_id ? t.sidebar.deleteLive : t.sidebar.deleteAbout}
      action={t.sidebar.delete}
      onConfirm={() => actions.delete(session)}
    />
  )
}
