/** What opens and closes under somebody's hand stays where they pressed it. */

/** Menus open above the page, and change nothing in it. */
const TOGGLES = 'summary, button[aria-expanded]:not([aria-haspopup])'
/** So much of what opens is wanted in sight, to see that it has: a few lines. */
const SEEN = 56
/** So near the end, one stays at it. */
const NEAR = 40

export interface Pressed {
  element: Element
  top: number
  bottom: number
  /** Of all that is scrolled. */
  height: number
}

/** What a click opens or closes, and where that was before it did. */
export function pressed(event: Event, scroller: Element): Pressed | null {
  const element = (event.target as Element).closest(TOGGLES)
  if (!element) return null
  const { top, bottom } = element.getBoundingClientRect()
  return { element, top, bottom, height: scroller.scrollHeight }
}

/** Scrolls so that it is where it was. What opens grows downwards and needs nothing for that,
 * unless it is below the edge: then it is brought up, as far as one sees that it is there. */
export function keepPressed({ element, top, bottom, height }: Pressed, scroller: Element): void {
  if (!element.isConnected) return
  const grown = scroller.scrollHeight - height
  if (grown < 0) {
    // What was above it has closed.
    scroller.scrollTop += Math.min(element.getBoundingClientRect().top - top, 0)
    return
  }
  const room = scroller.getBoundingClientRect().bottom - bottom
  const to = scroller.scrollTop + Math.max(Math.min(grown, SEEN) - room, 0)
  const end = scroller.scrollHeight - scroller.clientHeight
  scroller.scrollTop = end - to > NEAR ? to : end
}
