import { beforeEach, describe, expect, it, vi } from 'vitest'
import { message, session } from '../live/fixtures'
import { type History, historyOf, place, refreshHistory, showMessages, splice } from './history'
import { keys, queries } from './queries'

const at = (id: string, parent_id: string | null = null) => message({ id, parent_id, run_id: null })
const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id).join('')
const chain = (text: string) => [...text].map((id, i) => at(id, i ? (text[i - 1] ?? null) : null))
const history = (text: string, version = 1, older = false): History => ({
  session: session({ version }),
  messages: chain(text),
  older,
})

describe('splice', () => {
  it('keeps what is before the page', () => {
    const spliced = splice(history('abcd', 1, false), { ...history('cdef', 2, true) })
    expect(ids(spliced.messages)).toBe('abcdef')
    expect(spliced.older).toBe(false)
  })

  it('shows the page alone where nothing is in both', () => {
    expect(ids(splice(history('abc'), history('xyz')).messages)).toBe('xyz')
    expect(ids(splice(null, history('xyz')).messages)).toBe('xyz')
    expect(ids(splice(history('abc'), history('')).messages)).toBe('')
  })
})

describe('place', () => {
  it('puts an answer behind its question, in place of another branch', () => {
    expect(ids(place(chain('abcd'), [at('x', 'b')]))).toBe('abx')
  })

  it('puts the first message of another branch where the first one was', () => {
    const first = { ...at('x'), siblings: ['a', 'x'] }
    expect(ids(place(chain('abc'), [first, at('y', 'x')]))).toBe('xy')
  })

  it('lets a deleted one go, and never one of another branch in', () => {
    expect(ids(place(chain('abc'), [{ ...at('b', 'a'), deleted_at: 5 }]))).toBe('ac')
    expect(ids(place(chain('abc'), [{ ...at('x', 'a'), deleted_at: 5 }]))).toBe('abc')
  })

  it('never goes back in a run', () => {
    const early = message({ status: 'pending' })
    const late = message({ status: 'streaming', content: 'So far', run_event: 7 })
    const done = message({ status: 'complete', content: 'So far, so good' })
    const again = message({ status: 'pending', content: 'So far, so good', run_id: 'r2' })
    expect(place([late], [early])).toEqual([late])
    expect(place([late], [done])).toEqual([done])
    expect(place([done], [late])).toEqual([done])
    expect(place([done], [again])).toEqual([again])
  })
})

describe('reading a session anew', () => {
  let asked: string[]
  let server: Record<string, () => unknown>

  beforeEach(() => {
    queries.clear()
    asked = []
    server = {}
    vi.stubGlobal('fetch', (request: Request) => {
      const { pathname, search } = new URL(request.url)
      asked.push(pathname + search)
      return Promise.resolve(Response.json(server[pathname]?.()))
    })
  })

  const read = (text: string, version: number) => {
    server['/api/sessions/s'] = () => ({ ...history(text, version), older: true })
  }
  const known = (text: string, version = 1) => {
    queries.setQueryData(keys.history('s'), history(text, version, true))
    // Somebody looks at it.
    const query = queries.getQueryCache().find({ queryKey: keys.history('s') })
    return query
  }

  it('asks nothing where the version is known', async () => {
    known('ab', 3)
    await refreshHistory('s', 3)
    expect(asked).toEqual([])
  })

  it('leaves what nobody looks at for later', async () => {
    known('ab', 3)
    await refreshHistory('s', 4)
    expect(asked).toEqual([])
    expect(queries.getQueryState(keys.history('s'))?.isInvalidated).toBe(true)
  })

  it('does not take back what was shown meanwhile', () => {
    known('ab', 3)
    read('a', 2)
    showMessages('s', [at('c', 'b')])
    expect(ids(historyOf('s')?.messages ?? [])).toBe('abc')
  })
})
