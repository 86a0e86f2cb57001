import { RadioGroup } from 'radix-ui'
import { type ReactNode, useId } from 'react'
import css from './SettingsDialog.module.css'

interface LineProps {
  label: string
  about?: string
  /** What the label and the sentence name. */
  children: (ids: { labelId: string; aboutId: string | undefined }) => ReactNode
}

/** One setting: what it is, a sentence about it, and what it can be. */
export function Line({ label, about, children }: LineProps) {
  const id = useId()
  const aboutId = about ? `${id}-about` : undefined
  return (
    <div className={css.line}>
      <div className={css.words}>
        <div id={id}>{label}</div>
        {about && (
          <p id={aboutId} className={css.about}>
            {about}
          </p>
        )}
      </div>
      {children({ labelId: id, aboutId })}
    </div>
  )
}

interface ChoiceProps<T extends string> {
  label: string
  about?: string
  value: T
  onChange: (value: T) => void
  options: Record<T, string>
}

/** One of a few, side by side. */
export function Choice<T extends string>({
  label,
  about,
  value,
  onChange,
  options,
}: ChoiceProps<T>) {
  return (
    <Line label={label} {...(about ? { about } : {})}>
      {({ labelId, aboutId }) => (
        <RadioGroup.Root
          className={css.choice}
          aria-labelledby={labelId}
          aria-describedby={aboutId}
          value={value}
          onValueChange={(chosen) => onChange(chosen as T)}
          orientation="horizontal"
        >
          {(Object.entries(options) as [T, string][]).map(([name, words]) => (
            <RadioGroup.Item key={name} value={name} className={css.option}>
              {words}
            </RadioGroup.Item>
          ))}
        </RadioGroup.Root>
      )}
    </Line>
  )
}
