/** Formulas, set by KaTeX: loaded when the first one comes. */
import { createMathPlugin } from '@streamdown/math'
import 'katex/dist/katex.min.css'
import type { Pluggable } from 'unified'
import type { MarkdownNode } from './tree'

const plugin = createMathPlugin()
const [rehypeKatex] = plugin.rehypePlugin as [Pluggable]

/** A formula that is a paragraph by itself stands by itself. */
function display() {
  return (tree: MarkdownNode) => {
    for (const node of tree.children ?? []) alone(node)
  }
}

function alone(node: MarkdownNode): void {
  const [first, second] = node.children ?? []
  if (node.type !== 'paragraph' || first?.type !== 'inlineMath' || second) {
    for (const child of node.children ?? []) alone(child)
    return
  }
  const code = {
    type: 'element',
    tagName: 'code',
    properties: { className: ['language-math', 'math-display'] },
    children: [{ type: 'text', value: first.value ?? '' }],
  }
  node.data = { hName: 'pre', hChildren: [code] }
}

export const remark: Pluggable[] = [plugin.remarkPlugin, display]
export const rehype: Pluggable[] = [
  // Not larger than the page, whatever a formula asks for; nor a link or a picture (`trust`).
  [
    rehypeKatex,
    { errorColor: 'inherit', strict: 'ignore', maxSize: 20, maxExpand: 500 },
  ] as Pluggable,
]
