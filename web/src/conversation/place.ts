/** Where somebody reads in a session, for when they come back. */

/** The row at the top edge and how far it is scrolled into; or the end. */
export type Place = { key: string; offset: number } | 'end'

const PREFIX = 'squid.place.'
const places = new Map<string, Place>()

export function placeIn(sessionId: string): Place {
  return places.get(sessionId) ?? read(sessionId)
}

export function keepPlace(sessionId: string, place: Place): void {
  places.set(sessionId, place)
  try {
    if (place === 'end') sessionStorage.removeItem(PREFIX + sessionId)
    else sessionStorage.setItem(PREFIX + sessionId, JSON.stringify(place))
  } catch {
    // It holds until the page is closed.
  }
}

function read(sessionId: string): Place {
  try {
    const { key, offset } = JSON.parse(sessionStorage.getItem(PREFIX + sessionId) ?? '{}')
    if (typeof key === 'string' && Number.isFinite(offset)) return { key, offset }
  } catch {
    // Storage is closed to us, or holds what somebody else wrote.
  }
  return 'end'
}
