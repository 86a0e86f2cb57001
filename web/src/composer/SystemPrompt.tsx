import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import { t } from '../strings'
import { Button, IconButton } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { Notice, words } from '../ui/Notice'
import { finger } from './keys'
import css from './SystemPrompt.module.css'

/** Where the focus goes when the dialog opens. */
const focused = (area: HTMLTextAreaElement | null) => area?.focus()

interface SystemPromptProps {
  system: string | null
  /** Not there where it cannot be changed yet. */
  onChange: ((system: string | null) => Promise<unknown>) | undefined
  onDone: () => void
}

/** What the model is told first. A mark says that it is not the server's own. */
export function SystemPrompt({ system, onChange, onDone }: SystemPromptProps) {
  const [open, setOpen] = useState(false)
  // What was written stays if the dialog is closed by mistake.
  const [written, setWritten] = useState<string | null>(null)
  const [saving, setSaving] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function save(next: string | null) {
    setSaving(true)
    try {
      await onChange?.(next)
      setError(null)
      setWritten(null)
      setOpen(false)
    } catch (error) {
      setError(error)
    } finally {
      setSaving(false)
    }
  }

  const text = written ?? system ?? ''
  const submit = () => void save(text.trim() ? text : null)
  return (
    <>
      <span className={css.button}>
        <IconButton
          label={t.composer.system}
          icon={ScrollText}
          disabled={!onChange}
          {...(system !== null && { 'aria-description': t.composer.systemSet })}
          onClick={() => setOpen(true)}
        />
        {system !== null && <span className={css.mark} />}
      </span>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={t.composer.system}
        about={t.composer.systemAbout}
        onCloseAutoFocus={(event) => {
          if (finger()) return
          event.preventDefault()
          onDone()
        }}
      >
        <textarea
          ref={focused}
          className={css.text}
          aria-label={t.composer.system}
          placeholder={t.composer.systemPlaceholder}
          dir="auto"
          rows={8}
          value={text}
          onChange={(event) => setWritten(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
          }}
        />
        {error !== null && <Notice kind="bad" {...words(error)} />}
        <div className={css.actions}>
          {written !== null && written !== (system ?? '') && (
            <span className={css.unsaved}>{t.composer.systemUnsaved}</span>
          )}
          <Button kind="quiet" disabled={saving} onClick={() => void save(null)}>
            {t.composer.systemDefault}
          </Button>
          <Button kind="primary" disabled={saving} onClick={submit}>
            {t.composer.save}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
