import { expect, it } from 'vitest'
import { message } from '../live/fixtures'
import { draft } from '../outbox/fixtures'
import type { Outgoing } from '../outbox/outbox'
import { rowsOf } from './rows'

const question = message({ id: 'q2', role: 'user', siblings: ['q1', 'q2'] })
const messages = [
  message({ id: 'q0', role: 'user' }),
  question,
  message({ id: 'a', parent_id: 'q2' }),
]

const edit = (change: Partial<Outgoing> = {}): Outgoing => ({
  ...draft('Better', { edits: 'q2' }),
  ...{ id: 'q3', state: 'sending', tried: false, problem: null, createdAt: 1 },
  ...change,
})

const shown = (...outgoing: Outgoing[]) =>
  rowsOf(messages, outgoing).map(({ key, outgoing }) => `${key} ${outgoing?.content ?? ''}`.trim())

it('show an edit in the place of its question, and nothing behind it', () => {
  expect(shown(edit())).toEqual(['q0', 'q1 Better'])
})

it('show an edit of a version that is not shown in the same place', () => {
  expect(shown(edit({ edits: 'q1' }))).toEqual(['q0', 'q1 Better'])
})

it('do not come and go with each try of an edit', () => {
  expect(shown(edit({ tried: true }))).toEqual(['q0', 'q1', 'a'])
  expect(shown(edit({ tried: true, edits: null }))).toEqual(['q0', 'q1', 'a', 'q3 Better'])
})

it('show an edit of what is not there at the end', () => {
  expect(shown(edit({ edits: 'gone' }))).toEqual(['q0', 'q1', 'a', 'q3 Better'])
})
