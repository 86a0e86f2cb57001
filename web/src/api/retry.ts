/** When to try again what failed for a reason that may pass. */
import { Refused, Unreachable } from './errors'

const SHORTEST_MS = 250
const LONGEST_MS = 5_000

/** Whether waiting may mend it, so that the page tries again by itself. */
export function passes(error: unknown): boolean {
  if (error instanceof Unreachable) return true
  if (!(error instanceof Refused)) return false
  // No model to ask is 503 as well, and stays so until somebody sets one up.
  return error.code !== 'no-provider' && [408, 429, 502, 503, 504, 507].includes(error.status)
}

/** How long the server may take to say something: a line may be dead and not know. */
const ANSWER_MS = 30_000
/** And to be read from, where nothing is shown before. */
const READ_MS = 10_000

export const patience = (signal: AbortSignal, milliseconds = ANSWER_MS) =>
  AbortSignal.any([signal, AbortSignal.timeout(milliseconds)])

export const readPatience = (signal: AbortSignal) => patience(signal, READ_MS)

/** How long to wait after so many failures: ever longer, never all at once, and not less
 * than the server asks for. In milliseconds. */
export function delay(failures: number, error?: unknown): number {
  const asked = error instanceof Refused ? (error.retryAfterSeconds ?? 0) * 1_000 : 0
  const longest = Math.min(SHORTEST_MS * 2 ** failures, LONGEST_MS)
  return Math.max(longest * (0.5 + Math.random() / 2), asked)
}
