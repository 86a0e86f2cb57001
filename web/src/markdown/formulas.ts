/** What is a formula, and what only has a dollar: `"$" and "$"`, $5 and $6. */

/** A price, as in "$5 and 6$". */
const PRICE = /^\d[\d.,]*[kKmM]?[\s/–-]+[A-Za-z]{2,}/
/** No formula begins so: "$?" is of a shell, `"$"` a sign that is spoken of. */
const NO_START = /^[\s"'`?!@#%&;:,)}\]]|^\.(?!\d)/
const BLANK_END = /(?<!\\)\s$/
const TEX = /[\\^_=+]/
const WORDS = /[A-Za-z]{2,}[\s,;:.]+[A-Za-z]{2,}|\s(?:and|or)\s/

/** Whether it is one between single dollars, which much else may stand between as well. */
export function isSingle(text: string): boolean {
  if (NO_START.test(text) || BLANK_END.test(text) || !closes(text)) return false
  return TEX.test(text) || !(PRICE.test(text) || WORDS.test(text))
}

/** Whether it closes no bracket that it has not opened: "($5) or ($)". */
function closes(text: string): boolean {
  let depth = 0
  for (const sign of text) {
    if (sign === '(' || sign === '[') depth += 1
    if (sign === ')' || sign === ']') depth -= 1
    if (depth < 0) return false
  }
  return true
}

/** Whether it is anything to be set, or half of such a sign: "$$ – $$$" is how dear it is. */
export const isAnything = (unit: string) => /[\p{L}\p{N}\p{Cs}\\]/u.test(unit)

const HINT = /\$\$|\\[([]|(?<![\\$\w])\$(?![\s$"'?!@#])[^$\n]*[^$\n\s]\$(?![\w$])|```math/

/** Whether KaTeX is worth loading. It may say so of code; what is a formula, the parser says. */
export const hasFormulas = (text: string) => HINT.test(text)

const BEGIN = /^ {0,3}(\$\$(?!\$)|\\\[)([ \t]*\n)?/
const SIGNS = /\\[\s\S]|\$\$/g
const END = /[.,;:]?[ \t]*(?:\n|$)/y

export const OPEN = -1

/** How long the formula is that stands by itself here, with lines of its own: 0 where there is
 * none, `OPEN` where it does not end. */
export function blockLength(text: string): number {
  const [start, sign, alone] = BEGIN.exec(text) ?? []
  if (!start) return 0
  const close = sign === '$$' ? '$$' : '\\]'
  SIGNS.lastIndex = start.length
  for (let match = SIGNS.exec(text); match; match = SIGNS.exec(text)) {
    if (match[0] === '\\[' && sign !== '$$') return 0
    if (match[0] !== close) continue
    if (!alone && /\n[ \t]*\n/.test(text.slice(0, match.index))) return 0
    END.lastIndex = SIGNS.lastIndex
    return END.test(text) ? END.lastIndex : 0
  }
  return alone ? OPEN : 0
}

/** How far a paragraph is looked into: a longer one is only cut less. */
const FAR = 5_000

const WITHIN = /\n {0,3}(?:\$\$(?!\$)|\\\[)/

/** Where in a paragraph such a formula may begin; `Infinity` where nowhere. */
export function mayBegin(text: string): number {
  const near = text.slice(0, FAR)
  const end = near.indexOf('\n\n')
  const at = WITHIN.exec(end < 0 ? near : near.slice(0, end))?.index
  return at === undefined ? Number.POSITIVE_INFINITY : at
}

/** The text with the end of the formula that it stops in, if it does. */
export function closed(text: string): string | null {
  if (blockLength(text) !== OPEN) return null
  return `${text.trimEnd()}\n${text.trimStart().startsWith('$') ? '$$' : '\\]'}`
}
