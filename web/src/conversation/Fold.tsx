import { ChevronRight, type LucideIcon } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import css from './Fold.module.css'

interface FoldProps {
  icon: LucideIcon
  label: string
  /** What is the case just now, beside the label; empty where nothing is known. */
  state: string
  /** Whether that is going on. */
  busy?: boolean
  bad?: boolean
  open: boolean
  onOpenChange: (open: boolean) => void
  children: ReactNode
}

/** A line that opens. */
export function Fold({
  icon: Icon,
  label,
  state,
  busy,
  bad,
  open,
  onOpenChange,
  ...on
}: FoldProps) {
  const id = useId()
  return (
    <div className={css.fold} data-open={open}>
      <div className={css.line}>
        <button
          type="button"
          className={css.button}
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          onClick={() => onOpenChange(!open)}
        >
          <Icon aria-hidden size="1em" />
          {label}
        </button>
        {state && (
          <span className={`${css.state} ${busy ? css.busy : ''} ${bad ? css.bad : ''}`}>
            {state}
          </span>
        )}
        <ChevronRight aria-hidden size="1em" className={css.mark} />
      </div>
      {open && (
        <div id={id} className={css.inside}>
          {on.children}
        </div>
      )}
    </div>
  )
}
