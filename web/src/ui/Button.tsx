import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import css from './Button.module.css'
import { Tooltip } from './Tooltip'

type Kind = 'primary' | 'plain' | 'quiet' | 'danger'

interface ButtonProps extends ComponentProps<'button'> {
  kind?: Kind
}

export function Button({ kind = 'plain', className = '', ...props }: ButtonProps) {
  return <button type="button" className={`${css.button} ${css[kind]} ${className}`} {...props} />
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** What it does, for a screen reader and as its tooltip. */
  label: string
  icon: LucideIcon
  kind?: Kind
}

/** A button that is only a picture. */
export function IconButton({
  label,
  icon: Icon,
  kind = 'quiet',
  className = '',
  ...props
}: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type="button"
        aria-label={label}
        className={`${css.button} ${css.icon} ${css[kind]} ${className}`}
        {...props}
      >
        <Icon aria-hidden size="1.125em" />
      </button>
    </Tooltip>
  )
}
