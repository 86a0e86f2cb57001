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
  if (!question || question.querySelector('[data-edit]')) return false
  keepDraft(edits, content)
  wantedForm.set(edits)
  return true
}
