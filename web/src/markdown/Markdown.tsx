import { type ComponentProps, memo, useEffect, useId, useMemo, useState } from 'react'
import { type Components, defaultRemarkPlugins, Streamdown } from 'streamdown'
import type { Pluggable } from 'unified'
import type { Source } from '../api/types'
import { t } from '../strings'
import { Boundary } from '../ui/Boundary'
import { blocks, growing } from './blocks'
import { CodeBlock } from './CodeBlock'
import { attach, citationsOf, detach, share } from './citations'
import { hasFormulas } from './formulas'
import { Link, Picture } from './Link'
import css from './Markdown.module.css'
import { MARKER, marked, placed } from './markers'
import { SourceMarker } from './SourceMarker'
import { raw, sanitize, scope } from './sanitize'
import { Table } from './Table'
import { tags } from './tags'

interface MarkdownProps {
  text: string
  /** Whether more of it comes: what is not closed yet is shown as if it were. */
  streaming: boolean
  /** What it drew on: each has a marker where it was cited. */
  sources?: readonly Source[]
}

const NO_SOURCES: readonly Source[] = []

/** The box of a task, which is shown and not pressed. */
function Task({ checked }: ComponentProps<'input'> & { node?: unknown }) {
  const { done, open } = t.markdown.tasks
  return (
    <input type="checkbox" disabled checked={checked} readOnly aria-label={checked ? done : open} />
  )
}

/** Headings are parts of a message, which has its place under the page's own. */
const components: Components = {
  h1: 'h2',
  h2: 'h3',
  h3: 'h4',
  h4: 'h5',
  h5: 'h6',
  h6: 'h6',
  a: Link,
  img: Picture,
  pre: CodeBlock,
  table: Table,
  input: Task,
  [MARKER]: SourceMarker,
  ...Object.fromEntries(
    ['p', 'ol', 'ul', 'li', 'blockquote', 'hr', 'strong', 'em', 'del', 'sup', 'sub', 'section']
      .concat(['thead', 'tbody', 'tr', 'th', 'td', 'code'])
      .map((name) => [name, name as 'p']),
  ),
}

const gfm = [...Object.values(defaultRemarkPlugins), tags]
const footnotes = {
  clobberPrefix: '',
  footnoteLabel: t.markdown.footnotes,
  footnoteBackLabel: t.markdown.backToText,
}

/** An answer. What cannot be read as Markdown, such as a thousand quotations within each other,
 * is shown as it was written: one answer must not take the conversation with it. */
export const Markdown = memo(function Markdown({
  text,
  streaming,
  sources = NO_SOURCES,
}: MarkdownProps) {
  return (
    <Boundary
      // While more of it comes, it is not tried again with each word.
      of={streaming ? 'streaming' : text}
      fallback={() => (
        <div className={css.written} dir="auto">
          {text}
        </div>
      )}
    >
      <Blocks text={text} streaming={streaming} sources={sources} />
    </Boundary>
  )
})

/** Only the blocks that have changed are read and drawn anew. */
function Blocks({ text, streaming, sources }: Required<MarkdownProps>) {
  const prefix = `${useId()}-`
  // Until they can be set, formulas are read as any other text.
  const formulas = useFormulas(useMemo(() => hasFormulas(text), [text]))
  const cited = useMemo(() => attach(text, citationsOf(text, sources)), [text, sources])
  const remarkPlugins = useMemo<Pluggable[]>(
    () => [...gfm, ...(formulas?.remark ?? []), placed as Pluggable],
    [formulas],
  )
  const rehypePlugins = useMemo<Pluggable[]>(
    () => [raw, sanitize, [scope, { prefix }], marked, ...(formulas?.rehype ?? [])],
    [prefix, formulas],
  )
  return (
    <Streamdown
      className={css.markdown as string}
      parseIncompleteMarkdown={false}
      parseMarkdownIntoBlocksFn={streaming ? citedGrowing : citedBlocks}
      isAnimating={streaming}
      components={components}
      remarkPlugins={remarkPlugins}
      rehypePlugins={rehypePlugins}
      remarkRehypeOptions={footnotes}
      controls={false}
      linkSafety={NO_MODAL}
      // It draws anew for this, but not for other plugins alone.
      data-formulas={formulas !== null}
    >
      {cited}
    </Streamdown>
  )
}

const NO_MODAL = { enabled: false }

/** Cuts a text into blocks, each with what is cited in it. */
const cut = (into: (text: string) => string[]) => (cited: string) => {
  const { text, citations } = detach(cited)
  return share(into(text), citations)
}
const citedBlocks = cut(blocks)
const citedGrowing = cut(growing)

type Formulas = typeof import('./katex')
let loaded: Formulas | null = null

function useFormulas(wanted: boolean): Formulas | null {
  const [formulas, setFormulas] = useState(loaded)
  useEffect(() => {
    if (!wanted || formulas) return
    let gone = false
    import('./katex').then(
      (found) => {
        loaded = found
        if (!gone) setFormulas(found)
      },
      () => {}, // The formulas stay as they were written.
    )
    return () => {
      gone = true
    }
  }, [wanted, formulas])
  return wanted ? formulas : null
}
