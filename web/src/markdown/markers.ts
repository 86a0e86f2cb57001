/** Puts the markers of citations into the tree that a block has become. That is read without
 * them, so that they can change nothing in how it is read. */
import type { Plugin } from 'unified'
import { detach, placeholder, taken } from './citations'
import type { HtmlNode, MarkdownNode } from './tree'

/** The element that a marker is, which no answer can write: it would not be let through. */
export const MARKER = 'source-marker'

/** Reads a block without its citations, and puts placeholders where they belong. */
export function placed(this: ThisParameterType<Plugin>) {
  const parse = this.parser
  if (parse) this.parser = (block, file) => parse(detach(block).text, file)
  return (tree: MarkdownNode, file: unknown) => {
    const { text, citations } = detach(String(file))
    if (citations.length === 0) return
    const leaves = leavesOf(tree)
    let last = leaves.length - 1
    // From the end, so that what is put in moves nothing that is still to come.
    for (const { at, number } of citations.reverse()) {
      while ((leaves[last]?.start ?? -1) >= at) last -= 1
      const leaf = leaves[last]
      if (leaf) put(placeholder(number), leaf, at, text)
    }
  }
}

/** What a marker may stand in or behind. */
interface Leaf {
  node: MarkdownNode
  /** What it is in, the innermost first. */
  holders: MarkdownNode[]
  start: number
}

const INLINE = new Set(['strong', 'emphasis', 'delete', 'link', 'linkReference'])
const HOLDERS = new Set([...INLINE, 'paragraph', 'heading', 'tableCell'])

function leavesOf(node: MarkdownNode, holders: MarkdownNode[] = []): Leaf[] {
  return (node.children ?? []).flatMap((child) => {
    if (child.children) return leavesOf(child, [child, ...holders])
    const start = child.position?.start.offset
    const inside = holders[0] && HOLDERS.has(holders[0].type)
    return inside && start !== undefined && !opens(child) ? [{ node: child, holders, start }] : []
  })
}

/** Behind a line break, or behind what HTML begins, a marker would be with the wrong words. */
const opens = ({ type, value = '' }: MarkdownNode) =>
  type === 'break' || (type === 'html' && !value.startsWith('</'))

const endOf = (node: MarkdownNode) => node.position?.end.offset ?? Number.POSITIVE_INFINITY

function put(mark: string, { node, holders, start }: Leaf, at: number, text: string): void {
  let before = node
  let [holder, ...outer] = holders
  while (holder && INLINE.has(holder.type) && endOf(holder) <= at) {
    before = holder
    ;[holder, ...outer] = outer
  }
  if (before.type === 'text') {
    const { value = '' } = before
    const written = text.slice(start, endOf(before))
    const place = at < endOf(before) ? readUpTo(written, value, at - start) : value.trimEnd().length
    before.value = value.slice(0, place) + mark + value.slice(place)
  } else if (holder?.children) {
    holder.children.splice(holder.children.indexOf(before) + 1, 0, { type: 'text', value: mark })
  }
}

const CHARACTER_REFERENCE = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z\d]{1,31});/iy

/** How much of a text's value its first `end` units became: without the backslashes of
 * escapes, without what a line of a quotation begins with, with one character for its name. */
function readUpTo(written: string, value: string, end: number): number {
  let read = 0
  for (let at = 0; at < end && read < value.length; ) {
    CHARACTER_REFERENCE.lastIndex = at
    const [name] = CHARACTER_REFERENCE.exec(written) ?? []
    if (name && !value.startsWith(name, read)) {
      at += name.length
      read += (value.codePointAt(read) ?? 0) > 0xffff ? 2 : 1
    } else {
      if (written[at] === value[read]) read += 1
      at += 1
    }
  }
  return read
}

/** Makes markers of placeholders, in a tree that has been sanitized. */
export function marked() {
  return (tree: HtmlNode, file: unknown) => {
    if (detach(String(file)).citations.length > 0) markIn(tree)
  }
}

/** Code is shown as it is, and what can be pressed has nothing else in it to press: there, a
 * marker stands behind it. */
const WHOLE = new Set(['a', 'code', 'pre', 'summary'])

function markIn(node: HtmlNode): void {
  if (!node.children) return
  const pieces = node.children.flatMap((child): (HtmlNode | number)[] => {
    if (child.type === 'text')
      return taken(child.value ?? '')
        .filter((piece) => piece !== '')
        .map((piece) => (typeof piece === 'number' ? piece : { ...child, value: piece }))
    if (WHOLE.has(child.tagName ?? '')) return [child, ...takenFrom(child)]
    markIn(child)
    return [child]
  })
  node.children = inOrder(pieces)
}

/** Takes the placeholders out of a node. */
function takenFrom(node: HtmlNode): number[] {
  if (node.type !== 'text') return node.children?.flatMap(takenFrom) ?? []
  const pieces = taken(node.value ?? '')
  node.value = pieces.filter((piece) => typeof piece === 'string').join('')
  return pieces.filter((piece) => typeof piece === 'number')
}

/** Markers at one place stand there by number, each once. */
function inOrder(pieces: readonly (HtmlNode | number)[]): HtmlNode[] {
  const done: HtmlNode[] = []
  let numbers = new Set<number>()
  for (const piece of [...pieces, null]) {
    if (typeof piece === 'number') {
      numbers.add(piece)
      continue
    }
    done.push(...[...numbers].sort((one, other) => one - other).map(marker))
    numbers = new Set()
    if (piece) done.push(piece)
  }
  return done
}

const marker = (number: number): HtmlNode => ({
  type: 'element',
  tagName: MARKER,
  properties: { number },
  children: [],
})
