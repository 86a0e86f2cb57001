import { t } from '../strings'
import { Dialog } from '../ui/Dialog'
import { dialogs } from '../ui/dialogs'
import { Keys } from './Keys'
import css from './palette.module.css'
import { SHORTCUTS, type ShortcutName } from './shortcuts'

const LABELS: Record<ShortcutName, string> = {
  ...t.palette,
  commands: t.palette.commandsHere,
}

export default function Shortcuts() {
  return (
    <Dialog open onOpenChange={(open) => open || dialogs.set(null)} title={t.shortcuts.title}>
      <dl className={css.shortcuts}>
        {(Object.keys(SHORTCUTS) as ShortcutName[]).map((name) => (
          <div key={name}>
            <dt>{LABELS[name]}</dt>
            <dd>
              <Keys of={name} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
