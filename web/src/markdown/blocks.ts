/** Cuts an answer into the blocks that are read one by one, so that only what has changed is
 * read anew. Two that should be one are read wrongly; one that could be two costs only time. */
import { Lexer, type Token, Tokenizer, type Tokens } from 'marked'
import remend from 'remend'
import { blockLength, closed, mayBegin, OPEN } from './formulas'
import { pieces } from './pairs'
import { isBlock } from './tags'

/** Reads as we do what HTML is (`tags.ts`) and a formula (`syntax.ts`). */
class Ours extends Tokenizer {
  override html(text: string) {
    return isBlock(text) ? super.html(text) : undefined
  }
  /** A line of `=` or `-` in a formula makes no heading of what is above it. */
  override lheading(text: string) {
    return super.lheading(text.slice(0, mayBegin(text)))
  }
}

/** The formula that stands by itself here; one that is open has all that comes, if more does. */
function formula(text: string, grows: boolean): Tokens.Generic | undefined {
  const length = blockLength(text)
  if (length === 0 || (length === OPEN && !grows)) return
  return { type: 'formula', raw: length === OPEN ? text : text.slice(0, length) }
}

function read(text: string, grows: boolean): readonly Token[] {
  const lexer = new Lexer({
    gfm: true,
    tokenizer: new Ours(),
    extensions: {
      block: [(rest) => formula(rest, grows)],
      startBlock: [mayBegin],
      renderers: {},
      childTokens: {},
    },
  })
  return lexer.blockTokens(text)
}

let last: { text: string; tokens: readonly Token[] } = { text: '', tokens: [] }
/** The last ones may still become something else. */
const STAYS = 2

/** What has come is read behind the tokens that stay, and which end with a blank line. */
function readOn(text: string): readonly Token[] {
  let kept = text.startsWith(last.text) ? Math.max(0, last.tokens.length - STAYS) : 0
  while (kept > 0 && !last.tokens[kept - 1]?.raw.endsWith('\n\n')) kept -= 1
  const tokens = last.tokens.slice(0, kept)
  const at = tokens.reduce((sum, { raw }) => sum + raw.length, 0)
  last = { text, tokens: [...tokens, ...read(text.slice(at), true)] }
  return last.tokens
}

/** Of a link or a footnote, for which one block has to know of another. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m

export function blocks(text: string): string[] {
  const written = lines(text)
  return together(written, read(written, false))
}

/** The blocks of an answer that more comes of: what is open in the last of them is closed;
 * those before it are finished. */
export function growing(text: string): string[] {
  const written = lines(text)
  const tokens = readOn(written)
  const found = together(written, tokens)
  const end = found.pop()
  if (end === undefined) return found
  return [...found, closed(end) ?? (endsInCode(tokens) ? end : remend(end, CLOSE))]
}

/** In code nothing is to be closed, and all is as it was written. */
function endsInCode(tokens: readonly Token[]): boolean {
  const end = tokens.findLast(({ type }) => type !== 'space')
  if (!end || end.type === 'code') return end !== undefined
  const { items, tokens: inside } = end as Tokens.Generic
  return endsInCode((items as Token[] | undefined) ?? inside ?? [])
}

// A tag that is not all there yet is text until then.
const CLOSE = { katex: false, htmlTags: false, linkMode: 'text-only' } as const

const lines = (text: string) => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text)

function together(text: string, tokens: readonly Token[]): string[] {
  if (tokens.some(({ type, raw }) => type !== 'code' && DEFINITION.test(raw))) return [text]
  const joined = spans(tokens)
  const found: string[] = []
  let until = -1
  for (const [at, { type, raw }] of tokens.entries()) {
    if (found.length > 0 && (at <= until || type === 'space')) found[found.length - 1] += raw
    else found.push(raw)
    until = Math.max(until, joined.get(at) ?? -1)
  }
  return found
}

/** From which token to which HTML goes that one opens and another closes. */
function spans(tokens: readonly Token[]): Map<number, number> {
  const found = new Map<number, number>()
  const open = new Map<string, number[]>()
  for (const [at, { type, raw }] of tokens.entries()) {
    if (type !== 'html') continue
    for (const { tag } of pieces(raw)) {
      if (!tag) continue
      const places = open.get(tag.name) ?? []
      open.set(tag.name, places)
      if (!tag.closes) places.push(at)
      else {
        const from = places.pop()
        if (from !== undefined && from < at) found.set(from, Math.max(at, found.get(from) ?? at))
      }
    }
  }
  // A fold that is still open has all that comes.
  for (const from of open.get('details') ?? []) found.set(from, tokens.length)
  return found
}
