/** Whether anybody looks at this tab, and which streams it keeps.
 *
 * A browser opens six connections to a server over HTTP/1.1, for all its tabs together, and
 * a tab takes one for the change feed and one for each answer that it shows. So a tab that
 * nobody sees lets go of its streams after a while, and takes them up again, exactly where
 * they were, when it is shown. One that is seen and not used, as beside another window, needs
 * no feed while an answer comes. One that has something to send keeps the feed, which says
 * when that may go. */

/** How long a tab that is left keeps its streams: going back and forth costs nothing. */
export const AWAY_MS = 10_000

export type Kind = 'run' | 'feed'

const listeners = new Set<() => void>()
let holds = 0
let runs = 0
/** Since `AWAY_MS`. */
let hidden = false
let unused = false

export function wants(kind: Kind): boolean {
  if (kind === 'run') return !hidden
  return holds > 0 || (!hidden && (!unused || runs === 0))
}

/** Calls when what is wanted has changed, or may have. */
export function onPresence(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Keeps the feed, though nobody may look. Returns what ends that. */
export function hold(): () => void {
  holds += 1
  tell()
  return once(() => {
    holds -= 1
    tell()
  })
}

/** A run is followed. Returns what ends that. */
export function following(): () => void {
  runs += 1
  tell()
  return once(() => {
    runs -= 1
    tell()
  })
}

function once(task: () => void): () => void {
  let done = false
  return () => {
    if (!done) task()
    done = true
  }
}

function tell(): void {
  for (const listener of listeners) listener()
}

/** Sets something when it has been so for a while, and takes it back at once. */
function lasting(isSo: () => boolean, set: (so: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    if (isSo()) timer ??= setTimeout(() => put(true), AWAY_MS)
    else {
      clearTimeout(timer)
      timer = undefined
      put(false)
    }
  }
  function put(so: boolean): void {
    set(so)
    tell()
  }
}

const looks = [
  lasting(
    () => document.visibilityState === 'hidden',
    (so) => {
      hidden = so
    },
  ),
  lasting(
    () => !document.hasFocus(),
    (so) => {
      unused = so
    },
  ),
]

function look(): void {
  for (const one of looks) one()
}

document.addEventListener('visibilitychange', look)
addEventListener('focus', look)
addEventListener('blur', look)
look()
