/** Which question is to be said differently, where that is asked for from somewhere else. */
import { draftOf, keepDraft } from '../outbox/drafts'
import type { Outgoing } from '../outbox/outbox'
import { shared } from '../ui/shared'

export const wantedForm = shared<string | null>(null)

/** Puts what was taken back into its question's form again. False where there is none, or it
 * is not in sight, or somebody is at it, or something else is written there by now. */
export function editAgain({ edits, content }: Outgoing): boolean {
  if (edits === null || draftOf(edits) !== '') return false
  const question = document.querySelector(`[data-message-id="${CSS.escape(edits)}"]`)
  const view = question?.closest('[data-scroller]')?.getBoundingClientRect()
  if (!question || !view || question.querySelector('[data-edit]')) return false
  // One that is out of sight may be drawn only as long as it has the focus.
  const { top, bottom } = question.getBoundingClientRect()
  if (bottom <= view.top || top >= view.bottom) return false
  keepDraft(edits, content)
  wantedForm.set(edits)
  return true
}
