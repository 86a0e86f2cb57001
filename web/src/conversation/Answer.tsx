import type { Message, ToolCall } from '../api/types'
import { isLive, type Answer as Told } from '../live/answer'
import { useAnswer } from '../live/runs'
import { Markdown } from '../markdown/Markdown'
import { SourceOpener } from '../markdown/SourceOpener'
import { Sources } from '../markdown/Sources'
import { number, t } from '../strings'
import { Actions } from './Actions'
import { AnswerActions } from './AnswerActions'
import { Ending } from './Ending'
import { Purged } from './Message'
import css from './Message.module.css'
import { Reasoning } from './Reasoning'
import { Tool } from './Tool'
import { useSeconds } from './useSeconds'

interface AnswerProps {
  message: Message
  /** What it called, once it is over. */
  called: readonly ToolCall[]
  last: boolean
  busy: boolean
}

/** What the model has answered, or is answering. */
export function Answer({ message: told, called, last, busy }: AnswerProps) {
  const answer = useAnswer(told)
  const { message, thinking } = answer
  const ids = new Set(called.map(({ id }) => id))
  const tools = [...called, ...message.calls.filter(({ id }) => !ids.has(id))]
  const live = isLive(message)
  const nothing = !message.content && tools.length === 0
  return (
    <article
      className={css.message}
      aria-label={t.conversation.assistant}
      aria-busy={live}
      data-message-id={message.id}
      data-status={message.status}
      tabIndex={-1}
    >
      {(message.reasoning || thinking) && (
        <Reasoning text={message.reasoning} thinking={thinking && live} />
      )}
      <SourceOpener sources={message.sources}>
        <Purged message={message}>
          {message.content && (
            <Markdown text={message.content} streaming={live} sources={message.sources} />
          )}
        </Purged>
        {tools.map((tool) => (
          <Tool key={tool.id} tool={tool} live={live} />
        ))}
        {live && <Progress answer={answer} />}
        <Sources />
      </SourceOpener>
      {!live && (
        <Ending
          message={message}
          nothing={nothing}
          last={last && called.length === 0}
          busy={busy}
        />
      )}
      {live ? (
        <Actions last={last}>{null}</Actions>
      ) : (
        <AnswerActions message={message} last={last} busy={busy} />
      )}
    </article>
  )
}

/** That something is going on, where the text does not say so. */
function Progress({ answer }: { answer: Told }) {
  const { message, waiting, thinking } = answer
  if (waiting) return <Waiting waiting={waiting} />
  if (thinking || message.content || message.calls.length > 0) return null
  return (
    <div className={css.dots}>
      <span />
      <span />
      <span />
      <p className="unseen">{t.conversation.pending}</p>
    </div>
  )
}

function Waiting({ waiting }: { waiting: NonNullable<Told['waiting']> }) {
  useSeconds(true)
  const left = Math.ceil((waiting.at + waiting.seconds * 1000 - Date.now()) / 1000)
  const words = t.conversation
  return (
    <p className={css.ending}>
      {left > 0
        ? words.waiting(waiting.detail, number.format(left))
        : words.waitingNow(waiting.detail)}
    </p>
  )
}
