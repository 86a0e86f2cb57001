import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useLayoutEffect, useRef } from 'react'
import { useUpdateSession } from '../api/sessions'
import type { Message } from '../api/types'
import { number, t } from '../strings'
import { IconButton } from '../ui/Button'
import { failed } from './Actions'
import css from './Actions.module.css'

/** Which version of a message is shown, and the way to the others. */
export function Branches({ message }: { message: Message }) {
  const update = useUpdateSession()
  const line = useRef<HTMLDivElement>(null)
  /** Where it was in the window when another version was asked for. */
  const top = useRef<number | null>(null)
  const { id, siblings } = message

  // The versions differ in length: what was pressed stays under the pointer.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is shown.
  useLayoutEffect(() => {
    const before = top.current
    top.current = null
    if (before === null) return
    requestAnimationFrame(() => {
      const element = line.current
      const scroller = element?.closest('[data-scroller]')
      if (element && scroller) scroller.scrollTop += element.getBoundingClientRect().top - before
    })
  }, [id])

  const at = siblings.indexOf(id)
  if (siblings.length < 2 || at < 0) return null

  function go(to: number) {
    const head = siblings[to]
    if (head === undefined || update.isPending) return
    top.current = line.current?.getBoundingClientRect().top ?? null
    update.mutate({ id: message.session_id, head }, { onError: failed })
  }

  return (
    <div ref={line} className={css.branches}>
      <IconButton
        label={t.conversation.previous}
        icon={ChevronLeft}
        aria-disabled={at === 0}
        onClick={() => go(at - 1)}
      />
      <span>{t.conversation.version(number.format(at + 1), number.format(siblings.length))}</span>
      <IconButton
        label={t.conversation.next}
        icon={ChevronRight}
        aria-disabled={at === siblings.length - 1}
        onClick={() => go(at + 1)}
      />
    </div>
  )
}
