import { Pencil, RotateCw, Trash2 } from 'lucide-react'
import { type Outgoing, send, sendAgain, takeBack, waits } from '../outbox/outbox'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { toast } from '../ui/toasts'
import css from './Waiting.module.css'

/** Take the last one back, if there is one. */
export function takeLast(messages: readonly Outgoing[]): Outgoing | null {
  const last = messages.findLast(waits)
  return last ? takeBack(last.id) : null
}

interface WaitingProps {
  messages: readonly Outgoing[]
  onEdit: (message: Outgoing) => void
  /** After one was removed, and its button with it; null where it had gone out. */
  onRemoved: (message: Outgoing | null) => void
}

/** What is written and has not gone out, in the order in which it will. */
export function Waiting({ messages, onEdit, onRemoved }: WaitingProps) {
  const shown = messages.filter(waits)
  if (!shown.length) return null

  function back(id: string): Outgoing | null {
    const taken = takeBack(id)
    if (!taken) toast(t.composer.gone)
    return taken
  }

  function remove(id: string) {
    const taken = back(id)
    onRemoved(taken)
    if (!taken) return
    const { id: _, state: __, tried: ___, problem: ____, createdAt: _____, ...draft } = taken
    toast(t.composer.removed, { action: { label: t.undo, run: () => void send(draft) } })
  }

  return (
    <ul className={css.waiting} aria-label={t.composer.waiting}>
      {shown.map((message) => (
        <li key={message.id} className={css.message} data-state={message.state}>
          <div className={css.words}>
            <p className={css.text} dir="auto">
              {/* Enough of it for two lines. */}
              {message.content.slice(0, 300) || t.composer.onlyFiles(message.attachments.length)}
            </p>
            <p className={css.state}>
              {message.edits !== null && `${t.composer.edited} · `}
              {stateOf(message)}
              {message.content &&
                message.attachments.length > 0 &&
                ` · ${t.composer.fileCount(message.attachments.length)}`}
            </p>
          </div>
          {message.state === 'refused' && (
            <IconButton
              label={t.composer.sendAgain}
              icon={RotateCw}
              onClick={() => sendAgain(message.id)}
            />
          )}
          <IconButton
            label={t.composer.edit}
            icon={Pencil}
            onClick={() => {
              const taken = back(message.id)
              if (taken) onEdit(taken)
            }}
          />
          <IconButton
            label={t.composer.removeWaiting}
            icon={Trash2}
            onClick={() => remove(message.id)}
          />
        </li>
      ))}
    </ul>
  )
}

function stateOf({ state, edits, problem }: Outgoing): string {
  if (state === 'refused')
    return [problem?.detail ?? t.wentWrong, problem?.hint].filter(Boolean).join(' ')
  // An edit that is tried again still waits; of what else is on its way, the files take time.
  return t.composer.states[state === 'sending' && edits !== null ? 'waiting' : state]
}
