/** One stream of server-sent events, read for as long as somebody wants it.
 *
 * `EventSource` would do most of this, but it cannot begin behind a given event, says
 * nothing of why it failed, calls once for each event, and does not notice a dead line.
 */
import { createParser } from 'eventsource-parser'
import { Refused, refusal } from '../api/errors'
import { delay, passes } from '../api/retry'
import { heard, trouble } from './connection'
import { following, type Kind, onPresence, wants } from './presence'

export interface Frame {
  id: number
  /** The kind of event; `message` where none is said. */
  name: string
  data: string
}

interface StreamOptions {
  kind: Kind
  url: string
  /** Behind which event to begin; null for what happens from now on. */
  after: number | null
  /** Takes what came in one piece; true says that it was the last. */
  onFrames: (frames: Frame[]) => boolean | undefined
  /** There is no more, or there is no such stream. Not called where it was closed. */
  onEnd: (error: Refused | null) => void
}

/** The server pings every 15 seconds. */
const SILENCE_MS = 40_000
/** From here on a line is taken to be good, so that the next failure is the first. */
const STEADY_MS = 5_000

/** How long to wait where the server refuses. */
const REFUSED_MS = 30_000

/** Why a line was left, where the server did not end it. */
type Cut = 'closed' | 'away' | 'doubt'

/** Open a stream. Returns what closes it. */
export function openStream(options: StreamOptions): () => void {
  const stream = new Stream(options)
  void stream.run()
  return () => stream.close()
}

class Stream {
  private after: number | null
  private closed = false
  private failures = 0
  private cut: ((why: Cut) => void) | null = null
  private wake: (() => void) | null = null
  private lastHeard = 0
  private readonly unlisten: () => void

  constructor(private readonly options: StreamOptions) {
    this.after = options.after
    const doubt = () => {
      this.cut?.('doubt')
      this.wake?.()
    }
    const shown = () => {
      if (document.visibilityState === 'hidden') return
      if (this.silent > SILENCE_MS / 2) this.cut?.('doubt')
      this.wake?.()
    }
    const presence = () => {
      if (!wants(options.kind)) this.cut?.('away')
      this.wake?.()
    }
    // Where the network has changed, a line may be dead without knowing.
    addEventListener('online', doubt)
    addEventListener('offline', doubt)
    document.addEventListener('visibilitychange', shown)
    const offPresence = onPresence(presence)
    const followed = options.kind === 'run' ? following() : () => {}
    this.unlisten = () => {
      removeEventListener('online', doubt)
      removeEventListener('offline', doubt)
      document.removeEventListener('visibilitychange', shown)
      offPresence()
      followed()
    }
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.unlisten()
    this.cut?.('closed')
    this.wake?.()
    heard(this)
  }

  async run(): Promise<void> {
    while (!this.closed) {
      if (!wants(this.options.kind)) {
        heard(this)
        await this.sleep(null)
        continue
      }
      try {
        const over = await this.connect()
        if (this.closed) return
        if (over) return this.end(null)
      } catch (error) {
        if (this.closed) return
        if (error instanceof Refused && error.status === 404) return this.end(error)
        trouble(this)
        // One that is refused, as where the token was changed, is asked for now and then.
        const refused = error instanceof Refused && !passes(error) && error.status < 500
        const pause = refused ? REFUSED_MS : delay(this.failures, error)
        this.failures += 1
        await this.sleep(pause)
      }
    }
  }

  private end(error: Refused | null): void {
    this.close()
    this.options.onEnd(error)
  }

  private get silent(): number {
    return Date.now() - this.lastHeard
  }

  /** Until woken, or for so long. */
  private sleep(milliseconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer =
        milliseconds === null ? undefined : setTimeout(() => this.wake?.(), milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        this.wake = null
        resolve()
      }
    })
  }

  /** Read one line to its end: true where the stream is over, false where it is taken up
   * again at once. Throws where it failed. */
  private async connect(): Promise<boolean> {
    const line = new AbortController()
    let why: Cut | null = null
    this.cut = (reason) => {
      why = reason
      line.abort()
    }
    this.lastHeard = Date.now()
    const opened = Date.now()
    // Also after the machine has slept: by the clock, not by how long a timer took.
    const watch = setInterval(() => this.silent > SILENCE_MS && line.abort(), SILENCE_MS / 8)
    try {
      const response = await fetch(this.url(), {
        signal: line.signal,
        headers: { Accept: 'text/event-stream' },
        cache: 'no-store',
      })
      this.lastHeard = Date.now()
      if (response.status === 204) return true
      if (!response.ok) throw refusal(response, await response.json().catch(() => null))
      heard(this)
      if (await this.read(response)) return true
      throw new Error('The stream was cut off.')
    } catch (error) {
      // What was left on purpose is no failure; nor is one after the line was good.
      if (why !== null) return false
      if (Date.now() - opened > STEADY_MS) this.failures = 0
      throw error
    } finally {
      this.cut = null
      clearInterval(watch)
      line.abort()
    }
  }

  private url(): string {
    if (this.after === null) return this.options.url
    return `${this.options.url}?after=${this.after}`
  }

  /** True where the last frame has come. */
  private async read(response: Response): Promise<boolean> {
    const reader = response.body?.getReader()
    if (!reader) return false
    const decoder = new TextDecoder()
    let frames: Frame[] = []
    // Events without an id belong to the next one that has one: who is cut off before it
    // is told them anew.
    let unnamed: Omit<Frame, 'id'>[] = []
    const parser = createParser({
      onEvent: ({ id: text, event: name = 'message', data }) => {
        unnamed.push({ name, data })
        const id = Number(text)
        if (text === undefined || !Number.isSafeInteger(id)) return
        frames.push(...unnamed.map((frame) => ({ id, ...frame })))
        unnamed = []
      },
    })
    for (;;) {
      const { done, value } = await reader.read()
      if (this.closed) return false
      if (done) return false
      this.lastHeard = Date.now()
      parser.feed(decoder.decode(value, { stream: true }))
      if (frames.length === 0) continue
      const batch = frames
      frames = []
      this.failures = 0
      this.after = batch.at(-1)?.id ?? this.after
      if (this.options.onFrames(batch)) return true
    }
  }
}
