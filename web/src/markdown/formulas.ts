/** Formulas, in the ways that models write them, as the one way that is read: `$$`. */

/** Fences and code spans, in which nothing is a formula. An open fence goes to the end. */
const CODE =
  /^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))|(`+)(?!`)[^\n]*?(?<!`)\2(?!`)/gm

const BRACKETS = /(?<!\\)\\\(([^\n]+?)\\\)/g
const SQUARE_LINES = /^([ \t]*)\\\[[ \t]*\n?([\s\S]+?)\n?[ \t]*\\\][ \t]*([.,;]?)[ \t]*$/gm
const SQUARE = /(?<!\\)\\\[([^\n]+?)\\\]/g
/** One dollar as pandoc reads it: nothing blank inside of it, no letter or digit outside. */
const DOLLAR = /(?<![\\$\w])\$(?![\s$])((?:\\.|[^$\n\\])*?[^\s\\$]|(?:\\.)+)\$(?![\w$])/g
/** "$5 and 6$" */
const PRICE = /^\d[\d.,]*[kKmM]?(?:$|[\s/–-]+[A-Za-z]{2,})/

const MAYBE = /\$|\\[([]/

/** The text with all its formulas between double dollars. */
export function withDollars(text: string): string {
  if (!MAYBE.test(text)) return text
  let done = ''
  let at = 0
  for (const code of text.matchAll(CODE)) {
    done += prose(text.slice(at, code.index)) + code[0]
    at = code.index + code[0].length
  }
  return done + prose(text.slice(at))
}

function prose(text: string): string {
  if (!MAYBE.test(text)) return text
  return text
    .replace(SQUARE_LINES, (_, indent: string, formula: string, end: string) => {
      const lines = formula.split('\n').filter((line) => line.trim())
      return [
        `${indent}$$`,
        ...lines.map((line) => indent + line.trim()),
        ...(end ? [indent + end] : []),
        `${indent}$$`,
      ].join('\n')
    })
    .replace(SQUARE, (_, formula: string) => `$$${formula.trim()}$$`)
    .replace(BRACKETS, (_, formula: string) => `$$${formula.trim()}$$`)
    .replace(DOLLAR, (whole, formula: string) =>
      PRICE.test(formula) && !/[\\^_=+]/.test(formula) ? whole : `$$${formula}$$`,
    )
}

/** Whether KaTeX is worth loading. */
export function hasFormulas(text: string): boolean {
  return text.includes('$$') || text.includes('```math')
}
