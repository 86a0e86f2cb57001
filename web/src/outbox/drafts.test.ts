import { act, renderHook } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'

/** As after a reload. */
async function page() {
  vi.resetModules()
  const { useDraft } = await import('./drafts')
  return (id: string | null) => renderHook(useDraft, { initialProps: id })
}

const close = () => dispatchEvent(new Event('pagehide'))

beforeEach(() => localStorage.clear())

it('keeps a draft for each session, and one for a new one', async () => {
  const of = await page()
  const one = of('one').result
  act(() => one.current[1]('First'))
  const fresh = of(null).result
  act(() => fresh.current[1]('New'))
  close()
  const again = await page()
  const { result, rerender } = again('one')
  expect(result.current[0]).toBe('First')
  rerender('two')
  expect(result.current[0]).toBe('')
  rerender(null)
  expect(result.current[0]).toBe('New')
})

it('leaves nothing where a draft is sent', async () => {
  const of = await page()
  const { result } = of('one')
  act(() => result.current[1]('Sent'))
  close()
  expect(localStorage).toHaveLength(1)
  act(() => result.current[1](''))
  close()
  expect(localStorage).toHaveLength(0)
})

/** Another tab writes, and the browser says so. */
function elsewhere(key: string, text: string): void {
  if (text) localStorage.setItem(key, JSON.stringify({ text, at: 1 }))
  else localStorage.removeItem(key)
  dispatchEvent(new StorageEvent('storage', { key }))
}

it('follows what another tab writes, and sends', async () => {
  const of = await page()
  const { result } = of('one')
  act(() => elsewhere('squid.draft.one', 'Written there'))
  expect(result.current[0]).toBe('Written there')
  act(() => elsewhere('squid.draft.one', ''))
  expect(result.current[0]).toBe('')
})

it('keeps what is being typed here, whatever another tab writes', async () => {
  const of = await page()
  const { result } = of('one')
  act(() => result.current[1]('Typed here'))
  act(() => elsewhere('squid.draft.one', 'hi'))
  expect(result.current[0]).toBe('Typed here')
  close()
  expect(localStorage.getItem('squid.draft.one')).toContain('Typed here')
})

it('forgets the oldest of many', async () => {
  for (let n = 0; n < 60; n += 1)
    localStorage.setItem(`squid.draft.${n}`, JSON.stringify({ text: 'x', at: n }))
  const of = await page()
  const { result } = of('now')
  act(() => result.current[1]('y'))
  close()
  expect(localStorage).toHaveLength(50)
  expect(localStorage.getItem('squid.draft.10')).toBeNull()
  expect(localStorage.getItem('squid.draft.59')).not.toBeNull()
})

it('takes what is no draft, and no storage, for an empty one', async () => {
  localStorage.setItem('squid.draft.one', '{"text": 4, "files": [{"name": 1}], "at": "x"}')
  localStorage.setItem('squid.draft.two', 'null')
  const of = await page()
  expect(of('one').result.current[0]).toBe('')
  expect(of('two').result.current[0]).toBe('')
  vi.stubGlobal('localStorage', undefined)
  const { result } = of('three')
  act(() => result.current[1]('Here all the same'))
  close()
  expect(result.current[0]).toBe('Here all the same')
  vi.unstubAllGlobals()
})
