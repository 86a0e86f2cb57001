import { lazy, Suspense, useEffect } from 'react'
import { DeleteSession } from './sidebar/DeleteSession'
import { t } from './strings'
import { dialogs } from './ui/dialogs'
import { toast } from './ui/toasts'

/** A dialog that is loaded when it is first wanted. */
function later(load: () => Promise<{ default: () => React.ReactNode }>) {
  return lazy(() => load().catch(() => ({ default: NotLoaded })))
}

/** The server was away, or has another version by now. A browser may not ask again, so it is
 * said each time. */
function NotLoaded() {
  useEffect(() => {
    const run = () => location.reload()
    toast(t.app.notLoaded, { bad: true, action: { label: t.app.reload, run } })
    dialogs.set(null)
  }, [])
  return null
}

const Palette = later(() => import('./palette/Palette'))
const Shortcuts = later(() => import('./palette/Shortcuts'))
const SettingsDialog = later(() => import('./settings/SettingsDialog'))
const ImportDialog = later(() => import('./settings/ImportDialog'))

export function Dialogs() {
  const shown = dialogs.use()
  return (
    <Suspense>
      {shown?.name === 'delete' && <DeleteSession session={shown.session} />}
      {shown?.name === 'commands' && <Palette />}
      {shown?.name === 'shortcuts' && <Shortcuts />}
      {shown?.name === 'settings' && <SettingsDialog />}
      {shown?.name === 'import' && <ImportDialog />}
    </Suspense>
  )
}
