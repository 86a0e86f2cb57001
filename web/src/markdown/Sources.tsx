import { ExternalLink, FileText } from 'lucide-react'
import { useId } from 'react'
import type { Source } from '../api/types'
import { t } from '../strings'
import { addressOf, OpenSource, titleOf, useSources } from './SourceOpener'
import css from './Sources.module.css'

/** What an answer drew on. One that was cited several times stands there once for each
 * place; the same place stands there once. */
export function Sources() {
  const heading = useId()
  const sources = useSources()
  if (sources.length === 0) return null
  return (
    <div className={css.sources}>
      <p id={heading} className={css.heading}>
        {t.markdown.sources}
      </p>
      <ol aria-labelledby={heading} className={css.list}>
        {sources.map((source, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a source's number is its name.
          <li key={index}>
            <Entry number={index + 1} source={source} />
          </li>
        ))}
      </ol>
    </div>
  )
}

function Entry({ number, source }: { number: number; source: Source }) {
  const Icon = addressOf(source) === null ? FileText : ExternalLink
  return (
    <OpenSource source={source} className={css.source}>
      <span className={css.number}>{number}</span>{' '}
      <bdi className={css.title}>{titleOf(source)}</bdi>
      <Icon aria-hidden size="0.875em" />
    </OpenSource>
  )
}
