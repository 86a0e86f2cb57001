import { useEffect, useRef, useState } from 'react'
import type { Message } from '../api/types'
import { isLive } from '../live/answer'
import { t } from '../strings'

/** Says to a screen reader that an answer begins and how it ended, and no word between. */
export function Announcements({ messages }: { messages: readonly Message[] }) {
  const [said, setSaid] = useState('')
  const run = useRef<string | null>(null)
  const last = messages.findLast((message) => message.role === 'assistant')
  useEffect(() => {
    if (!last) return
    if (isLive(last)) {
      if (run.current !== last.run_id) setSaid(t.conversation.begins)
      run.current = last.run_id
    } else if (run.current !== null) {
      run.current = null
      setSaid(t.conversation.ends[last.status as keyof typeof t.conversation.ends] ?? '')
    }
  }, [last])
  return (
    <p role="status" className="unseen">
      {said}
    </p>
  )
}
