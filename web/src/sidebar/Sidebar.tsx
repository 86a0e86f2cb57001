import { Link } from 'wouter'
import { useSessions } from '../api/sessions'

/** The sessions. */
export function Sidebar() {
  const sessions = useSessions({})
  return (
    <nav>
      {sessions.data?.map((session) => (
        <Link key={session.id} href={`/sessions/${session.id}`}>
          {session.title}
        </Link>
      ))}
    </nav>
  )
}
