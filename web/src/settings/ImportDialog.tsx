import { FileDown } from 'lucide-react'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { Unreachable } from '../api/errors'
import { importSessions } from '../api/transfer'
import type { Imported } from '../api/types'
import { addressOf } from '../sidebar/actions'
import { closeDrawer } from '../sidebar/state'
import { number, t } from '../strings'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { dialogs } from '../ui/dialogs'
import { Notice, words as wordsOf } from '../ui/Notice'
import css from './ImportDialog.module.css'

const words = t.transfer

type State =
  | { at: 'start' }
  | { at: 'sending'; name: string; part: number }
  | { at: 'done'; imported: Imported }
  | { at: 'refused'; title: string; hint: string | null }

/** Brings in an export of Squid's. */
export default function ImportDialog() {
  const [, navigate] = useLocation()
  const [state, setState] = useState<State>({ at: 'start' })
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const take = async (files: FileList | null) => {
    const file = files?.[0]
    if (!file) return
    if (files.length > 1) {
      setState({ at: 'refused', title: words.oneFile, hint: null })
      return
    }
    const abort = new AbortController()
    running.current = abort
    setState({ at: 'sending', name: file.name, part: 0 })
    try {
      const wrong = await refused(file)
      if (wrong) {
        setState({ at: 'refused', ...wrong })
        return
      }
      const onProgress = (part: number) => setState({ at: 'sending', name: file.name, part })
      setState({ at: 'done', imported: await importSessions(file, onProgress, abort.signal) })
    } catch (error) {
      if (abort.signal.aborted) setState({ at: 'start' })
      else setState({ at: 'refused', ...why(file, error) })
    }
  }

  const onDrag = (event: DragEvent) => {
    event.preventDefault()
    setOver(event.type === 'dragover')
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => open || dialogs.set(null)}
      title={words.title}
      about={words.about}
    >
      {state.at === 'sending' ? (
        <Sending name={state.name} part={state.part} onCancel={() => running.current?.abort()} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same
        <div
          className={`${css.drop} ${over ? css.over : ''}`}
          onDragOver={onDrag}
          onDragLeave={onDrag}
          onDrop={(event) => {
            onDrag(event)
            void take(event.dataTransfer.files)
          }}
        >
          <FileDown aria-hidden size="1.75em" />
          <p>{words.drop}</p>
          <Button onClick={() => input.current?.click()}>{words.choose}</Button>
          <input
            ref={input}
            type="file"
            hidden
            accept=".json,application/json"
            aria-label={words.choose}
            onChange={(event) => {
              void take(event.target.files).finally(() => {
                // The same file may be chosen again.
                if (input.current) input.current.value = ''
              })
            }}
          />
        </div>
      )}
      {state.at === 'refused' && <Notice kind="bad" title={state.title} hint={state.hint} />}
      {state.at === 'done' && (
        <Done
          imported={state.imported}
          onOpen={(id) => {
            dialogs.set(null)
            closeDrawer()
            navigate(addressOf(id))
          }}
        />
      )}
    </Dialog>
  )
}

interface SendingProps {
  name: string
  part: number
  onCancel: () => void
}

function Sending({ name, part, onCancel }: SendingProps) {
  const sent = part >= 1
  const label = sent ? words.reading : words.sending(name)
  return (
    <div className={css.sending}>
      <p role="status">{label}</p>
      {/* How long the server takes over it is not known. */}
      <progress aria-label={label} max={1} {...(sent ? {} : { value: part })} />
      <div className={css.cancel}>
        <Button onClick={onCancel}>{words.cancel}</Button>
      </div>
    </div>
  )
}

interface DoneProps {
  imported: Imported
  onOpen: (id: string) => void
}

function Done({ imported: { added, known, session_ids }, onOpen }: DoneProps) {
  const first = session_ids[0]
  const counts = [
    words.added(added.sessions, number.format(added.sessions)),
    ...(known.sessions ? [words.known(known.sessions, number.format(known.sessions))] : []),
  ]
  return (
    <Notice
      title={counts.join(', ')}
      hint={words.withThem(number.format(added.messages), number.format(added.files))}
    >
      {first !== undefined && <Button onClick={() => onOpen(first)}>{words.openFirst}</Button>}
    </Notice>
  )
}

/** What can be seen without sending it: an empty file, and one that is no JSON object. */
async function refused(file: File): Promise<{ title: string; hint: string } | null> {
  if (file.size === 0) return { title: words.empty(file.name), hint: words.emptyHint }
  const start = await file.slice(0, 100).text()
  if (start.trimStart().startsWith('{')) return null
  return { title: words.wrongKind(file.name), hint: words.wrongKindHint }
}

function why(file: File, error: unknown): { title: string; hint: string | null } {
  if (error instanceof DOMException)
    return { title: words.unreadable(file.name), hint: words.unreadableHint }
  const { title, hint } = wordsOf(error)
  const again = error instanceof Unreachable ? words.again : hint
  return {
    title: words.refused(file.name),
    hint: [title, again].filter(Boolean).join(' '),
  }
}
