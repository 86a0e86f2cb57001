/** The change feed: what others do appears by itself. */

/** Listen for as long as the page is there. */
export function listen(): () => void {
  return () => {}
}
