import { type CSSProperties, useEffect, useRef, useState } from 'react'
import type { GrammarState } from './highlighter'

export interface Token {
  content: string
  /** None where the text has the colour of all text. */
  style: CSSProperties | null
  offset: number
}

export type Line = readonly Token[]

interface Coloured {
  language: string | null
  /** What is coloured: whole lines, the beginning of the code. */
  code: string
  lines: readonly Line[]
  state: GrammarState | undefined
}

const NOTHING: Coloured = { language: null, code: '', lines: [], state: undefined }
/** Longer code stays without colours. */
const LONGEST = 100_000
/** How much is coloured at a time, between which the page can do something else. */
const PIECE = 4_000
/** How often code that is still being written is looked at. */
const STREAMING_MS = 250

/** The lines of code that have their colours, and what comes behind them.
 *
 * Lines are coloured once: what comes later goes on with the state behind the last of them,
 * so that a long block costs no more while it is written than when it is there.
 */
export function useHighlight(code: string, language: string | null, open: boolean) {
  const [done, setDone] = useState(NOTHING)
  const wanted = useRef({ code, open })
  wanted.current = { code, open }
  // While it is written there is always a next look; that it grows starts none.
  const version = open ? '' : code

  // biome-ignore lint/correctness/useExhaustiveDependencies: see `version`.
  useEffect(() => {
    if (language === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    let coloured = done

    async function next() {
      const { code, open } = wanted.current
      if (code.length > LONGEST) return
      if (coloured.language !== language || !code.startsWith(coloured.code)) coloured = NOTHING
      const piece = lines(code.slice(coloured.code.length), open)
      if (piece) {
        const { ready, tokenize } = await import('./highlighter')
        await ready(language as string)
        const { lines, state } = await tokenize(
          piece.replace(/\n$/, ''),
          language as string,
          coloured.state,
        )
        if (gone) return
        coloured = {
          language,
          code: coloured.code + piece,
          lines: [...coloured.lines, ...lines.map((line) => line.map(styled))],
          state,
        }
        setDone(coloured)
      }
      const behind = code.length > coloured.code.length
      if (open || behind) timer = setTimeout(look, piece && !open ? 0 : STREAMING_MS)
    }

    // Without its colours it is still the code.
    const look = () => void next().catch(() => {})
    look()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [language, open, version])

  const fits = done.language === language && code.length <= LONGEST
  const shown = fits && (code.startsWith(done.code) || `${code}\n` === done.code) ? done : NOTHING
  return { lines: shown.lines, rest: code.slice(shown.code.length) }
}

/** Whole lines from the beginning; of code that is complete, the last one as well. */
function lines(code: string, open: boolean): string {
  if (code.length <= PIECE && !open) return code
  const end = code.indexOf('\n', Math.min(PIECE, code.length))
  if (end < 0 && !open) return code
  return code.slice(0, (end < 0 ? code.lastIndexOf('\n') : end) + 1)
}

const PLAIN = 'var(--code-foreground)'
const ITALIC = 1
const BOLD = 2

function styled(token: {
  content: string
  color?: string
  fontStyle?: number
  offset: number
}): Token {
  const { content, color, fontStyle = 0, offset } = token
  const style: CSSProperties = {}
  if (color && color !== PLAIN) style.color = color
  if (fontStyle > 0 && fontStyle & ITALIC) style.fontStyle = 'italic'
  if (fontStyle > 0 && fontStyle & BOLD) style.fontWeight = 600
  return { content, style: Object.keys(style).length ? style : null, offset }
}
