import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { message } from '../live/fixtures'
import { clearDrafts } from '../outbox/drafts'
import type { Draft } from '../outbox/outbox'
import { t } from '../strings'
import { EditForm, isEdited } from './EditForm'

const send = vi.hoisted(() => vi.fn((_: Draft) => 'id'))
vi.mock('../outbox/outbox', async (original) => ({
  ...(await original<typeof import('../outbox/outbox')>()),
  send,
}))
vi.mock('../api/server', () => ({ useServer: () => ({ limits: { max_body_bytes: 10_000 } }) }))

// There is no such thing where units are tested.
beforeEach(() => void vi.stubGlobal('matchMedia', () => ({ matches: false })))

afterEach(() => {
  cleanup()
  send.mockClear()
  clearDrafts()
})

const file = {
  id: 'f',
  name: 'a.txt',
  media_type: 'text/plain',
  size: 3,
  sha256: '',
  created_at: 1,
}
const told = message({ role: 'user', content: 'Old', files: [file] })
const box = () => screen.getByRole<HTMLTextAreaElement>('textbox')
const save = () => fireEvent.click(screen.getByRole('button', { name: t.conversation.save }))

it('hands it over to the outbox, with the files of the question', () => {
  const onClose = vi.fn()
  render(
    <article>
      <EditForm message={told} onClose={onClose} />
    </article>,
  )
  fireEvent.change(box(), { target: { value: 'New' } })
  save()
  expect(send).toHaveBeenCalledOnce()
  expect(send.mock.calls[0]?.[0]).toMatchObject({
    ...{ sessionId: told.session_id, edits: told.id, content: 'New' },
    attachments: [{ fileId: 'f', name: 'a.txt' }],
  })
  expect(isEdited(told)).toBe(false)
  expect(onClose).toHaveBeenCalledWith(screen.getByRole('article'))
})

it('keeps what was written until it is sent', () => {
  const { unmount } = render(<EditForm message={told} onClose={() => {}} />)
  fireEvent.change(box(), { target: { value: 'New' } })
  unmount()
  expect(isEdited(told)).toBe(true)
  render(<EditForm message={told} onClose={() => {}} />)
  expect(box().value).toBe('New')
})

it('says of a text that is too long for the server that it is', () => {
  render(<EditForm message={told} onClose={() => {}} />)
  fireEvent.change(box(), { target: { value: 'x'.repeat(10_000) } })
  save()
  expect(screen.getByRole('alert').textContent).toContain('This message is too long')
  expect(send).not.toHaveBeenCalled()
  expect(isEdited(told)).toBe(true)
})

it('leaves Enter to the input method', () => {
  render(<EditForm message={told} onClose={() => {}} />)
  fireEvent.keyDown(box(), { key: 'Enter', keyCode: 229 })
  expect(send).not.toHaveBeenCalled()
})
