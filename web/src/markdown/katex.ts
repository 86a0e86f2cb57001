/** Formulas, set by KaTeX: loaded when the first one comes. */
import type { Element } from 'hast'
import { fromDom } from 'hast-util-from-dom'
import katex from 'katex'
import 'katex/dist/katex.min.css'
import type { Pluggable } from 'unified'
import { displayed, formulas } from './syntax'
import { type HtmlNode, type MarkdownNode, textOf } from './tree'

/** A formula that is a paragraph by itself stands by itself. */
function display() {
  return (tree: MarkdownNode) => {
    for (const node of tree.children ?? []) alone(node)
  }
}

function alone(node: MarkdownNode): void {
  const [first, second] = node.children ?? []
  if (node.type !== 'paragraph' || first?.type !== 'formula' || second) {
    for (const child of node.children ?? []) alone(child)
    return
  }
  node.data = displayed(first.value ?? '')
}

/** In the place of `rehype-katex`, which reads KaTeX's HTML with its `style` attributes: the
 * page's policy refuses those. What KaTeX builds by itself has its styles through the DOM. */
function set() {
  return setIn
}

function setIn(tree: HtmlNode): void {
  if (!tree.children) return
  tree.children = tree.children.map((child) => {
    // A fence, or a formula that stands by itself, is in a `pre`.
    const [code] = child.tagName === 'pre' ? (child.children ?? []) : [child]
    const classes = code?.tagName === 'code' ? code.properties?.className : undefined
    const is = (name: string) => Array.isArray(classes) && classes.includes(name)
    if (code && (is('math-inline') || is('math-display') || is('language-math')))
      return formula(textOf(code), child !== code || is('math-display'))
    setIn(child)
    return child
  })
}

const LARGEST = 20

/** The largest size in a formula, in ems, whichever way it goes. */
function reach(place: HTMLElement): number {
  const styles = [...place.querySelectorAll('[style]')].map((one) => one.getAttribute('style'))
  const sizes = styles.join().matchAll(/-?([\d.]+)em/g)
  return Math.max(0, ...[...sizes].map(([, size]) => Number(size)))
}

function formula(text: string, displayMode: boolean): HtmlNode {
  const place = document.createElement('span')
  try {
    katex.render(text, place, {
      displayMode,
      strict: 'ignore',
      // Not larger than the page, whatever a formula asks for; nor a link or a picture (`trust`).
      maxSize: LARGEST,
      maxExpand: 500,
    })
    // It bounds no size below zero.
    if (reach(place) > LARGEST + text.length) place.textContent = text
  } catch {
    // One that is wrong, or is not all there yet, is shown as it was written.
    place.textContent = text
  }
  return fromDom(place) as Element as HtmlNode
}

export const remark: Pluggable[] = [formulas, display]
export const rehype: Pluggable[] = [set]
