import { ChevronDown, Info, RotateCcw } from 'lucide-react'
import { type MouseEvent, useState } from 'react'
import { v7 as uuid } from 'uuid'
import { useRetry } from '../api/messages'
import { useModels } from '../api/server'
import type { Message } from '../api/types'
import { dateTime, number, t } from '../strings'
import { IconButton } from '../ui/Button'
import { Menu, MenuItem, MenuLabel } from '../ui/Menu'
import { Actions, Copy, Delete, failed } from './Actions'
import css from './Actions.module.css'
import { Branches } from './Branches'

interface AnswerActionsProps {
  message: Message
  last: boolean
  busy: boolean
}

/** What can be done to an answer that is there. */
export function AnswerActions({ message, last, busy }: AnswerActionsProps) {
  const [open, setOpen] = useState(false)
  const retry = useRetry()
  const again = (model?: string) =>
    retry.mutate({ message, runId: uuid(), ...(model ? { model } : {}) }, { onError: failed })

  return (
    <>
      <Actions last={last}>
        <Branches message={message} />
        <Copy text={message.content} />
        <IconButton
          label={t.tryAgain}
          icon={RotateCcw}
          disabled={busy}
          onClick={(event) => {
            focusMessage(event)
            again()
          }}
        />
        <Menu
          align="start"
          trigger={
            <IconButton label={t.conversation.retryWith} icon={ChevronDown} disabled={busy} />
          }
        >
          <Models onChoose={again} />
        </Menu>
        <IconButton
          label={t.conversation.details}
          icon={Info}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        />
        <Delete message={message} disabled={busy} />
      </Actions>
      {open && <Details message={message} />}
    </>
  )
}

/** The button goes when the answer begins; who pressed it stays at its message. */
export function focusMessage({ currentTarget }: MouseEvent<HTMLElement>): void {
  currentTarget.closest('article')?.focus({ preventScroll: true })
}

/** Asked for when the menu opens. */
function Models({ onChoose }: { onChoose: (model: string) => void }) {
  const models = useModels()
  if (models.length === 0) return <MenuLabel>{t.conversation.noModels}</MenuLabel>
  return (
    <>
      <MenuLabel>{t.conversation.retryWith}</MenuLabel>
      {models.map(({ id, name }) => (
        <MenuItem key={id} onSelect={() => onChoose(id)}>
          {name}
        </MenuItem>
      ))}
    </>
  )
}

function Details({ message }: { message: Message }) {
  const words = t.conversation
  const { usage } = message
  const part = (count: number | undefined, what: string) =>
    count ? `, ${number.format(count)} ${what}` : ''
  const tokens = (count: number | undefined) => words.tokens(number.format(count ?? 0))
  return (
    <dl className={css.details}>
      {message.model && <Detail name={words.model}>{message.model}</Detail>}
      {usage && (
        <>
          <Detail name={words.tokensIn}>
            {tokens(usage.input_tokens) + part(usage.cached_input_tokens, words.tokensCached)}
          </Detail>
          <Detail name={words.tokensOut}>
            {tokens(usage.output_tokens) + part(usage.reasoning_tokens, words.tokensReasoning)}
          </Detail>
        </>
      )}
      <Detail name={words.time}>{dateTime.format(message.created_at)}</Detail>
    </dl>
  )
}

function Detail({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
