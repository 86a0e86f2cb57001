import { QueryClientProvider } from '@tanstack/react-query'
import { renderHook } from '@testing-library/react'
import { createElement } from 'react'
import { beforeEach, expect, it, vi } from 'vitest'
import { session } from '../live/fixtures'
import { historyOf } from './history'
import { keys, queries } from './queries'
import { known, useDeleteSession, useUpdateSession } from './sessions'
import type { Session } from './types'

// The client of the API takes what it finds when it is loaded.
const network = vi.hoisted(() => {
  const network = { fetch: globalThis.fetch }
  globalThis.fetch = (...request) => network.fetch(...request)
  return network
})

let answer: (response: Response) => void

const wrapper = ({ children }: { children: React.ReactNode }) =>
  createElement(QueryClientProvider, { client: queries }, children)

const titles = () =>
  queries
    .getQueryData<{ pages: { sessions: Session[] }[] }>([...keys.sessions, {}])
    ?.pages.flatMap(({ sessions }) => sessions.map(({ title }) => title))

beforeEach(() => {
  queries.clear()
  const before = session({ title: 'Before', version: 3 })
  queries.setQueryData(keys.history('s'), { session: before, messages: [], older: false, read: 3 })
  queries.setQueryData([...keys.sessions, {}], {
    pages: [{ sessions: [before, session({ id: 's2', title: 'Other' })], next: null }],
    pageParams: [''],
  })
  // Nothing is read anew: what is shown is what was taken back.
  network.fetch = (input) =>
    (input as Request).method === 'GET'
      ? new Promise(() => {})
      : new Promise((resolve) => {
          answer = resolve
        })
})

const refusal = () => Response.json({ type: 'x:database', detail: 'No.' }, { status: 500 })

it('takes back what the server refuses, in the lists and in what is open', async () => {
  const { result } = renderHook(() => useUpdateSession(), { wrapper })
  result.current.mutate({ id: 's', title: 'After' })
  await vi.waitFor(() => expect(titles()).toEqual(['After', 'Other']))
  expect(historyOf('s')?.session.title).toBe('After')
  await vi.waitFor(() => expect(answer).toBeDefined())
  answer(refusal())
  await vi.waitFor(() => expect(titles()).toEqual(['Before', 'Other']))
  expect(historyOf('s')?.session.title).toBe('Before')
})

it('brings back what could not be deleted', async () => {
  const { result } = renderHook(() => useDeleteSession(), { wrapper })
  result.current.mutate('s')
  await vi.waitFor(() => expect(titles()).toEqual(['Other']))
  answer(refusal())
  await vi.waitFor(() => expect(titles()).toEqual(['Before', 'Other']))
  expect(historyOf('s')?.session.deleted_at).toBeNull()
})

it('takes back nothing that the server has told meanwhile', async () => {
  const { result } = renderHook(() => useUpdateSession(), { wrapper })
  result.current.mutate({ id: 's', title: 'After' })
  await vi.waitFor(() => expect(known('s')?.title).toBe('After'))
  const told = session({ title: 'Theirs', version: 4, live_run_id: 'r' })
  queries.setQueryData(keys.history('s'), { session: told, messages: [], older: false, read: 4 })
  answer(refusal())
  await vi.waitFor(() => expect(result.current.isError).toBe(true))
  expect(historyOf('s')?.session).toEqual(told)
})
