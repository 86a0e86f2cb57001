/** What one wants to see is loaded first. */
const LATER_MS = 1_000

/** Has the browser keep the page, so that it can be loaded while the server is away. */
export function register(): () => void {
  const timer = setTimeout(() => {
    // `npm run dev` changes the page as one looks at it.
    if (!import.meta.env.PROD) return
    // Absent in some private windows, and under http:// on another machine's address.
    navigator.serviceWorker?.register('/worker.js').catch(() => {})
  }, LATER_MS)
  return () => clearTimeout(timer)
}
