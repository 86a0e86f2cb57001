import { useEffect, useRef, useState } from 'react'
import type { Session } from '../api/types'
import { inOrder } from './rows'

/** How long a list keeps still after the pointer has moved over it. */
const STILL_MS = 1_000

/** The order of a list, which does not change under a moving pointer: whoever is about to
 * click hits what they aim at. `list` tells lists apart; null is one that is about to go. */
export function useCalmOrder(sessions: readonly Session[], list: string | null) {
  const [held, setHeld] = useState<{ list: string; order: readonly string[] } | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const release = () => {
    clearTimeout(timer.current)
    setHeld(null)
  }
  const hold = () => {
    if (list === null) return
    clearTimeout(timer.current)
    timer.current = setTimeout(release, STILL_MS)
    setHeld((before) =>
      before?.list === list ? before : { list, order: sessions.map(({ id }) => id) },
    )
  }
  return {
    calm: held !== null && held.list === list ? inOrder(held.order, sessions) : sessions,
    pointer: { onPointerMove: hold, onPointerLeave: release },
  }
}
