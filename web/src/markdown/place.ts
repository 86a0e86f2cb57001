/** The cited place in a text. The server counts code points; a string counts UTF-16 units. */

export interface Passage {
  before: string
  cited: string
  after: string
}

/** How much is shown on each side, in units. */
const AROUND = 600

/** The place with what stands around it, or null where the text is not as it was cited. */
export function passage(
  text: string,
  cited: string | undefined,
  start: number | undefined,
  end: number | undefined,
): Passage | null {
  if (start !== undefined && end !== undefined && end > start) {
    const from = unitsOf(text, start)
    const to = from + unitsOf(text.slice(from), end - start)
    if (to > from && (!cited || same(text.slice(from, to), cited))) return cut(text, from, to)
  }
  // Counted in another way, perhaps: its words are looked for.
  const found = cited?.trim() ? text.indexOf(cited.trim()) : -1
  return found < 0 ? null : cut(text, found, found + (cited?.trim().length ?? 0))
}

/** How many units the first `points` code points of a text have. */
function unitsOf(text: string, points: number): number {
  let at = 0
  for (let seen = 0; seen < points && at < text.length; seen += 1)
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return at
}

const same = (one: string, other: string) => one.trim() === other.trim()

function cut(text: string, from: number, to: number): Passage {
  const first = wordBreak(text, from - AROUND)
  const last = wordBreak(text, to + AROUND)
  return {
    before: (first > 0 ? '… ' : '') + text.slice(first, from),
    cited: text.slice(from, to),
    after: text.slice(to, last) + (last < text.length ? ' …' : ''),
  }
}

/** Near the place, not within a word. */
function wordBreak(text: string, near: number): number {
  if (near <= 0) return 0
  if (near >= text.length) return text.length
  const blank = text.slice(near, near + 40).search(/\s/)
  return blank < 0 ? near + (isLow(text.charCodeAt(near)) ? 1 : 0) : near + blank + 1
}

const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff
