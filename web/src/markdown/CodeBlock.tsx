import { Check, Copy } from 'lucide-react'
import { type ComponentProps, memo } from 'react'
import { useIsCodeFenceIncomplete } from 'streamdown'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { useCopy } from '../ui/useCopy'
import css from './CodeBlock.module.css'
import { languageOf } from './languages'
import { Scroller } from './Scroller'
import { type HtmlNode, textOf } from './tree'
import { type Line, useHighlight } from './useHighlight'

/** Code with its language and a button that copies it. */
export function CodeBlock({ node }: ComponentProps<'pre'> & { node?: unknown }) {
  const open = useIsCodeFenceIncomplete()
  const code = (node as HtmlNode).children?.find((child) => child.tagName === 'code')
  const text = textOf(code ?? (node as HtmlNode)).replace(/\n$/, '')
  const language = languageOf(code?.properties?.className)
  const { lines, rest } = useHighlight(text, language.id, open)
  return (
    <div className={css.block} dir="ltr">
      <div className={css.head}>
        <span className={css.language}>{language.name || t.markdown.code}</span>
        <CopyCode text={text} />
      </div>
      <Scroller label={t.markdown.codeIn(language.name)} className={css.scroller}>
        <pre>
          <code>
            {lines.map((line, number) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name.
              <CodeLine key={number} line={line} />
            ))}
            {rest}
          </code>
        </pre>
      </Scroller>
    </div>
  )
}

const CodeLine = memo(function CodeLine({ line }: { line: Line }) {
  return (
    <span>
      {line.map(({ content, style, offset }) =>
        style ? (
          <span key={offset} style={style}>
            {content}
          </span>
        ) : (
          content
        ),
      )}
      {'\n'}
    </span>
  )
})

function CopyCode({ text }: { text: string }) {
  const { copied, copy } = useCopy(text)
  const Icon = copied ? Check : Copy
  return (
    <Button kind="quiet" className={css.copy ?? ''} aria-label={t.markdown.copyCode} onClick={copy}>
      <Icon aria-hidden size="1em" />
      {copied ? t.copied : t.copy}
    </Button>
  )
}
