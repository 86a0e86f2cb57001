/** Hands a message over to the outbox, if the server can take it. */

import { v7 as uuid } from 'uuid'
import { useLocation } from 'wouter'
import type { Server } from '../api/types'
import { send } from '../outbox/outbox'
import { size, t } from '../strings'
import type { Refusal } from './accept'
import { listOf } from './attached'
import { takeAttached } from './attachments'
import { chooseSystem } from './newSession'

interface Sending {
  sessionId: string | null
  model: string | null
  system: string | null
  limits: Server['limits'] | null
  setRefusals: (refusals: readonly Refusal[]) => void
}

/** Of the request beside the text. */
const OVERHEAD = 4096

/** Returns whether it was sent. */
export function useSending({ sessionId, model, system, limits, setRefusals }: Sending) {
  const [, navigate] = useLocation()

  return (text: string): boolean => {
    const content = trim(text)
    const files = listOf(sessionId)
    if (!content && files.length === 0) return false
    const why =
      tooLong(content, limits) ??
      (files.some((file) => file.state === 'failed')
        ? { title: t.composer.failedFiles, hint: t.composer.failedFilesHint }
        : tooMany(files, limits))
    setRefusals(why ? [why] : [])
    if (why) return false
    const id = sessionId ?? uuid()
    send({
      sessionId: id,
      newSession: sessionId === null ? { model, system } : null,
      edits: null,
      content,
      attachments: takeAttached(sessionId),
      model: null,
    })
    if (sessionId === null) {
      chooseSystem(null)
      navigate(`/sessions/${id}`)
    }
    return true
  }
}

/** Without empty lines around it; the first line's indentation may be code. */
const trim = (text: string) => text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, '')

/** As the request will say it, in JSON. */
export function tooLong(content: string, limits: Server['limits'] | null): Refusal | null {
  const most = (limits?.max_body_bytes ?? Number.POSITIVE_INFINITY) - OVERHEAD
  // At most six bytes for each unit (\u0000), so that most texts need not be measured.
  if (content.length * 6 <= most) return null
  const bytes = new Blob([JSON.stringify(content)]).size
  if (bytes <= most) return null
  return { title: t.composer.tooLong(size(bytes)), hint: t.composer.tooLongHint(size(most)) }
}

/** After a message was taken back into another one. */
function tooMany(files: readonly { name: string }[], limits: Server['limits'] | null) {
  const most = limits?.max_files_per_message ?? Number.POSITIVE_INFINITY
  if (files.length <= most) return null
  const names = files.slice(most).map((file) => file.name)
  return { title: t.composer.overMany(names.join(', ')), hint: t.composer.overManyHint(most) }
}
