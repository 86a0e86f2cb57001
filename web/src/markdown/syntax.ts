/** Formulas, in the ways in which models write them, as a part of Markdown's own syntax: so it
 * is the parser that knows what is code, and nothing in code is a formula. */
import type { Code, Construct, Extension, State, Token, Tokenizer } from 'micromark-util-types'
import type { Processor } from 'unified'
import { isAnything, isSingle } from './formulas'
import type { MarkdownNode } from './tree'

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    formula: 'formula'
    formulaBlock: 'formulaBlock'
    formulaSign: 'formulaSign'
    formulaText: 'formulaText'
  }
}

const SPACE = 32
const DOLLAR = 36
const LEFT = 40
const RIGHT = 41
const LEFT_SQUARE = 91
const BACKSLASH = 92
const RIGHT_SQUARE = 93

/** In micromark, a line's end is one of -5 to -3; -2 and -1 are tabs. */
const isLineEnd = (code: Code) => code !== null && code < -2
const charOf = (code: Code) => (code === null || code < 0 ? ' ' : String.fromCharCode(code))
const isBlank = (code: Code) => code === SPACE || code === -2 || code === -1

/** In a line: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. */
const inline: Construct = { name: 'formula', tokenize: formula(false) }
/** On lines of its own: `$$…$$`, `\[…\]`. What looks like a list in it is none. */
const block: Construct = { name: 'formulaBlock', concrete: true, tokenize: formula(true) }

function formula(isBlock: boolean): Tokenizer {
  const type = isBlock ? 'formulaBlock' : 'formula'
  return function (effects, ok, nok) {
    const before = this.previous
    let dollars = 0
    /** Behind a backslash: what closes, and what must not open within. */
    let closing: Code = null
    let opening: Code = null
    /** What is in it so far. */
    let text = ''
    let line = ''
    /** Whether there is anything in it to be set, and whether it was closed without. */
    let anything = false
    let empty = false
    /** Whether nothing else is on the line on which it begins. */
    let alone = false

    const start: State = (code) => {
      effects.enter(type)
      effects.enter('formulaSign')
      if (code === DOLLAR) return dollar(code)
      effects.consume(code)
      return bracket
    }

    const dollar: State = (code) => {
      if (code === DOLLAR) {
        dollars += 1
        effects.consume(code)
        return dollar
      }
      if (dollars > 2 || before === DOLLAR) return nok(code)
      if (dollars === 1 && (isBlock || /\w/.test(charOf(before)))) return nok(code)
      effects.exit('formulaSign')
      return inside(code)
    }

    const bracket: State = (code) => {
      if (code !== LEFT_SQUARE && (code !== LEFT || isBlock)) return nok(code)
      opening = code
      closing = code === LEFT ? RIGHT : RIGHT_SQUARE
      effects.consume(code)
      effects.exit('formulaSign')
      return inside
    }

    const inside: State = (code) => {
      if (code === null) return nok(code)
      if (isLineEnd(code)) return lineEnd(code)
      if ((code === DOLLAR && dollars > 0) || (code === BACKSLASH && closing !== null))
        return effects.attempt(close, end, words)(code)
      return words(code)
    }

    const words: State = (code) => {
      if (empty) return nok(code)
      effects.enter('formulaText')
      return word(code)
    }

    /** As far as something may close it; a sign behind a backslash does not. */
    const word: State = (code) => {
      take(code)
      if (code === BACKSLASH) return escaped
      return code === DOLLAR ? run : more
    }

    const escaped: State = (code) => {
      if (code === null || isLineEnd(code)) return more(code)
      if (code === opening) return nok(code)
      take(code)
      return more
    }

    /** More dollars than close it, or fewer. */
    const run: State = (code) => {
      if (dollars === 1) return nok(code)
      if (code !== DOLLAR) return more(code)
      take(code)
      return run
    }

    const more: State = (code) => {
      if (code !== null && !isLineEnd(code) && code !== DOLLAR && code !== BACKSLASH)
        return word(code)
      if (code === DOLLAR && dollars === 0) return word(code)
      effects.exit('formulaText')
      return inside(code)
    }

    function take(code: Code): void {
      anything ||= isAnything(charOf(code))
      text += charOf(code)
      line += charOf(code)
      effects.consume(code)
    }

    const lineEnd: State = (code) => {
      if (dollars === 1) return nok(code)
      const blank = line.trim() === ''
      if (isBlock && text === line) {
        alone = blank
        if (this.interrupt) return alone ? ok(code) : nok(code)
      } else if (isBlock && blank && !alone) return nok(code)
      text += '\n'
      line = ''
      return effects.attempt(nextLine, inside, nok)(code)
    }

    const close: Construct = {
      partial: true,
      tokenize(effects, ok, nok) {
        let seen = 0
        const next: State = (code) => {
          if (closing === null) {
            if (code !== DOLLAR) return seen === dollars && fits(code) ? done(code) : nok(code)
            seen += 1
          } else if (code === BACKSLASH && seen === 0) seen = 1
          else if (code !== closing) return nok(code)
          else {
            effects.consume(code)
            return done
          }
          effects.consume(code)
          return next
        }
        const done: State = (code) => {
          effects.exit('formulaSign')
          empty = !anything
          return empty ? nok(code) : ok(code)
        }
        return (code) => {
          effects.enter('formulaSign')
          return next(code)
        }
      },
    }

    /** A price is no end of a formula: "$x and $5". */
    const fits = (behind: Code) => dollars > 1 || (!/\w/.test(charOf(behind)) && isSingle(text))

    const end: State = (code) => {
      if (isBlock) return punctuation(code)
      effects.exit(type)
      return ok(code)
    }

    const punctuation: State = (code) => {
      if (!'.,;:'.includes(charOf(code))) return over(code)
      effects.enter('formulaText')
      effects.consume(code)
      effects.exit('formulaText')
      return over
    }

    const over: State = (code) => {
      if (code !== null && !isLineEnd(code)) {
        if (!isBlank(code)) return nok(code)
        effects.enter('whitespace')
        effects.consume(code)
        effects.exit('whitespace')
        return over
      }
      effects.exit(type)
      return ok(code)
    }

    return start
  }
}

/** The next line, where it belongs to the same list or quotation. */
const nextLine: Construct = {
  partial: true,
  tokenize(effects, ok, nok) {
    return (code) => {
      effects.enter('lineEnding')
      effects.consume(code)
      effects.exit('lineEnding')
      return (next) => (this.parser.lazy[this.now().line] ? nok(next) : ok(next))
    }
  },
}

/** As much as is needed of what makes the tree. */
interface Compiler {
  stack: MarkdownNode[]
  enter(node: MarkdownNode, token: Token): void
  exit(token: Token): void
  sliceSerialize(token: Token): string
}

const enter = (type: string) =>
  function (this: Compiler, token: Token) {
    this.enter({ type, value: '' }, token)
  }

function text(this: Compiler, token: Token): void {
  const node = this.stack.at(-1) as MarkdownNode & { line?: number }
  const { line, value = '' } = node
  node.value = value + (line && line < token.start.line ? '\n' : '') + this.sliceSerialize(token)
  node.line = token.end.line
}

function exit(this: Compiler, token: Token): void {
  const node = this.stack.at(-1) as MarkdownNode
  this.exit(token)
  const lines = (node.value ?? '').split('\n').map((line) => line.trim())
  node.value = lines.filter(Boolean).join('\n')
  const children = [{ type: 'text', value: node.value }]
  if (node.type === 'formula')
    node.data = { hName: 'code', hProperties: { className: ['math-inline'] }, hChildren: children }
  else node.data = displayed(node.value)
}

/** What becomes of a formula that stands by itself. */
export function displayed(value: string) {
  const properties = { className: ['math-display'] }
  const children = [{ type: 'text', value }]
  const code = { type: 'element', tagName: 'code', properties, children }
  return { hName: 'pre', hChildren: [code] }
}

const tree = {
  enter: { formula: enter('formula'), formulaBlock: enter('formulaBlock') },
  exit: { formula: exit, formulaBlock: exit, formulaText: text },
}

export function formulas(this: Processor) {
  const data = this.data() as {
    micromarkExtensions?: Extension[]
    fromMarkdownExtensions?: object[]
  }
  data.micromarkExtensions ??= []
  data.fromMarkdownExtensions ??= []
  data.micromarkExtensions.push({
    flow: { [DOLLAR]: block, [BACKSLASH]: block },
    text: { [DOLLAR]: inline, [BACKSLASH]: inline },
  })
  data.fromMarkdownExtensions.push(tree)
}
