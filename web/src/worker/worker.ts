/** The page's own service worker: where the server is away, the page is there all the same.
 *
 * It keeps the page's document and parts, and nothing of the API: what was read of that is
 * `api/kept.ts`'s to keep. The document comes from the server wherever that answers, so
 * nobody is left with an old page. A script of its own, which is never imported. */
declare const self: ServiceWorkerGlobalScope

/** What the build writes in place of these words: the page as it was built. */
interface Built {
  /** Changes with whatever is in it. */
  version: string
  /** What is needed to show the page. */
  parts: string[]
  /** What is kept once it was asked for. */
  others: string[]
}
const built = '%BUILT%' as unknown as Built

const PREFIX = 'squid-page-'
const CACHE = PREFIX + built.version
const DOCUMENT = '/'
/** The page's own: all else is the server's to answer, also with a refusal. */
const ADDRESSES = /^\/(sessions\/[^/]+|archive|trash)?$/
/** Another program may be served at the same address, with assets of its own. */
const mine = new Set([...built.parts, ...built.others])

/** A line may be dead and not know; and from a server that is there, the document comes at
 * once. */
const PATIENCE_MS = 5_000

/** What a proxy says whose server is away. */
const AWAY = [502, 503, 504]

self.addEventListener('install', (event) => {
  // All of it or nothing.
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([DOCUMENT, ...built.parts])))
  void self.skipWaiting()
})

self.addEventListener('activate', (event) => event.waitUntil(forgetOthers()))

/** The page before this one stays: an open tab may still want its parts. */
async function forgetOthers(): Promise<void> {
  const names = await caches.keys()
  const others = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE)
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)))
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== self.location.origin || request.method !== 'GET') return
  if (pathname.startsWith('/assets/')) event.respondWith(part(event, mine.has(pathname)))
  else if (request.mode === 'navigate' && ADDRESSES.test(pathname))
    event.respondWith(document(request))
})

/** The server's, or where that is away, the one that was kept. Navigation preload would save
 * the worker's start; but where it fails, Firefox shows its own error and not our answer. */
async function document(request: Request): Promise<Response> {
  const asked = fetch(request)
  const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null))
  const answer = await Promise.race([asked.catch(() => null), late])
  if (answer && !AWAY.includes(answer.status)) return answer
  return (await caches.match(DOCUMENT, { cacheName: CACHE })) ?? answer ?? asked
}

/** Its name changes with what is in it: one that is kept is the right one. */
async function part(event: FetchEvent, keep: boolean): Promise<Response> {
  const { request } = event
  const known = await caches.match(request)
  if (known) return known
  const answer = await fetch(request)
  if (answer.ok && keep) {
    const copy = answer.clone()
    // A full disk takes nothing from who asked.
    event.waitUntil(
      caches
        .open(CACHE)
        .then((cache) => cache.put(request, copy))
        .catch(() => {}),
    )
  }
  return answer
}

export {}
