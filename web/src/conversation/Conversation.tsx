import { useHistory } from '../api/history'
import { Composer } from '../composer/Composer'

/** One session, or the beginning of a new one (null). */
export function Conversation({ sessionId }: { sessionId: string | null }) {
  return (
    <>
      {sessionId !== null && <Messages sessionId={sessionId} />}
      <Composer sessionId={sessionId} />
    </>
  )
}

function Messages({ sessionId }: { sessionId: string }) {
  const history = useHistory(sessionId)
  return (
    <ol>
      {history.data?.messages.map((message) => (
        <li key={message.id}>{message.content}</li>
      ))}
    </ol>
  )
}
