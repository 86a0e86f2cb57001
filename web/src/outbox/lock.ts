/** One tab at a time. */

/** How long a lease holds that nobody renews: its tab was closed. */
const LEASE_MS = 6_000
const RENEW_MS = 1_500

const me = `${Date.now()}-${Math.random()}`

/** Do something while no other tab does it. */
export async function locked(name: string, task: () => Promise<void>): Promise<void> {
  let begun = false
  try {
    // `locks` is only there in a secure context, such as https or localhost.
    if (navigator.locks)
      return await navigator.locks.request(name, () => {
        begun = true
        return task()
      })
  } catch (error) {
    if (begun) throw error
    // Where the browser keeps nothing for this site, there are locks and none is given.
  }
  await leased(name, task)
}

/** The same by a note in the storage that all tabs see. Two tabs might take it at the same
 * moment; then a message is sent twice with one id, which the server takes for one. */
async function leased(name: string, task: () => Promise<void>): Promise<void> {
  while (!take(name)) await new Promise((resolve) => setTimeout(resolve, RENEW_MS))
  const renewal = setInterval(() => take(name), RENEW_MS)
  try {
    await task()
  } finally {
    clearInterval(renewal)
    give(name)
  }
}

function take(name: string): boolean {
  try {
    const { holder, until } = JSON.parse(localStorage.getItem(name) ?? '{}')
    // One that holds for longer than any is from before the clock was put back.
    const left = until - Date.now()
    if (holder !== me && left > 0 && left <= LEASE_MS) return false
    localStorage.setItem(name, JSON.stringify({ holder: me, until: Date.now() + LEASE_MS }))
  } catch {
    // No storage, so no other tab knows of our messages either.
  }
  return true
}

function give(name: string): void {
  try {
    localStorage.removeItem(name)
  } catch {
    // It was not taken.
  }
}
