/** What of an answer's HTML is shown. An answer is not trusted: it must neither run anything,
 * nor ask anything of another server, nor stand for a part of the page. */
import { defaultRehypePlugins } from 'streamdown'
import type { Pluggable, Plugin } from 'unified'
import type { HtmlNode } from './tree'

interface Schema {
  attributes: Record<string, unknown[]>
  protocols: Record<string, string[]>
  tagNames: string[]
  strip: string[]
}

const [rehypeSanitize, known] = defaultRehypePlugins.sanitize as [Plugin<[Schema]>, Schema]

/** Fetch something of their own, or do nothing without what is taken away. */
const NOT_SHOWN = new Set(['picture', 'source', 'tt'])

/** Shown by any browser, and nothing but words. */
const MORE = [
  'abbr',
  'bdi',
  'caption',
  'center',
  'cite',
  'dfn',
  'figcaption',
  'figure',
  'mark',
].concat(['small', 'time', 'u', 'wbr'])

const tagNames = [...known.tagNames.filter((name) => !NOT_SHOWN.has(name)), ...MORE]

/** What HTML an answer may bring; a box is only Markdown's own, of a task. */
export const elements: ReadonlySet<string> = new Set(tagNames.filter((name) => name !== 'input'))

const schema: Schema = {
  ...known,
  attributes: {
    ...known.attributes,
    code: [['className', /^language-./, 'math-inline', 'math-display']],
    img: ['src', 'alt'],
    input: ['checked', ['disabled', true], ['type', 'checkbox']],
    '*': ['align', 'alt', 'colSpan', 'id', 'lang', 'open', 'rowSpan', 'start', 'title', 'value'],
  },
  protocols: {
    cite: ['http', 'https'],
    href: ['http', 'https', 'mailto'],
    src: ['http', 'https'],
  },
  tagNames,
  // Not even their text. None comes so far (`tags.ts`): this is for the day that one does.
  strip: [
    ...['script', 'style', 'iframe', 'object', 'embed', 'svg', 'math', 'template', 'noscript'],
    ...['title', 'textarea', 'select', 'audio', 'video', 'canvas', 'head', 'xmp', 'noembed'],
  ],
}

/** Without options of its own: streamdown writes those out for every block. */
export function sanitize(this: ThisParameterType<Plugin<[Schema]>>) {
  return rehypeSanitize.call(this, schema)
}

/** The same element twice on a page, or one that takes the name of a part of the page, would
 * mislead a link or a script: ids begin with `prefix`. And each block is written in the
 * direction of its own words. */
export function scope({ prefix }: { prefix: string }) {
  return (tree: HtmlNode) => each(tree, prefix)
}

const BLOCKS = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'blockquote', 'td', 'th'])
const LISTS = new Set(['ul', 'ol'])

function each(node: HtmlNode, prefix: string): void {
  for (const child of node.children ?? []) each(child, prefix)
  const { properties, tagName = '' } = node
  if (!properties) return
  if (BLOCKS.has(tagName) || LISTS.has(tagName)) properties.dir = 'auto'
  if (properties.id) properties.id = prefix + properties.id
  const { href, ariaDescribedBy } = properties
  if (typeof href === 'string' && href.startsWith('#'))
    properties.href = `#${prefix}${href.slice(1)}`
  if (Array.isArray(ariaDescribedBy))
    properties.ariaDescribedBy = ariaDescribedBy.map((id) => prefix + id)
}

export const raw = defaultRehypePlugins.raw as Pluggable
