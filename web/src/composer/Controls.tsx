import { ArrowUp, Plus, Square } from 'lucide-react'
import { useRef } from 'react'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Tooltip } from '../ui/Tooltip'
import css from './Controls.module.css'
import { command, finger } from './keys'
import { ModelPicker } from './ModelPicker'
import { SystemPrompt } from './SystemPrompt'

interface ControlsProps {
  model: string | null
  system: string | null
  onModel?: (model: string | null) => void
  onSystem?: (system: string | null) => Promise<unknown>
  /** Whether an answer is being written. */
  live: boolean
  stopping: boolean
  empty: boolean
  onSend: () => void
  onStop: () => void
  onFiles: (files: File[]) => void
  /** Something else was done with, and writing goes on. */
  onDone: () => void
}

export function Controls({ live, stopping, empty, onFiles, ...props }: ControlsProps) {
  const chooser = useRef<HTMLInputElement>(null)
  const { enter } = useSettings()
  const keys = enter === 'send' && !finger() ? 'Enter' : `${command}+Enter`
  return (
    <div className={css.controls}>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          // The same file can be chosen again.
          event.target.value = ''
        }}
      />
      <IconButton label={t.composer.attach} icon={Plus} onClick={() => chooser.current?.click()} />
      <SystemPrompt system={props.system} onChange={props.onSystem} onDone={props.onDone} />
      <ModelPicker model={props.model} onChange={props.onModel} onDone={props.onDone} />
      {/* Where "Stop" comes and goes, nothing else moves under the pointer. */}
      <span className={css.space} />
      {live && (
        <Tooltip text={t.composer.stopHint}>
          <button
            type="button"
            aria-label={t.composer.stop}
            className={css.stop}
            disabled={stopping}
            onClick={props.onStop}
          >
            <Square aria-hidden size="0.75em" fill="currentColor" />
          </button>
        </Tooltip>
      )}
      <Tooltip text={live ? t.composer.queueHint(keys) : t.composer.sendHint(keys)}>
        <button
          type="button"
          aria-label={t.composer.send}
          className={css.send}
          disabled={empty}
          onClick={props.onSend}
        >
          <ArrowUp aria-hidden size="1.25em" />
        </button>
      </Tooltip>
    </div>
  )
}
