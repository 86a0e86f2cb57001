import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { editAgain } from '../conversation/editing'
import { draftOf, keepDraft, useDraft } from '../outbox/drafts'
import type { Outgoing } from '../outbox/outbox'
import { t } from '../strings'
import { toast } from '../ui/toasts'
import { AttachedFiles } from './AttachedFiles'
import { listOf, useAttachedCount } from './attached'
import { attachBack, detach, resume } from './attachments'
import css from './Card.module.css'
import { Controls } from './Controls'
import { useDrops } from './drops'
import { finger } from './keys'
import { chooseSystem } from './newSession'
import { Refusals } from './Refusals'
import { useSending } from './sending'
import { useStopping } from './stopping'
import { useTaking } from './taking'
import { takeLast, Waiting } from './Waiting'
import { Writing } from './Writing'

export interface CardProps {
  sessionId: string | null
  model: string | null
  system: string | null
  outgoing?: readonly Outgoing[]
  /** The answer that is being written. */
  runId?: string | null
  /** Not there where the session cannot be changed yet. */
  onModel?: (model: string | null) => void
  onSystem?: (system: string | null) => Promise<unknown>
}

const NONE: readonly Outgoing[] = []
/** A text of this size can still be worked with in a box; one of nine million signs keeps
 * Chromium busy for more than half a minute. */
const MOST_IN_BOX = 500_000

/** The text, its files, and what is done with them. */
export function Card({ sessionId, outgoing = NONE, runId = null, ...props }: CardProps) {
  const box = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useDraft(sessionId)
  const files = useAttachedCount(sessionId)
  const [, navigate] = useLocation()
  const { take, taken, room, limits, refusals, setRefusals } = useTaking(sessionId)
  const send = useSending({ ...props, sessionId, limits, setRefusals })
  const { stop, stopping } = useStopping(runId)
  const focus = () => box.current?.focus({ preventScroll: true })
  /** On a phone, that would bring up the keyboard. */
  const goOn = () => void (finger() || focus())

  useDrops((found) => void take(found))
  useEffect(() => void resume(sessionId), [sessionId])

  // biome-ignore lint/correctness/useExhaustiveDependencies: when another session opens
  useEffect(() => {
    if (!finger() && !isWriting()) box.current?.focus({ preventScroll: true })
  }, [sessionId])

  async function submit() {
    const words = draftOf(sessionId)
    // What was dropped a moment ago goes along.
    await taken()
    const now = draftOf(sessionId)
    // It was sent meanwhile, or what is written goes on behind it.
    if (now.startsWith(words) && send(words)) setText(now.slice(words.length))
    goOn()
  }

  /** Whether it was all that there is of its session, which then is none. */
  const wasAll = (message: Outgoing | null) =>
    !!message?.newSession && outgoing.length === 1 && !props.onModel

  /** Puts what was taken back in front of what is written, and destroys nothing. */
  function edit(message: Outgoing) {
    if (editAgain(message)) return
    if (wasAll(message)) return again(message)
    setText([message.content, text].filter(Boolean).join('\n\n'))
    attachBack(sessionId, message.attachments)
    focus()
    const end = message.content.length
    requestAnimationFrame(() => box.current?.setSelectionRange(end, end))
  }

  /** It begins another one. */
  function again({ content, attachments, newSession }: Outgoing) {
    keepDraft(null, [content, text, draftOf(null)].filter(Boolean).join('\n\n'))
    setText('')
    attachBack(null, attachments)
    if (newSession?.system) chooseSystem(newSession.system)
    navigate('/')
  }

  /** A long paste is a file, unless the person wants it as text and the box can hold it. */
  async function takeLong(long: string, small: boolean) {
    const file = new File([long], t.composer.pasted, { type: 'text/plain' })
    await take({ files: [file], folders: [] })
    const there = listOf(sessionId).find((one) => one.blob === file)
    if (!there) return
    const run = () => {
      insert(long)
      detach(sessionId, there.id)
    }
    toast(t.composer.pastedAsFile, small ? { action: { label: t.composer.asText, run } } : {})
  }

  function onLongText(long: string, wantsText: boolean): boolean {
    const small = long.length <= MOST_IN_BOX
    if (small && (wantsText || room() === 0)) return false
    void takeLong(long, small)
    return true
  }

  /** The box may be gone, where another session is open by now; the text goes to this one. */
  function insert(more: string) {
    const area = box.current
    if (!area) {
      keepDraft(sessionId, [draftOf(sessionId), more].filter(Boolean).join('\n\n'))
      return
    }
    area.setRangeText(more, area.selectionStart, area.selectionEnd, 'end')
    setText(area.value)
    focus()
  }

  return (
    <div className={css.composer}>
      <Waiting
        messages={outgoing}
        onEdit={edit}
        onRemoved={(message) => {
          if (wasAll(message)) navigate('/')
          goOn()
        }}
      />
      <Refusals
        refusals={refusals}
        onDismiss={() => {
          setRefusals([])
          goOn()
        }}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the text has its keys; this is for a pointer that misses it */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
      <div
        className={css.card}
        onClick={(event) => event.target === event.currentTarget && focus()}
      >
        <AttachedFiles sessionId={sessionId} onRemoved={goOn} />
        <Writing
          box={box}
          text={text}
          onText={setText}
          onSend={submit}
          onStop={stop}
          onBack={() => {
            const last = files === 0 ? takeLast(outgoing) : null
            if (last) edit(last)
          }}
          onFiles={(found) => void take(found)}
          onLongText={onLongText}
        />
        <Controls
          {...props}
          live={runId !== null}
          stopping={stopping}
          empty={!text.trim() && files === 0}
          onStop={() => {
            stop()
            goOn()
          }}
          onSend={submit}
          onFiles={(chosen) => void take({ files: chosen, folders: [] })}
          onDone={focus}
        />
      </div>
    </div>
  )
}

/** Whether somebody is writing elsewhere, such as a title. */
function isWriting(): boolean {
  const at = document.activeElement
  return at?.matches('input, textarea, [contenteditable], [role=dialog] *') ?? false
}
