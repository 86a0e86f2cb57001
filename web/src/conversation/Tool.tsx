import { Wrench } from 'lucide-react'
import { useState } from 'react'
import type { ToolCall } from '../api/types'
import { t } from '../strings'
import { Fold } from './Fold'
import css from './Tool.module.css'

interface ToolProps {
  tool: ToolCall
  /** While its answer is being written, so may be its input. */
  live?: boolean
}

/** A tool that the model called. */
export function Tool({ tool, live = false }: ToolProps) {
  const [open, setOpen] = useState(false)
  const { toolStates } = t.conversation
  const writing = live && pretty(tool.input) === null
  const failed = tool.is_error === true
  const state = failed
    ? toolStates.failed
    : tool.result !== undefined
      ? toolStates.result
      : writing
        ? toolStates.writing
        : toolStates.called
  return (
    <Fold
      icon={Wrench}
      label={t.conversation.tool(tool.name)}
      state={state}
      busy={writing}
      bad={failed}
      open={open}
      onOpenChange={setOpen}
    >
      <Code title={t.conversation.toolInput} text={tool.input} />
      {tool.result !== undefined && <Code title={t.conversation.toolResult} text={tool.result} />}
    </Fold>
  )
}

function Code({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <p className={css.title}>{title}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre className={css.code} tabIndex={0} dir="auto">
        {pretty(text) ?? text}
      </pre>
    </div>
  )
}

/** Null where it is not JSON, or not all of it yet. */
function pretty(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}
