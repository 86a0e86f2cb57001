import { X } from 'lucide-react'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Notice } from '../ui/Notice'
import type { Refusal } from './accept'
import css from './Refusals.module.css'

interface RefusalsProps {
  refusals: readonly Refusal[]
  onDismiss: () => void
}

/** What was not taken, and what to do about it. */
export function Refusals({ refusals, onDismiss }: RefusalsProps) {
  if (!refusals.length) return null
  return (
    <div className={css.refusals}>
      <div className={css.list}>
        {refusals.map(({ title, hint }) => (
          <Notice key={title} kind="bad" title={title} hint={hint} />
        ))}
      </div>
      <IconButton label={t.composer.dismiss} icon={X} onClick={onDismiss} />
    </div>
  )
}
