import {
  type ClipboardEvent,
  type KeyboardEvent,
  type RefObject,
  useLayoutEffect,
  useRef,
} from 'react'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { composes, finger, sends } from './keys'
import { type Files, filesOf, meansFiles } from './transfer'
import css from './Writing.module.css'

interface WritingProps {
  box: RefObject<HTMLTextAreaElement | null>
  text: string
  onText: (text: string) => void
  onSend: () => void
  /** Escape, without Shift: with it, it goes to the text box from anywhere. */
  onStop: () => void
  /** Up, where nothing is written; with Alt, it goes to another session. */
  onBack: () => void
  onFiles: (files: Files) => void
  /** A text too long to be read here. Returns whether it was taken as a file. */
  onLongText: (text: string, wantsText: boolean) => boolean
}

/** Longer than this, a paste becomes a file: nobody reads it in a box of a few lines. */
export const LONG = 20_000

const grows = CSS.supports('field-sizing', 'content')

/** The text, which the box grows with. */
export function Writing({ box, text, onText, ...on }: WritingProps) {
  const { enter } = useSettings()
  const asText = useRef(false)

  useLayoutEffect(() => {
    const area = box.current
    if (grows || !area) return
    // Its height is measured anew; a text this long is as high as it gets.
    area.style.height = text.length < LONG ? 'auto' : '100dvh'
    if (text.length < LONG) area.style.height = `${area.scrollHeight}px`
  }, [box, text])

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    const key = event.nativeEvent
    // Ctrl+Shift+V: as plain text, whatever it is.
    const strong = key.ctrlKey || key.metaKey
    const alone = !strong && !key.altKey && !key.shiftKey
    asText.current = strong && key.shiftKey && key.key.toLowerCase() === 'v'
    if (composes(key)) return
    if (sends(key, enter, finger())) on.onSend()
    else if (event.key === 'Escape' && !event.shiftKey) on.onStop()
    else if (event.key === 'ArrowUp' && alone && !text) on.onBack()
    else return
    event.preventDefault()
  }

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const data = event.clipboardData
    const pasted = data.getData('text/plain')
    const wantsText = asText.current
    asText.current = false
    if (meansFiles(data)) on.onFiles(filesOf(data))
    else if (pasted.length <= LONG || !on.onLongText(pasted, wantsText)) return
    event.preventDefault()
  }

  return (
    <textarea
      ref={box}
      className={css.text}
      aria-label={t.composer.message}
      placeholder={t.composer.placeholder}
      rows={1}
      dir="auto"
      autoComplete="off"
      enterKeyHint={enter === 'send' && !finger() ? 'send' : 'enter'}
      value={text}
      onChange={(event) => onText(event.target.value)}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
    />
  )
}
