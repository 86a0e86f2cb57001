import { useEffect, useState } from 'react'
import { t } from '../strings'
import { announce } from './announce'
import { copyText } from './clipboard'
import { toast } from './toasts'

const COPIED_MS = 2_000

/** Copies a text, and says whether it did. `copied` is for the button: true for a while. */
export function useCopy(text: string): { copied: boolean; copy: () => Promise<void> } {
  // Once more while it is true, it is true for longer.
  const [times, setTimes] = useState(0)
  useEffect(() => {
    if (times === 0) return
    const timer = setTimeout(() => setTimes(0), COPIED_MS)
    return () => clearTimeout(timer)
  }, [times])

  async function copy() {
    if (!(await copyText(text))) return toast(t.notCopied, { bad: true })
    setTimes((before) => before + 1)
    announce(t.copied)
  }
  return { copied: times > 0, copy }
}
