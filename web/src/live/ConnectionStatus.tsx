import { CloudOff, LoaderCircle } from 'lucide-react'
import { t } from '../strings'
import css from './ConnectionStatus.module.css'
import { useConnection } from './connection'

/** Says quietly that the server cannot be heard, and that nothing is lost by it. */
export function ConnectionStatus() {
  const connection = useConnection()
  const offline = connection === 'offline'
  return (
    <div role="status" className={css.place}>
      {connection !== 'online' && (
        <p className={css.line}>
          {offline ? (
            <CloudOff aria-hidden size="1.125em" />
          ) : (
            <LoaderCircle aria-hidden size="1.125em" className={css.turning} />
          )}
          <span className={css.title}>
            {offline ? t.connection.offline : t.connection.reconnecting}
          </span>
          <span className={css.hint}>
            {offline ? t.connection.offlineHint : t.connection.reconnectingHint}
          </span>
        </p>
      )}
    </div>
  )
}
