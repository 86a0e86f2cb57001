import { QueryClientProvider } from '@tanstack/react-query'
import { renderHook } from '@testing-library/react'
import { createElement } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { message, session } from '../live/fixtures'
import {
  type History,
  historyOf,
  place,
  refreshHistory,
  refreshMessage,
  showMessages,
  showTurn,
  splice,
  useHistory,
} from './history'
import { keys, queries } from './queries'
import { show } from './sessions'
import type { StartedRun } from './types'

// The client of the API takes what it finds when it is loaded.
const network = vi.hoisted(() => {
  const network = { fetch: globalThis.fetch }
  globalThis.fetch = (...request) => network.fetch(...request)
  return network
})

const at = (id: string, parent_id: string | null = null) => message({ id, parent_id, run_id: null })
const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id).join('')
const chain = (text: string) => [...text].map((id, i) => at(id, i ? (text[i - 1] ?? null) : null))
const history = (text: string, version = 1, older = false): History => ({
  session: session({ version }),
  messages: chain(text),
  older,
  read: version,
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
  let leave: () => void

  beforeEach(() => {
    queries.clear()
    asked = []
    server = {}
    leave = () => {}
    network.fetch = (input) => {
      const { pathname, search } = new URL((input as Request).url)
      asked.push(pathname + search)
      const found = server[pathname + search]?.()
      return Promise.resolve(
        found ? Response.json(found) : Response.json({ type: 'x:not-found' }, { status: 404 }),
      )
    }
  })

  afterEach(() => leave())

  const page = (text: string, older = false) => ({ messages: chain(text), older, newer: true })

  function known(text: string, version = 1): void {
    queries.setQueryData(keys.history('s'), history(text, version, true))
  }

  /** Somebody looks at it. */
  function look(): void {
    leave = renderHook(() => useHistory('s'), {
      wrapper: ({ children }) => createElement(QueryClientProvider, { client: queries }, children),
    }).unmount
  }

  const shown = () => ids(historyOf('s')?.messages ?? [])

  it('asks nothing where the version is known', async () => {
    known('ab', 3)
    look()
    await refreshHistory('s', 3)
    expect(asked).toEqual([])
  })

  it('asks once for what it is told several times', async () => {
    known('ab', 3)
    look()
    server['/api/sessions/s'] = () => ({ ...history('abc', 5), older: true })
    await Promise.all([refreshHistory('s', 4), refreshHistory('s', 5), refreshHistory('s', 5)])
    expect(asked).toEqual(['/api/sessions/s'])
    expect(shown()).toBe('abc')
  })

  it('reads once more where it is told of more while it reads anew', async () => {
    known('ab', 5)
    look()
    const answers = [history('ab', 5), history('abc', 6)]
    server['/api/sessions/s'] = () => {
      // As after a change of the branch: what is read just now is from before the news.
      if (answers.length === 2) void refreshHistory('s', 6)
      return answers.shift()
    }
    await refreshHistory('s')
    expect(shown()).toBe('abc')
    expect(asked.length).toBe(2)
  })

  it('reads anew what was being read when that was asked', async () => {
    known('ab', 5)
    look()
    const answers = [history('ab', 6), history('abc', 6)]
    server['/api/sessions/s'] = () => answers.shift()
    await Promise.all([refreshHistory('s', 6), refreshHistory('s')])
    expect(shown()).toBe('abc')
  })

  it('reads all that is shown from this browser, as any of it may be otherwise', async () => {
    queries.setQueryData(keys.history('s'), { ...history('abcdef', 3, false), kept: true })
    look()
    server['/api/sessions/s'] = () => ({ ...history('ef', 5), older: true })
    // Somebody has deleted c.
    server['/api/sessions/s/messages?before=e&limit=100'] = () => page('abd', false)
    await refreshHistory('s')
    expect(shown()).toBe('abdef')
    expect(historyOf('s')?.kept).toBeUndefined()
    // And where it goes too far back, what the server has just said is all there is.
    queries.setQueryData(keys.history('s'), { ...history('abcdef', 3, false), kept: true })
    server['/api/sessions/s/messages?before=e&limit=100'] = () => page('bd', false)
    await refreshHistory('s')
    expect(shown()).toBe('ef')
  })

  it('reads on while it is told of more', async () => {
    known('ab', 1)
    look()
    let version = 1
    server['/api/sessions/s'] = () => {
      version += 1
      const told = history('abc', version)
      // News of the next version come while this one is on its way.
      if (version < 8) void refreshHistory('s', version + 1)
      return told
    }
    await refreshHistory('s', 2)
    expect(historyOf('s')?.session.version).toBe(8)
  })

  it('reads what others said before what it was told of itself', async () => {
    known('ab', 3)
    look()
    server['/api/sessions/s'] = () => ({ ...history('abxyc', 7), older: true })
    // A title is changed, or a message sent, here; others have said something before that.
    show(session({ version: 7, title: 'New' }))
    await refreshHistory('s', 7)
    expect(shown()).toBe('abxyc')
  })

  it('knows whether something was said before what has begun here', () => {
    const told = (version: number) =>
      ({ session: session({ version }), messages: [at('c', 'b')] }) as unknown as StartedRun
    known('ab', 3)
    showTurn(told(4))
    expect(historyOf('s')).toMatchObject({ read: 4 })
    known('ab', 3)
    showTurn(told(7))
    expect(historyOf('s')).toMatchObject({ read: 3 })
    expect(shown()).toBe('abc')
  })

  it('is shown as it comes back', async () => {
    queries.setQueryData(keys.history('s'), null)
    look()
    server['/api/sessions/s'] = () => history('abc', 7)
    await refreshHistory('s', 7)
    expect(shown()).toBe('abc')
  })

  it('leaves what nobody looks at for later', async () => {
    known('ab', 3)
    await refreshHistory('s', 4)
    expect(asked).toEqual([])
    expect(queries.getQueryState(keys.history('s'))?.isInvalidated).toBe(true)
  })

  it('does not take back what was shown meanwhile', async () => {
    known('ab', 3)
    look()
    const answers = [history('ab', 4), history('abc', 5)]
    server['/api/sessions/s'] = () => {
      // While this one is on its way, the page is told of more.
      if (answers.length === 2) {
        showMessages('s', [at('c', 'b')])
        queries.setQueryData<History>(
          keys.history('s'),
          (now) => now && { ...now, session: session({ version: 5 }) },
        )
      }
      return answers.shift()
    }
    await refreshHistory('s', 4)
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    await vi.waitFor(() => expect(historyOf('s')?.session.version).toBe(5))
    expect(shown()).toBe('abc')
  })

  it('reads as far up as what is loaded, so that its reader stays there', async () => {
    known('abcdef', 1)
    look()
    server['/api/sessions/s'] = () => ({ ...history('ijk', 9), older: true })
    server['/api/sessions/s/messages?before=i&limit=100'] = () => page('efgh', true)
    await refreshHistory('s', 9)
    expect(shown()).toBe('abcdefghijk')
  })

  it('changes a message that is loaded further up', async () => {
    const text = [...Array(60).keys()].map((n) => String.fromCharCode(0x4e00 + n)).join('')
    const [first, second] = [...text] as [string, string]
    known(text)
    server[`/api/messages/${encodeURIComponent(first)}`] = () => ({ ...at(first), content: 'New' })
    await refreshMessage('s', first)
    expect(historyOf('s')?.messages[0]?.content).toBe('New')

    // Out of the trash, it is back in its place.
    const gone = text.replace(second, '')
    known(gone)
    const third = encodeURIComponent(text[2] ?? '')
    const after = `/api/sessions/s/messages?after=${encodeURIComponent(second)}&limit=1`
    server[after] = () => page(text[2] ?? '')
    server[`/api/sessions/s/messages?before=${third}&limit=1`] = () => page(second)
    await refreshMessage('s', second)
    expect(shown()).toBe(text)
    // One of another branch stays away.
    known(gone)
    server[`/api/sessions/s/messages?before=${third}&limit=1`] = () => page(first)
    await refreshMessage('s', second)
    expect(shown()).toBe(gone)
  })
})
