/** Where in an answer its sources are cited: from the server's count to the blocks that are
 * drawn. */
import type { Source } from '../api/types'

export interface Citation {
  /** How many units of the text come before it, with `\n` at the end of each line. */
  at: number
  /** That of its source in the list below the answer. */
  number: number
}

/** A source once, however often it was cited. */
export interface Cited {
  source: Source
  /** In code points of the answer, as the server counts them. */
  positions: readonly number[]
}

/** The sources in the order of their numbers, which begin at 1. The same place is there once. */
export function distinct(sources: readonly Source[]): Cited[] {
  const seen = new Map<string, { source: Source; positions: number[] }>()
  for (const source of sources) {
    const { title, text, file_id, url, unit, start, end, position } = source
    const key = JSON.stringify([title, text, file_id, url, unit, start, end])
    const cited = seen.get(key) ?? { source, positions: [] }
    if (position != null) cited.positions.push(position)
    seen.set(key, cited)
  }
  return [...seen.values()]
}

/** The citations in the order of the text, each right behind the cited words. */
export function citationsOf(text: string, sources: readonly Source[]): Citation[] {
  const wanted = distinct(sources)
    .flatMap(({ positions }, index) => positions.map((points) => ({ points, number: index + 1 })))
    .sort((one, other) => one.points - other.points)
  const found: Citation[] = []
  let at = 0
  let seen = 0
  for (const { points, number } of wanted) {
    for (; seen < points && at < text.length; seen += 1)
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
    const behind = text.slice(0, at).trimEnd()
    // Ends of lines are one unit each where the text is cut into blocks.
    const units = behind.length - (behind.split('\r\n').length - 1)
    if (seen === points && units > 0) found.push({ at: units, number })
  }
  return found
}

/** No answer can write it: it is another one each time that the page is loaded. */
const SIGN = `citation-${[...crypto.getRandomValues(new Uint32Array(3))].join('-')}`

/** A text with its citations in a line before it. A block is drawn anew where its text has
 * changed: this way it is also where its citations have, and only there. */
export function attach(text: string, citations: readonly Citation[]): string {
  if (citations.length === 0) return text
  return `${[SIGN, ...citations.map(({ at, number }) => `${at}:${number}`)].join(' ')}\n${text}`
}

export function detach(signed: string): { text: string; citations: Citation[] } {
  if (!signed.startsWith(SIGN)) return { text: signed, citations: [] }
  const end = signed.indexOf('\n')
  const [, ...places] = signed.slice(0, end).split(' ')
  const citations = places.map((place) => {
    const [at = 0, number = 0] = place.split(':').map(Number)
    return { at, number }
  })
  return { text: signed.slice(end + 1), citations }
}

/** Each block of a text with the citations in it. */
export function share(blocks: readonly string[], citations: readonly Citation[]): string[] {
  const left = citations.values()
  let next = left.next().value
  let start = 0
  return blocks.map((block, index) => {
    const end = start + block.length
    const own: Citation[] = []
    // The last block may have been closed, and be another length.
    for (; next && (next.at <= end || index === blocks.length - 1); next = left.next().value)
      own.push({ at: next.at - start, number: next.number })
    start = end
    return attach(block, own)
  })
}

/** What stands for a marker in the text of a tree, until that is sanitized. */
export const placeholder = (number: number) => `${SIGN}/${number}/`
const PLACEHOLDERS = new RegExp(`${SIGN}/(\\d+)/`)

/** The text between placeholders, and the numbers of those. */
export function taken(text: string): (string | number)[] {
  return text.split(PLACEHOLDERS).map((piece, index) => (index % 2 ? Number(piece) : piece))
}
