import { PanelLeft } from 'lucide-react'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import css from './Sidebar.module.css'
import { CLOSER, focusSoon, OPENER, useSidebar } from './state'

/** The way back to the sessions, where they are not in sight. The frame's `--room-start`
 * says how much room it takes. */
export function OpenSidebar() {
  const { phone, open, setOpen } = useSidebar()
  // Behind a drawer it stays, to have the focus back.
  if (open && !phone) return null
  return (
    <div className={css.opener}>
      <IconButton
        id={OPENER}
        label={t.sidebar.openSidebar}
        icon={PanelLeft}
        onClick={() => {
          setOpen(true)
          if (!phone) focusSoon(CLOSER)
        }}
      />
    </div>
  )
}
