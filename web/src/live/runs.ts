/** Live runs, each followed once however many look at it. */
import type { Message } from '../api/types'
import { type Answer, begin } from './answer'

/** An answer as it is now: of a live run, it grows. */
export function useAnswer(message: Message): Answer {
  return begin(message)
}
