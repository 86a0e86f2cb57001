import { Play } from 'lucide-react'
import { v7 as uuid } from 'uuid'
import { useContinue } from '../api/messages'
import type { Message } from '../api/types'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { failed } from './Actions'
import { focusMessage } from './AnswerActions'
import css from './Message.module.css'

interface EndingProps {
  message: Message
  /** Whether there is neither a word in it nor a tool. */
  nothing: boolean
  last: boolean
  busy: boolean
}

/** How an answer ended, where that was before its end or its beginning, and how to go on. */
export function Ending({ message, nothing, last, busy }: EndingProps) {
  const { status, error, stop_reason } = message
  const words = t.conversation
  // The server goes on with an answer that nothing follows.
  const button = last && message.purged_at === null && (
    <Continue message={message} disabled={busy} />
  )
  if (status === 'error')
    return (
      <div className={css.notice}>
        <Notice kind="bad" title={error?.detail ?? words.failed} hint={error?.hint ?? null}>
          {button}
        </Notice>
      </div>
    )
  if (status === 'interrupted')
    return (
      <div className={css.notice}>
        <Notice kind="warn" title={words.interrupted} hint={error?.hint ?? words.interruptedHint}>
          {button}
        </Notice>
      </div>
    )
  const none = nothing && message.purged_at === null
  const said =
    status === 'stopped'
      ? words.stopped
      : stop_reason === 'max_tokens'
        ? words.cutOff
        : none
          ? (words.nothingBecause[stop_reason ?? ''] ?? words.nothing)
          : null
  if (said === null) return null
  const goesOn = status === 'stopped' || stop_reason === 'max_tokens'
  return (
    <div className={css.ending}>
      {said}
      {goesOn && button}
    </div>
  )
}

function Continue({ message, disabled }: { message: Message; disabled: boolean }) {
  const go = useContinue()
  return (
    <Button
      disabled={disabled || go.isPending}
      onClick={(event) => {
        focusMessage(event)
        go.mutate({ message, runId: uuid() }, { onError: failed })
      }}
    >
      <Play aria-hidden size="1em" />
      {t.conversation.continue}
    </Button>
  )
}
