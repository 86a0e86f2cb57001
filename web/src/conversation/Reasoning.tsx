import { Lightbulb } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Markdown } from '../markdown/Markdown'
import { useSettings } from '../settings/settings'
import { number, t } from '../strings'
import { Fold } from './Fold'
import { useSeconds } from './useSeconds'

/** What the model thought before it answered. */
export function Reasoning({ text, thinking }: { text: string; thinking: boolean }) {
  const { reasoning } = useSettings()
  const [open, setOpen] = useState(reasoning === 'open')
  const state = useThought(thinking)
  return (
    <Fold
      icon={Lightbulb}
      label={t.conversation.reasoning}
      state={state}
      busy={thinking}
      open={open}
      onOpenChange={setOpen}
    >
      <Markdown text={text} streaming={thinking} />
    </Fold>
  )
}

/** How long it took is known where it was watched; elsewhere nothing is said of it. */
function useThought(thinking: boolean): string {
  const seconds = useSeconds(thinking)
  const took = useRef(0)
  useEffect(() => {
    if (thinking) took.current = seconds
  }, [thinking, seconds])
  const words = t.conversation
  if (thinking) return seconds ? words.thinkingFor(number.format(seconds)) : words.thinking
  return took.current ? words.thoughtFor(number.format(took.current)) : ''
}
