/** As much as is needed of the trees that Markdown is made into. */

/** A node of HTML. */
export interface HtmlNode {
  type: string
  tagName?: string
  value?: string
  properties?: Record<string, unknown>
  children?: HtmlNode[]
}

/** A node of Markdown. */
export interface MarkdownNode {
  type: string
  value?: string
  children?: MarkdownNode[]
  data?: unknown
  /** Where it was written; not known of what was made afterwards. */
  position?: { start: { offset?: number }; end: { offset?: number } }
}

export function textOf(node: HtmlNode): string {
  return node.value ?? node.children?.map(textOf).join('') ?? ''
}
