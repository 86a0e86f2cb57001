/** An answer as its events tell it: the same fold as the server's (`squid/runs/answer.py`). */
import type { Message, RunEvent, ToolCall } from '../api/types'

export interface Answer {
  /** As it would be read from the server after event `event`. */
  message: Message
  /** Calls that the model makes; messages of their own when the run is over. */
  tools: ToolCall[]
  /** Whether reasoning is what comes just now. */
  thinking: boolean
  /** Why nothing comes yet, and since when that is known. */
  waiting: { code: string; detail: string; seconds: number; at: number } | null
  /** The last event that is in it. */
  event: number
  /** Whether its run is over. */
  ended: boolean
}

export function begin(message: Message): Answer {
  return {
    message,
    tools: [],
    thinking: false,
    waiting: null,
    event: message.run_event ?? 0,
    ended: message.status !== 'pending' && message.status !== 'streaming',
  }
}

/** The answer with one more event. One that is in it already changes nothing. */
export function fold(answer: Answer, id: number, event: RunEvent): Answer {
  // A reader that comes late is told everything under the last event's id.
  if (id < answer.event) return answer
  const next = apply(answer, event)
  return next.event === id ? next : { ...next, event: id }
}

function apply(answer: Answer, event: RunEvent): Answer {
  switch (event.type) {
    case 'TEXT_MESSAGE_CONTENT':
      return write(answer, { content: answer.message.content + event.delta })
    case 'REASONING_START':
      return { ...answer, thinking: true, waiting: null }
    case 'REASONING_END':
      return { ...answer, thinking: false }
    case 'REASONING_MESSAGE_START':
      return answer.message.reasoning
        ? write(answer, { reasoning: `${answer.message.reasoning}\n\n` })
        : answer
    case 'REASONING_MESSAGE_CONTENT':
      return write(answer, { reasoning: answer.message.reasoning + event.delta })
    default:
      return answer
  }
}

function write(answer: Answer, change: Partial<Message>): Answer {
  return {
    ...answer,
    waiting: null,
    message: { ...answer.message, status: 'streaming', ...change },
  }
}
