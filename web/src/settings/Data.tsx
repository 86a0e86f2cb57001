import { useRoute } from 'wouter'
import { useServer } from '../api/server'
import { known } from '../api/sessions'
import { clearAttached } from '../composer/attached'
import { clearDrafts } from '../outbox/drafts'
import { useSessionActions } from '../sidebar/actions'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { dialogs } from '../ui/dialogs'
import { toast } from '../ui/toasts'
import css from './SettingsDialog.module.css'

const words = t.settings

/** What goes in and out of this server and this browser. */
export function Data() {
  const transfer = useServer()?.features.transfer ?? false
  const actions = useSessionActions()
  const [, open] = useRoute('/sessions/:id')
  const session = open ? known(open.id) : null
  return (
    <section className={css.section}>
      <h3>{words.data}</h3>
      {transfer && (
        <>
          <div className={css.line}>
            <p className={css.about}>{words.importAbout}</p>
            <Button onClick={() => dialogs.set({ name: 'import' })}>{words.import}</Button>
          </div>
          <div className={css.line}>
            <p className={css.about}>{session ? words.exportAbout : words.exportNone}</p>
            {session && (
              <div className={css.buttons}>
                <Button onClick={() => actions.export(session, 'json')}>{words.exportJson}</Button>
                <Button onClick={() => actions.export(session, 'markdown')}>
                  {words.exportMarkdown}
                </Button>
              </div>
            )}
          </div>
        </>
      )}
      <div className={css.line}>
        <p className={css.about}>{words.draftsAbout}</p>
        <Button
          onClick={() => {
            clearDrafts()
            clearAttached()
            toast(words.draftsCleared)
          }}
        >
          {words.drafts}
        </Button>
      </div>
    </section>
  )
}
