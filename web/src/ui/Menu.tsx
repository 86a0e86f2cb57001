import type { LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import css from './Menu.module.css'

interface MenuProps {
  /** What opens it: a button. */
  trigger: ReactNode
  align?: 'start' | 'center' | 'end'
  /** Prevented, the focus does not go back to what opened it. */
  onCloseAutoFocus?: (event: Event) => void
  children: ReactNode
}

export function Menu({ trigger, align = 'end', onCloseAutoFocus, children }: MenuProps) {
  return (
    // The page behind stays there for a screen reader: what is in it can still take the focus.
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={css.menu}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          {...(onCloseAutoFocus && { onCloseAutoFocus })}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface MenuItemProps {
  icon?: LucideIcon
  danger?: boolean
  disabled?: boolean
  onSelect: (event: Event) => void
  children: ReactNode
}

export function MenuItem({ icon: Icon, danger = false, children, ...props }: MenuItemProps) {
  return (
    <Radix.Item className={`${css.item} ${danger ? css.danger : ''}`} {...props}>
      {Icon && <Icon aria-hidden size="1.125em" />}
      {children}
    </Radix.Item>
  )
}

interface MenuChoiceProps<T extends string> {
  value: T
  onChange: (value: T) => void
  options: readonly { value: T; label: string; about?: string }[]
}

/** One of several, with a mark at the chosen one. */
export function MenuChoice<T extends string>({ value, onChange, options }: MenuChoiceProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(chosen) => onChange(chosen as T)}>
      {options.map((option) => (
        <Radix.RadioItem key={option.value} value={option.value} className={css.item}>
          <span className={css.mark} />
          <span className={css.label}>
            {option.label}
            {option.about && <small>{option.about}</small>}
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className={css.heading}>{children}</Radix.Label>
}

export function MenuLine() {
  return <Radix.Separator className={css.line} />
}
