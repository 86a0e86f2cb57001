import { useServer } from '../api/server'
import { focusComposer } from '../composer/focus'
import { useDraft } from '../outbox/drafts'
import { t } from '../strings'
import { Notice } from '../ui/Notice'
import css from './Welcome.module.css'

/** What one sees before anything was said; where there is no title yet, its heading is the
 * page's. */
export function Welcome({ heading: Heading = 'h2' }: { heading?: 'h1' | 'h2' }) {
  const server = useServer()
  return (
    <div className={css.welcome}>
      <Heading className={css.title}>{t.conversation.hello}</Heading>
      <p className={css.about}>{t.conversation.helloAbout}</p>
      {server && server.provider === null && (
        <Notice
          kind="warn"
          title={t.conversation.noProvider}
          hint={t.conversation.noProviderHint}
        />
      )}
    </div>
  )
}

/** Something to begin with: it is put into the box, to be changed or sent. */
export function Examples({ sessionId }: { sessionId: string | null }) {
  const [draft, setDraft] = useDraft(sessionId)
  return (
    <ul
      className={css.examples}
      aria-label={t.conversation.exampleList}
      // What somebody has written is not written over.
      data-hidden={draft !== ''}
    >
      {t.conversation.examples.map(({ title, text }) => (
        <li key={title}>
          <button
            type="button"
            className={css.example}
            onClick={() => {
              setDraft(text)
              focusComposer()
            }}
          >
            <strong>{title}</strong>
            <span>{text.trim()}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
