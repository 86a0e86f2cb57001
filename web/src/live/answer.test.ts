import type { AGUIEvent, EventType } from '@ag-ui/core'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Message, RunEvent } from '../api/types'
import { type Answer, begin, fold, foldAll, startedAt, type Told } from './answer'
import { message } from './fixtures'

const told = (events: RunEvent[], from = 1): Told[] =>
  events.map((event, at) => ({ id: from + at, event }))

const say = (delta: string): RunEvent => ({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta })
const think = (delta: string): RunEvent => ({
  type: 'REASONING_MESSAGE_CONTENT',
  messageId: 'm',
  delta,
})
const thinks = (...deltas: string[]): RunEvent[] => [
  { type: 'REASONING_START', messageId: 'm' },
  { type: 'REASONING_MESSAGE_START', messageId: 'm', role: 'reasoning' },
  ...deltas.map(think),
  { type: 'REASONING_MESSAGE_END', messageId: 'm' },
  { type: 'REASONING_END', messageId: 'm' },
]
const cite = (position: number): RunEvent => ({
  type: 'CUSTOM',
  name: 'squid.source',
  value: { title: 'A page', position },
})
const uses = (output_tokens: number): RunEvent => ({
  type: 'CUSTOM',
  name: 'squid.usage',
  value: { usage: { input_tokens: 3, output_tokens }, model: 'm-1' },
})
const finished = (status: string): RunEvent => ({
  type: 'RUN_FINISHED',
  threadId: 's',
  runId: 'r',
  result: { status, stop_reason: 'end_turn' },
})

const continued: Message = message({
  status: 'pending',
  content: 'Before 👋',
  reasoning: 'I thought.',
  sources: [{ title: 'Old', position: 2 }],
  usage: { input_tokens: 10, output_tokens: 5 },
})

describe('the fold', () => {
  it('is of AG-UI events', () => {
    // AG-UI names its types by an enum, whose values are what goes over the wire.
    type Told = RunEvent
    type Known<T> =
      Extract<AGUIEvent, { type: EventType }> extends infer E
        ? E extends { type: infer N extends EventType }
          ? `${N}` extends T
            ? E
            : never
          : never
        : never
    type Ours<T> = Extract<Told, { type: T }>
    type Field<T, K> = K extends keyof Known<T> ? Known<T>[K] : never
    expectTypeOf<Told['type']>().toExtend<`${EventType}`>()
    expectTypeOf<Ours<'TEXT_MESSAGE_CONTENT'>['delta']>().toExtend<
      Field<'TEXT_MESSAGE_CONTENT', 'delta'>
    >()
    expectTypeOf<Ours<'TOOL_CALL_START'>['toolCallName']>().toExtend<
      Field<'TOOL_CALL_START', 'toolCallName'>
    >()
    expectTypeOf<Ours<'TOOL_CALL_ARGS'>['toolCallId']>().toExtend<
      Field<'TOOL_CALL_ARGS', 'toolCallId'>
    >()
    expectTypeOf<Ours<'RUN_ERROR'>['message']>().toExtend<Field<'RUN_ERROR', 'message'>>()
    expectTypeOf<Ours<'RUN_ERROR'>['code']>().toExtend<Field<'RUN_ERROR', 'code'>>()
  })

  it('puts a continued answer behind what was there', () => {
    const answer = foldAll(
      begin(continued),
      told([
        ...thinks('And', ' more.'),
        ...thinks('Again.'),
        say('after'),
        cite(5),
        uses(1),
        uses(2),
      ]),
    )
    expect(answer.message).toMatchObject({
      status: 'streaming',
      content: 'Before 👋after',
      reasoning: 'I thought.\n\nAnd more.\n\nAgain.',
      // Eight code points were there before.
      sources: [
        { title: 'Old', position: 2 },
        { title: 'A page', position: 13 },
      ],
      usage: { input_tokens: 13, output_tokens: 7 },
      model: 'm-1',
    })
  })

  it('goes on with a message that was read in mid-run', () => {
    const read = message({ status: 'streaming', content: 'Before it', run_event: 9 })
    expect(begin(read).before.text).toBeNull()
    const answer = foldAll(startedAt(begin(read), 7), told([say(' went'), cite(3)], 10))
    expect(answer.message.content).toBe('Before it went')
    expect(answer.message.sources).toEqual([{ title: 'A page', position: 10 }])
    expect(answer.event).toBe(11)
  })

  it('knows tools, and what is being thought or waited for', () => {
    const start = begin(message({ status: 'pending' }))
    const waiting = fold(start, 3, {
      type: 'CUSTOM',
      name: 'squid.waiting',
      value: { code: 'provider-overloaded', detail: 'It is busy.', seconds: 4 },
    })
    expect(waiting.waiting).toMatchObject({ code: 'provider-overloaded', seconds: 4 })
    const thinking = foldAll(waiting, told(thinks('Hm').slice(0, 3), 4))
    expect([thinking.thinking, thinking.waiting]).toEqual([true, null])
    const called = foldAll(
      thinking,
      told(
        [
          { type: 'REASONING_END', messageId: 'm' },
          {
            type: 'TOOL_CALL_START',
            toolCallId: 't',
            toolCallName: 'weather',
            parentMessageId: 'm',
          },
          { type: 'TOOL_CALL_ARGS', toolCallId: 't', delta: '{"city":' },
          { type: 'TOOL_CALL_ARGS', toolCallId: 't', delta: '"Oslo"}' },
          { type: 'TOOL_CALL_END', toolCallId: 't' },
        ],
        7,
      ),
    )
    expect(called.thinking).toBe(false)
    expect(called.message.calls).toEqual([{ id: 't', name: 'weather', input: '{"city":"Oslo"}' }])
  })

  it.each([
    [finished('complete'), 'complete'],
    [finished('stopped'), 'stopped'],
    [{ type: 'RUN_ERROR', message: 'Cut.', code: 'interrupted' } as const, 'interrupted'],
    [{ type: 'RUN_ERROR', message: 'No.', code: 'refusal' } as const, 'error'],
  ])('ends as it is told: %o', (event, status) => {
    const answer = foldAll(begin(message({ status: 'pending' })), told([say('x'), event]))
    expect(answer.message.status).toBe(status)
    expect(answer.message.content).toBe('x')
    expect(answer.ended).toBe(true)
    const error = answer.message.error
    expect(error).toEqual(
      event.type === 'RUN_ERROR' ? { code: event.code, detail: event.message } : null,
    )
    // Nothing comes behind the end.
    expect(fold(answer, 9, say('y'))).toBe(answer)
  })

  it('takes all that a late reader is told under one id, once', () => {
    const late = [say('all '), say('of it'), finished('complete')].map((event) => ({
      id: 40,
      event,
    }))
    const answer = foldAll(begin(message({ status: 'pending' })), late)
    expect(answer.message.content).toBe('all of it')
    expect(foldAll(answer, late)).toBe(answer)
  })

  it('lets a whole message take the place of a part', () => {
    const whole = message({ status: 'complete', content: 'All of it', stop_reason: 'end_turn' })
    const part = fold(begin(message({ status: 'pending' })), 3, say('All'))
    const answer = foldAll(part, [
      { id: 40, event: { type: 'CUSTOM', name: 'squid.message', value: whole } },
      { id: 40, event: { type: 'RUN_ERROR', message: 'x', code: 'y' } },
    ])
    expect(answer.message).toEqual({ ...whole, run_event: null })
  })

  it('passes over what it does not know', () => {
    const start = begin(message({ status: 'pending' }))
    const odd = [
      { type: 'STATE_DELTA', delta: [] },
      { type: 'CUSTOM', name: 'squid.later', value: null },
    ] as unknown as RunEvent[]
    expect(foldAll(start, told(odd)).message).toBe(start.message)
  })
})

const events = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 4 }).map((delta) => [say(delta)]),
    fc.string({ minLength: 1, maxLength: 4 }).map((delta) => thinks(delta, delta)),
    fc.nat(9).map((position) => [cite(position)]),
    fc.nat(9).map((tokens) => [uses(tokens)]),
    fc.constant<RunEvent[]>([
      { type: 'TOOL_CALL_START', toolCallId: 't', toolCallName: 'n', parentMessageId: 'm' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 't', delta: '{' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 't', delta: '}' },
    ]),
  ),
  { maxLength: 12 },
)

describe('any way in which a stream may come', () => {
  it('gives the same answer', () => {
    fc.assert(
      fc.property(
        events,
        fc.array(fc.record({ take: fc.nat(6), back: fc.nat(4) }), { maxLength: 20 }),
        fc.boolean(),
        (parts, reads, more) => {
          const all = told([...parts.flat(), finished('complete')])
          const first = begin(more ? continued : message({ status: 'pending' }))
          const once = foldAll(first, all)
          let answer: Answer = first
          for (const { take, back } of reads) {
            // A new line may begin with what is known already.
            const from = Math.max(answer.event - back, 0)
            answer = foldAll(answer, all.slice(from, answer.event + take))
          }
          expect(foldAll(answer, all)).toEqual(once)
        },
      ),
    )
  })

  it('gives the same text to who begins with a message read in mid-run', () => {
    fc.assert(
      fc.property(events, fc.nat(30), (parts, at) => {
        const all = told([...parts.flat(), finished('complete')], 3)
        const once = foldAll(begin(continued), all)
        // The server reads between commits, and one never ends behind the start of a thought.
        const known = all.filter(({ id }) => id <= at)
        const last = known.at(-1)?.event.type
        fc.pre(last !== 'REASONING_MESSAGE_START')
        const before = foldAll(begin(continued), known)
        const read = { ...before.message, run_event: before.event }
        const answer = foldAll(startedAt(begin(read), 8), all)
        expect(answer.message.content).toBe(once.message.content)
        expect(answer.message.calls).toEqual(once.message.calls)
        expect(answer.message.reasoning).toBe(once.message.reasoning)
        if (!before.ended) expect(answer.message.sources).toEqual(once.message.sources)
      }),
    )
  })
})
