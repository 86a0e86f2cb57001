/** Which HTML of an answer is markup, and which only looks like it: `<your-api-key>`,
 * `Vec<String>`, a tag that is written about. What is not markup is shown as it was written. */
import { htmlFlow } from 'micromark-core-commonmark'
import type { Construct, Extension, State, Tokenizer } from 'micromark-util-types'
import type { Processor } from 'unified'
import { pieces, settle } from './pairs'
import { elements } from './sanitize'
import type { MarkdownNode } from './tree'

export function tags(this: Processor) {
  const data = this.data() as { micromarkExtensions?: Extension[] }
  data.micromarkExtensions ??= []
  data.micromarkExtensions.push({ disable: { null: ['htmlFlow'] }, flow: { 60: block } })
  return each
}

const START = /^ {0,3}<\/?([a-z][a-z0-9]*)(?=[\s/>])/

/** Whether a block of HTML begins here. Others would swallow what stands behind them, as far
 * as the end of the answer: `<script>`, `<!--`, `<?`. */
export function isBlock(text: string): boolean {
  const [, name = ''] = START.exec(text) ?? []
  return elements.has(name)
}

const SPACE = 32
const SLASH = 47
const LESS = 60
const GREATER = 62

const known: Tokenizer = (effects, ok, nok) => {
  let name = ''
  const next: State = (code) => {
    const end = code === null || code < 0 || code === SPACE || code === GREATER
    if (end || (code === SLASH && name !== '')) {
      effects.exit('data')
      return elements.has(name) ? ok(code) : nok(code)
    }
    if (code !== LESS && code !== SLASH) name += String.fromCharCode(code)
    effects.consume(code)
    return next
  }
  return (code) => {
    effects.enter('data')
    return next(code)
  }
}

const block: Construct = {
  ...htmlFlow,
  name: 'knownHtml',
  tokenize(effects, ok, nok) {
    const html = htmlFlow.tokenize.call(this, effects, ok, nok)
    return effects.check({ tokenize: known, partial: true }, html, nok)
  },
}

/** In which HTML is a block, and not a part of a line. */
const FLOW = new Set(['root', 'blockquote', 'listItem', 'footnoteDefinition'])

function each(node: MarkdownNode): void {
  const { children } = node
  if (!children) return
  for (const child of children) each(child)
  if (!children.some(isHtml)) return
  const flow = FLOW.has(node.type)
  const read = children.map((child) => (isHtml(child) ? pieces(child.value ?? '') : null))
  settle(
    read.flatMap((found) => found ?? [{ text: '', tag: null }]),
    flow,
  )
  // An HTML page that is in no fence keeps its lines.
  const lines = node.type === 'paragraph' && read[0]?.some(({ tag }) => tag) === false
  node.children = children.flatMap((child, at): MarkdownNode[] => {
    const found = read[at]
    if (!found) return lines && child.type === 'text' ? broken(child.value ?? '') : [child]
    if (!found.some(({ tag }) => tag)) {
      const value = child.value ?? ''
      return flow ? [{ type: 'paragraph', children: broken(value) }] : broken(value)
    }
    const value = found.map(({ text, tag }) => tag?.written ?? escaped(text)).join('')
    return [{ type: 'html', value }]
  })
}

const isHtml = ({ type }: MarkdownNode) => type === 'html'

/** Text with its lines kept. */
const broken = (text: string): MarkdownNode[] =>
  text
    .split('\n')
    .flatMap((value, at) => [
      ...(at ? [{ type: 'break' }] : []),
      ...(value ? [{ type: 'text', value }] : []),
    ])

/** Entities stay what they are: this is HTML. */
const escaped = (text: string) => text.replace(/</g, '&lt;').replace(/>/g, '&gt;')
