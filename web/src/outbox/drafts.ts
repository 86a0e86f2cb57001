/** What is being written, kept per session. */
import { useState } from 'react'

/** Of `sessionId`, or null for a session that is not there yet. */
export function useDraft(_sessionId: string | null): [string, (text: string) => void] {
  return useState('')
}
