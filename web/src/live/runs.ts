/** Live runs, each followed once however many look at it. */
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { api, found } from '../api/client'
import { historyOf, showMessages } from '../api/history'
import { keepAnswer, leaveAnswer } from '../api/kept'
import { queries } from '../api/queries'
import { runEnded } from '../api/sessions'
import type { Message, RunEvent } from '../api/types'
import { type Answer, begin, foldAll, startedAt, type Told } from './answer'
import { type Frame, openStream } from './stream'

/** How long a run is followed when nobody looks any more: its message may only have been
 * scrolled out of sight. */
const LINGER_MS = 5_000
/** Where no frame is painted, as in a hidden tab. */
const FRAME_MS = 250

class Followed {
  answer: Answer
  private listeners = new Set<() => void>()
  private told: Told[] = []
  /** Whether the run's last event has come. */
  private last = false
  private close: () => void
  private leaving: ReturnType<typeof setTimeout> | undefined
  private flushing: (() => void) | null = null

  constructor(
    private readonly runId: string,
    message: Message,
  ) {
    this.answer = begin(message)
    if (this.answer.before.text === null) void this.findStart()
    this.close = openStream({
      kind: 'run',
      url: `/api/runs/${encodeURIComponent(runId)}/events`,
      after: this.answer.event,
      onFrames: (frames) => this.take(frames),
      onEnd: () => {
        if (!this.last) void this.reread()
      },
    })
  }

  attach(listener: () => void): () => void {
    clearTimeout(this.leaving)
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      this.leaving = setTimeout(() => {
        this.close()
        this.flushing?.()
        leaveAnswer(this.answer.message.id)
        followed.delete(this.runId)
      }, LINGER_MS)
    }
  }

  /** A message that was read in mid-run does not say where its run began. */
  private async findStart(): Promise<void> {
    const run = await queries
      .fetchQuery({
        queryKey: ['run', this.runId],
        queryFn: () =>
          found(api.GET('/api/runs/{run_id}', { params: { path: { run_id: this.runId } } })),
        gcTime: 0,
      })
      .catch(() => null)
    this.put(startedAt(this.answer, run?.text_start ?? 0))
    this.schedule()
  }

  /** Keeps what came for the next frame. */
  private take(frames: Frame[]): boolean {
    for (const { id, data } of frames) {
      const event = parsed(data)
      if (event === null) continue
      this.told.push({ id, event })
      this.last ||= event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR'
    }
    this.schedule()
    return this.last
  }

  /** At most once a frame; and where none is painted, all the same. */
  private schedule(): void {
    if (this.flushing) return
    const flush = () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
      this.flushing = null
      this.flush()
    }
    const frame = requestAnimationFrame(flush)
    const timer = setTimeout(flush, FRAME_MS)
    this.flushing = flush
  }

  private flush(): void {
    if (this.answer.before.text === null) return
    const told = this.told
    this.told = []
    this.put(foldAll(this.answer, told))
  }

  private put(answer: Answer): void {
    if (answer === this.answer) return
    const over = answer.ended && !this.answer.ended
    this.answer = answer
    if (!answer.ended) keepAnswer({ ...answer.message, run_event: answer.event })
    if (over) this.finish()
    for (const listener of this.listeners) listener()
  }

  private finish(): void {
    const { message } = this.answer
    // Calls become messages of their own, which only the server can name: they come
    // together with the stored answer, and until then this one is shown.
    // Another branch may be shown by now, or another run be in it.
    const shown = historyOf(message.session_id)?.messages.find(({ id }) => id === message.id)
    if (message.calls.length === 0 && shown?.run_id === this.runId)
      showMessages(message.session_id, [message])
    runEnded(message.session_id, this.runId)
  }

  /** The run is over, and its last event was not seen, or will not be. */
  private async reread(): Promise<void> {
    const { id, session_id } = this.answer.message
    try {
      const message = await found(
        api.GET('/api/messages/{message_id}', { params: { path: { message_id: id } } }),
      )
      if (message && message.run_id === this.runId) {
        const { event } = this.answer
        const { calls } = this.answer.message
        this.put({ ...begin({ ...message, calls }), event, ended: true })
        return
      }
    } catch {
      // The history says it once it can be read.
    }
    runEnded(session_id, this.runId)
  }
}

const followed = new Map<string, Followed>()

function follow(runId: string, message: Message, listener: () => void): () => void {
  let run = followed.get(runId)
  if (!run) {
    run = new Followed(runId, message)
    followed.set(runId, run)
  }
  return run.attach(listener)
}

/** An event that cannot be read is passed over. */
function parsed(data: string): RunEvent | null {
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}

const nothing = () => {}

/** An answer as it is now: of a live run, it grows. */
export function useAnswer(message: Message): Answer {
  const told = useMemo(() => begin(message), [message])
  const runId = told.ended ? null : message.run_id
  // biome-ignore lint/correctness/useExhaustiveDependencies: a run is followed once, from wherever its message was when that began.
  const subscribe = useCallback(
    (listener: () => void) => (runId === null ? nothing : follow(runId, message, listener)),
    [runId],
  )
  return useSyncExternalStore(subscribe, () => {
    const live = runId === null ? undefined : followed.get(runId)?.answer
    // The message may have been read anew meanwhile, and be ahead of the stream.
    return live && (live.ended || live.event >= told.event) ? live : told
  })
}
