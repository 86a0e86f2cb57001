import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { message } from '../live/fixtures'
import { clearDrafts } from '../outbox/drafts'
import { t } from '../strings'
import { EditForm, isEdited } from './EditForm'

const edit = vi.hoisted(() => ({
  mutateAsync: vi.fn(async (_: { id: string; content: string }) => {}),
  isPending: false,
  error: null,
}))
vi.mock('../api/messages', async (original) => ({
  ...(await original<typeof import('../api/messages')>()),
  useEdit: () => edit,
}))

// There is no such thing where units are tested.
beforeEach(() => void vi.stubGlobal('matchMedia', () => ({ matches: false })))

afterEach(() => {
  cleanup()
  edit.mutateAsync.mockClear()
  clearDrafts()
})

it('sends the same words under the same id, and others under another', () => {
  render(<EditForm message={message({ role: 'user', content: 'Old' })} onClose={() => {}} />)
  const box = screen.getByRole('textbox')
  const save = screen.getByRole('button', { name: t.conversation.save })
  fireEvent.change(box, { target: { value: 'New' } })
  fireEvent.click(save)
  fireEvent.click(save) // no answer came to the first
  fireEvent.change(box, { target: { value: 'Newer' } })
  fireEvent.click(save)
  const [first, second, third] = edit.mutateAsync.mock.calls.map(([sent]) => sent)
  expect(first?.content).toBe('New')
  expect(second).toEqual(first)
  expect(third?.id).not.toBe(first?.id)
})

it('takes the focus from nobody who has gone elsewhere while it was saved', async () => {
  const onClose = vi.fn()
  render(
    <>
      <article>
        <EditForm message={message({ role: 'user', content: 'Old' })} onClose={onClose} />
      </article>
      <input aria-label="elsewhere" />
    </>,
  )
  const article = screen.getByRole('article')
  const save = screen.getByRole('button', { name: t.conversation.save })
  fireEvent.click(save)
  await waitFor(() => expect(onClose).toHaveBeenLastCalledWith(article))
  screen.getByRole('textbox', { name: 'elsewhere' }).focus()
  fireEvent.click(save)
  await waitFor(() => expect(onClose).toHaveBeenLastCalledWith(null))
})

it('keeps what was written until it is saved', async () => {
  const told = message({ role: 'user', content: 'Old' })
  const { unmount } = render(<EditForm message={told} onClose={() => {}} />)
  fireEvent.change(screen.getByRole('textbox'), { target: { value: 'New' } })
  unmount()
  expect(isEdited(told)).toBe(true)
  render(<EditForm message={told} onClose={() => {}} />)
  expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('New')
  edit.mutateAsync.mockRejectedValueOnce(new Error('Away'))
  fireEvent.click(screen.getByRole('button', { name: t.conversation.save }))
  await edit.mutateAsync.mock.results[0]?.value.catch(() => {})
  expect(isEdited(told)).toBe(true)
  fireEvent.click(screen.getByRole('button', { name: t.conversation.save }))
  await waitFor(() => expect(isEdited(told)).toBe(false))
})

it('leaves Enter to the input method', () => {
  render(<EditForm message={message({ role: 'user', content: 'Old' })} onClose={() => {}} />)
  fireEvent.keyDown(screen.getByRole('textbox'), { key: 'Enter', keyCode: 229 })
  expect(edit.mutateAsync).not.toHaveBeenCalled()
})
