/** Reads the HTML in Markdown with the browser's own parser, in the place of `rehype-raw`,
 * which brings one of 50 KB (see vite.config.ts). `tags.ts` says what of it is HTML. Nothing
 * runs or loads in a template; what comes out of it is sanitized like everything else. */
import type { Element, Root } from 'hast'
import { fromDom } from 'hast-util-from-dom'
import type { HtmlNode } from './tree'

export default function rehypeRaw() {
  return (tree: HtmlNode) => (hasRaw(tree) ? reparse(tree) : tree)
}

const hasRaw = (node: HtmlNode): boolean =>
  node.type === 'raw' || (node.children?.some(hasRaw) ?? false)

/** Elements of Markdown's own keep their properties under a number. */
const KEPT = 'data-kept'
const VOID = new Set(['br', 'hr', 'img', 'input'])

function reparse(tree: HtmlNode): HtmlNode {
  const kept: HtmlNode[] = []
  const template = document.createElement('template')
  // Inside of an element, a row of a table is not the beginning of one.
  template.innerHTML = `<div>${write(tree, kept)}`
  const { children } = fromDom(template.content) as Root
  const [first, ...more] = children as [Element, ...Element[]]
  const root: Root = { type: 'root', children: [...first.children, ...more] }
  restore(root as HtmlNode, kept)
  return root as HtmlNode
}

function write(node: HtmlNode, kept: HtmlNode[]): string {
  if (node.type === 'raw') return node.value ?? ''
  if (node.type === 'text') return escaped(node.value ?? '')
  const inside = node.children?.map((child) => write(child, kept)).join('') ?? ''
  if (node.type !== 'element') return inside
  const { tagName = 'span' } = node
  kept.push(node)
  const start = `<${tagName} ${KEPT}="${kept.length - 1}">`
  // The parser leaves out a line break that code begins with.
  return VOID.has(tagName)
    ? start
    : `${start}${tagName === 'pre' ? '\n' : ''}${inside}</${tagName}>`
}

const escaped = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

function restore(node: HtmlNode, kept: readonly HtmlNode[]): void {
  for (const child of node.children ?? []) restore(child, kept)
  const number = node.properties?.dataKept
  if (number === undefined) return
  const from = kept[Number(number)]
  // Somebody may write such a number by hand: then it is nobody's.
  node.properties = from?.tagName === node.tagName ? { ...from?.properties } : {}
}
