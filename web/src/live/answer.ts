/** An answer as its events tell it: the same fold as the server's (`squid/runs/answer.py`). */
import type { Message, RunEvent, Source, ToolCall, Usage } from '../api/types'

export interface Answer {
  /** As it would be read from the server after event `event`. */
  message: Message
  /** Whether reasoning is what comes just now. */
  thinking: boolean
  /** Why nothing comes yet, and since when that is known. */
  waiting: { code: string; detail: string; seconds: number; at: number } | null
  /** The last event that is in it. */
  event: number
  /** Whether its run is over. */
  ended: boolean
  /** What the message had before its run, as the run's events count from there. */
  before: Before
}

interface Before {
  /** Code points of text; null where that is not known, as the message was read in mid-run. */
  text: number | null
  /** Undefined where it is not known. */
  usage: Usage | null | undefined
  /** Whether the next reasoning begins a paragraph. */
  paragraph: boolean
}

/** An event with the id that it came under. */
export interface Told {
  id: number
  event: RunEvent
}

/** The first two events say what the run is, and nothing of the answer. */
const INTRODUCTION = 2

export function isLive(message: Message): boolean {
  return message.status === 'pending' || message.status === 'streaming'
}

export function begin(message: Message): Answer {
  const event = message.run_event ?? 0
  const whole = event <= INTRODUCTION
  return {
    message,
    thinking: isLive(message) && event > 0 && !message.content && !!message.reasoning,
    waiting: null,
    event,
    ended: !isLive(message),
    before: {
      // Counting takes time, and of most messages nobody will ask.
      text: !isLive(message) ? 0 : whole ? codePoints(message.content) : null,
      usage: whole ? message.usage : undefined,
      paragraph: false,
    },
  }
}

/** Say how many code points the message had before its run, where it was read in mid-run. */
export function startedAt(answer: Answer, text: number): Answer {
  const usage = text === 0 ? null : answer.before.usage
  return { ...answer, before: { ...answer.before, text, usage } }
}

/** The answer with one more event. One that is in it already changes nothing. */
export function fold(answer: Answer, id: number, event: RunEvent): Answer {
  return foldAll(answer, [{ id, event }])
}

/** The answer with more events, which are in order. Those that are in it already change
 * nothing. A reader that comes late is told everything under the last event's id, so events
 * that share an id belong together: all of them are new, or none. */
export function foldAll(answer: Answer, told: readonly Told[]): Answer {
  const fresh = told.filter(({ id }) => id > answer.event)
  if (fresh.length === 0 || answer.ended) return answer
  const writing = new Writing(answer)
  for (const { event } of fresh) writing.apply(event)
  return writing.done(fresh.at(-1)?.id ?? answer.event)
}

/** Folds a batch: the pieces of text are put together once, however many there are. */
class Writing {
  private message: Message
  private before: Before
  private calls: ToolCall[]
  private input = new Map<string, string[]>()
  private content: string[] = []
  private reasoning: string[] = []
  private sources: Source[] = []
  private thinking: boolean
  private waiting: Answer['waiting']
  private ended = false

  constructor(private answer: Answer) {
    this.message = answer.message
    this.before = answer.before
    this.calls = answer.message.calls
    this.thinking = answer.thinking
    this.waiting = answer.waiting
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'TEXT_MESSAGE_CONTENT':
        this.content.push(event.delta)
        this.comes(false)
        break
      case 'REASONING_START':
        this.comes(true)
        break
      case 'REASONING_END':
        this.thinking = false
        break
      case 'REASONING_MESSAGE_START':
        if (this.message.reasoning || this.reasoning.length)
          this.before = { ...this.before, paragraph: true }
        break
      case 'REASONING_MESSAGE_CONTENT':
        this.reason(event.delta)
        break
      case 'TOOL_CALL_START': {
        const { toolCallId: id, toolCallName: name } = event
        this.calls = [...this.calls.filter((call) => call.id !== id), { id, name, input: '' }]
        this.input.delete(id)
        this.comes(false)
        break
      }
      case 'TOOL_CALL_ARGS': {
        const pieces = this.input.get(event.toolCallId)
        if (pieces) pieces.push(event.delta)
        else this.input.set(event.toolCallId, [event.delta])
        break
      }
      case 'RUN_FINISHED':
        this.end({
          status: event.result?.status === 'stopped' ? 'stopped' : 'complete',
          stop_reason: text(event.result?.stop_reason),
          error: null,
        })
        break
      case 'RUN_ERROR':
        this.end({
          status: event.code === 'interrupted' ? 'interrupted' : 'error',
          error: { code: event.code, detail: event.message },
        })
        break
      case 'CUSTOM':
        this.custom(event)
        break
      default: // what says nothing of the answer, or what a newer server says
    }
  }

  private custom(event: Extract<RunEvent, { type: 'CUSTOM' }>): void {
    switch (event.name) {
      case 'squid.waiting':
        this.waiting = { ...event.value, at: Date.now() }
        break
      case 'squid.source': {
        const { value } = event
        const moved = value.position != null && value.position + (this.before.text ?? 0)
        this.sources.push(moved === false ? value : { ...value, position: moved })
        break
      }
      case 'squid.usage':
        if (this.before.usage !== undefined)
          this.write({ usage: sum(this.before.usage, event.value.usage) })
        if (event.value.model) this.write({ model: event.value.model })
        break
      case 'squid.message':
        this.message = event.value
        this.content = []
        this.reasoning = []
        this.sources = []
        this.before = { text: 0, usage: undefined, paragraph: false }
        break
      default:
    }
  }

  private reason(delta: string): void {
    if (this.before.paragraph) {
      this.reasoning.push('\n\n')
      this.before = { ...this.before, paragraph: false }
    }
    this.reasoning.push(delta)
    this.comes(true)
  }

  private comes(thinking: boolean): void {
    this.thinking = thinking
    this.waiting = null
    if (this.message.status === 'pending') this.write({ status: 'streaming' })
  }

  private end(how: Partial<Message>): void {
    this.ended = true
    this.thinking = false
    this.waiting = null
    // A message that was told whole says more of its end than the event does.
    this.write({ run_event: null, ...(isLive(this.message) ? how : {}) })
  }

  private write(change: Partial<Message>): void {
    this.message = { ...this.message, ...change }
  }

  done(event: number): Answer {
    if (this.content.length) this.write({ content: this.message.content + this.content.join('') })
    if (this.reasoning.length)
      this.write({ reasoning: this.message.reasoning + this.reasoning.join('') })
    if (this.sources.length) this.write({ sources: [...this.message.sources, ...this.sources] })
    if (this.input.size)
      this.calls = this.calls.map((call) => {
        const pieces = this.input.get(call.id)
        return pieces ? { ...call, input: call.input + pieces.join('') } : call
      })
    // Also of a run that is over: until its calls are seen as messages of their own.
    if (this.calls !== this.message.calls) this.write({ calls: this.calls })
    const { message, thinking, waiting, ended, before } = this
    return { ...this.answer, message, thinking, waiting, ended, before, event }
  }
}

/** The server counts code points. */
function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function sum(one: Usage | null, other: Usage): Usage {
  const total: Usage = { ...one }
  for (const name of Object.keys(other) as (keyof Usage)[])
    total[name] = (total[name] ?? 0) + (other[name] ?? 0)
  return total
}
