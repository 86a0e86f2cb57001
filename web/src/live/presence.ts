/** Whether anybody looks at this tab.
 *
 * A browser opens six connections to a server over HTTP/1.1, for all its tabs together, and
 * a tab takes one for the change feed and one for each answer that it shows. So a tab that
 * nobody sees lets go of its streams after a while, and takes them up again, exactly where
 * they were, when it is shown. One that still has something to send holds on.
 */

/** How long a hidden tab keeps its streams: going back and forth costs nothing. */
export const AWAY_MS = 10_000

const listeners = new Set<() => void>()
let left = false
let holds = 0
let leaving: ReturnType<typeof setTimeout> | undefined

export function present(): boolean {
  return !left || holds > 0
}

/** Calls when `present` has changed, or may have. */
export function onPresence(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Keeps the streams, though nobody may look. Returns what ends that. */
export function hold(): () => void {
  let held = true
  holds += 1
  if (holds === 1) tell()
  return () => {
    if (!held) return
    held = false
    holds -= 1
    if (holds === 0) tell()
  }
}

function tell(): void {
  for (const listener of listeners) listener()
}

function look(): void {
  clearTimeout(leaving)
  if (document.visibilityState === 'hidden') {
    leaving = setTimeout(() => {
      left = true
      tell()
    }, AWAY_MS)
  } else if (left) {
    left = false
    tell()
  }
}

document.addEventListener('visibilitychange', look)
look()
