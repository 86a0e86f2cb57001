/** Short words about what has happened, perhaps with a way to undo it. */
import { Toast as Radix } from 'radix-ui'
import { useSyncExternalStore } from 'react'
import { t } from '../strings'
import { Button } from './Button'
import css from './toasts.module.css'

interface Toast {
  id: number
  text: string
  action?: { label: string; run: () => void }
  bad?: boolean
}

let shown: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

function change(toasts: readonly Toast[]): void {
  shown = toasts
  for (const listener of listeners) listener()
}

export function toast(text: string, more: Pick<Toast, 'action' | 'bad'> = {}): void {
  last += 1
  change([...shown.slice(-2), { id: last, text, ...more }])
}

const drop = (id: number) => change(shown.filter((one) => one.id !== id))

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown)
  return (
    <Radix.Provider label={t.notification} duration={8_000}>
      {toasts.map(({ id, text, action, bad }) => (
        <Radix.Root
          key={id}
          className={`${css.toast} ${bad ? css.bad : ''}`}
          onOpenChange={(open) => open || drop(id)}
        >
          <Radix.Description className={css.words}>{text}</Radix.Description>
          {action && (
            <Radix.Action asChild altText={action.label}>
              <Button kind="quiet" onClick={action.run}>
                {action.label}
              </Button>
            </Radix.Action>
          )}
        </Radix.Root>
      ))}
      {/* A dialog, as the drawer is one, hides from a screen reader all but itself and what is
          live. Each is announced by itself already, so it is live in name alone. */}
      <Radix.Viewport className={css.toasts} aria-live="off" />
    </Radix.Provider>
  )
}
