/** The tags in HTML, and which of them belong together. One that has no partner is a word:
 * "use a <div>". */
import { elements } from './sanitize'

export interface Piece {
  /** As it was written. */
  text: string
  /** None where it is only text. */
  tag: Tag | null
}

interface Tag {
  name: string
  closes: boolean
  /** As the browser's parser gets it. */
  written: string
}

// In small letters: `<T>` is a type, `<Button>` a component.
const TAG =
  /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z_:][\w.:-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?>/gi
const ATTRIBUTE = /([a-z_:][\w.:-]*)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/gi
/** None of these comes through anyway, but the page's policy would have a complaint of each
 * one: Chromium's has, of handlers since 156, even where nothing can run. */
const REFUSED = /^(style|on)/i

const VOID = new Set(['br', 'hr', 'img', 'wbr'])
/** Without one of these it is nothing that could be shown. */
const NEEDED: Record<string, RegExp> = { img: /\ssrc\s*=/i, a: /\s(href|id|name)\s*=/i }

const TABLE = ['table']
const LIST = ['ul', 'ol']
/** What is only something within something else. */
const PARTS: Record<string, readonly string[]> = {
  caption: TABLE,
  dd: ['dl'],
  dt: ['dl'],
  li: LIST,
  rp: ['ruby'],
  rt: ['ruby'],
  summary: ['details'],
  tbody: TABLE,
  td: TABLE,
  tfoot: TABLE,
  th: TABLE,
  thead: TABLE,
  tr: TABLE,
}
const WHOLES = new Set(Object.values(PARTS).flat())

export function pieces(html: string): Piece[] {
  const found: Piece[] = []
  let at = 0
  for (const match of html.matchAll(TAG)) {
    const [text, slash, name = '', attributes = ''] = match
    if (!elements.has(name) || (!slash && NEEDED[name]?.test(attributes) === false)) continue
    if (match.index > at) found.push({ text: html.slice(at, match.index), tag: null })
    const kept = [...attributes.matchAll(ATTRIBUTE)].filter(([, one = '']) => !REFUSED.test(one))
    const written = `<${slash}${[name, ...kept.map(([one]) => one)].join(' ')}>`
    found.push({ text, tag: { name, closes: slash !== '', written } })
    at = match.index + text.length
  }
  if (at < html.length) found.push({ text: html.slice(at), tag: null })
  return found
}

/** Takes the tag from each piece that is none among those around it. */
export function settle(all: readonly Piece[], flow: boolean): void {
  const found = paired(all, flow)
  const inside: string[] = []
  for (const piece of all) {
    const { tag } = piece
    if (!tag) continue
    const wholes = PARTS[tag.name]
    if (!found.has(piece) || (wholes && !wholes.some((whole) => inside.includes(whole))))
      piece.tag = null
    else if (WHOLES.has(tag.name)) {
      if (tag.closes) inside.splice(inside.lastIndexOf(tag.name), 1)
      else inside.push(tag.name)
    }
  }
}

function paired(all: readonly Piece[], flow: boolean): Set<Piece> {
  const found = new Set<Piece>()
  const open: { piece: Piece; name: string; at: number }[] = []
  const count = new Map<string, number>()
  for (const [at, piece] of all.entries()) {
    const { tag } = piece
    if (!tag) continue
    const { name, closes } = tag
    if (VOID.has(name)) {
      if (!closes && (name !== 'hr' || flow)) found.add(piece)
    } else if (!closes) {
      open.push({ piece, name, at })
      count.set(name, (count.get(name) ?? 0) + 1)
    } else if (count.get(name)) {
      found.add(piece)
      for (let one = open.pop(); one; one = open.pop()) {
        count.set(one.name, (count.get(one.name) ?? 0) - 1)
        // A part need not be closed.
        if (one.name === name || PARTS[one.name]) found.add(one.piece)
        if (one.name === name) break
      }
    }
  }
  for (const { piece, name, at } of open)
    if (PARTS[name] || (flow && begins(name, all, at))) found.add(piece)
  return found
}

/** Whether the first thing within it is a part of it: then it is one, and not closed yet. */
function begins(name: string, all: readonly Piece[], at: number): boolean {
  const next = all[at + 1]?.text.trim() === '' ? all[at + 2] : all[at + 1]
  return PARTS[next?.tag?.name ?? '']?.includes(name) ?? false
}
