import { type History, useHistory } from '../api/history'
import { useUpdateSession } from '../api/sessions'
import { useOutgoing } from '../outbox/outbox'
import { change, useSettings } from '../settings/settings'
import { words } from '../ui/Notice'
import { toast } from '../ui/toasts'
import { Card } from './Card'
import { chooseSystem, useNewSystem } from './newSession'

/** Where messages are written: at the bottom of a session, or to begin one (null). */
export function Composer({ sessionId }: { sessionId: string | null }) {
  return sessionId === null ? <OfNewSession /> : <OfSession sessionId={sessionId} />
}

function OfNewSession() {
  const { model } = useSettings()
  const system = useNewSystem()
  return (
    <Card
      sessionId={null}
      model={model}
      system={system}
      onModel={(model) => change({ model })}
      onSystem={async (system) => chooseSystem(system)}
    />
  )
}

function OfSession({ sessionId }: { sessionId: string }) {
  const history = useHistory(sessionId).data
  const outgoing = useOutgoing(sessionId)
  const update = useUpdateSession()
  const making = outgoing.find((message) => message.newSession)?.newSession
  const session = history?.session
  // What was chosen is shown while the server is being told.
  const told = update.isPending ? update.variables : {}
  const { model = null, system = null } = { ...(session ?? making), ...told }
  // Its first message may not have reached the server.
  const there = session !== undefined && session.version > 0
  return (
    <Card
      sessionId={sessionId}
      model={model}
      system={system}
      outgoing={outgoing}
      runId={history ? liveRun(history) : null}
      {...(there && {
        onModel: (model) =>
          update.mutate(
            { id: sessionId, model },
            { onError: (error) => toast(words(error).title, { bad: true }) },
          ),
        onSystem: (system) => update.mutateAsync({ id: sessionId, system }),
      })}
    />
  )
}

function liveRun({ session, messages }: History): string | null {
  const last = messages.at(-1)
  const writing = last?.status === 'pending' || last?.status === 'streaming'
  return session.live_run_id ?? (writing ? last.run_id : null)
}
