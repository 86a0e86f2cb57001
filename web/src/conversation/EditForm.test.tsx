import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { message } from '../live/fixtures'
import { t } from '../strings'
import { EditForm } from './EditForm'

const edit = vi.hoisted(() => ({ mutate: vi.fn(), isPending: false, error: null }))
vi.mock('../api/messages', async (original) => ({
  ...(await original<typeof import('../api/messages')>()),
  useEdit: () => edit,
}))

afterEach(() => {
  cleanup()
  edit.mutate.mockClear()
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
  const [first, second, third] = edit.mutate.mock.calls.map(([sent]) => sent)
  expect(first.content).toBe('New')
  expect(second).toEqual(first)
  expect(third.id).not.toBe(first.id)
})

it('takes the focus from nobody who has gone elsewhere while it was saved', () => {
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
  fireEvent.click(screen.getByRole('button', { name: t.conversation.save }))
  const [, { onSuccess: saved }] = edit.mutate.mock.calls[0] ?? []
  saved()
  expect(onClose).toHaveBeenLastCalledWith(article)
  screen.getByRole('textbox', { name: 'elsewhere' }).focus()
  saved()
  expect(onClose).toHaveBeenLastCalledWith(null)
})
