/** What the tabs of this browser tell each other. */

/** Null where the browser has none, or gives none to a site that may keep nothing. */
export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}
