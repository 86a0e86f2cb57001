/** What can go wrong with a request, each with what to do about it. */

/** The server said no. `code` is stable: the last part of the problem's `type`. */
export class Refused extends Error {
  override name = 'Refused'

  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly hint: string | null,
    /** The run that is in the way, of `run-in-progress`. */
    readonly runId: string | null = null,
    /** How long the server asks to wait. */
    readonly retryAfterSeconds: number | null = null,
    /** Where in the body it is, as a JSON Pointer. */
    readonly pointer: string | null = null,
  ) {
    super(detail)
  }
}

/** No answer: the server is away, or the network. Whether the request was carried out is
 * not known, so it is sent again with the same id. */
export class Unreachable extends Error {
  override name = 'Unreachable'

  constructor() {
    super('The server cannot be reached.')
  }
}

/** Reads a problem (RFC 9457), or makes one of what a proxy in between answered. */
export function refusal(response: Response, body: unknown): Refused {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (name: string) => {
    const value = problem[name]
    return typeof value === 'string' ? value : null
  }
  return new Refused(
    text('type')?.split(':').at(-1) ?? 'error',
    response.status,
    text('detail') ?? `${response.status} ${response.statusText}`.trim(),
    text('hint'),
    text('run_id'),
    Number(response.headers.get('Retry-After')) || null,
    text('pointer'),
  )
}
