import { ExternalLink, FileText } from 'lucide-react'
import { memo, useId, useState } from 'react'
import type { Source } from '../api/types'
import { t } from '../strings'
import { outward } from './Link'
import { SourceDialog } from './SourceDialog'
import css from './Sources.module.css'

/** What an answer drew on. One that was cited several times stands there once for each
 * place; the same place stands there once. */
export const Sources = memo(function Sources({ sources }: { sources: readonly Source[] }) {
  const heading = useId()
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState<Source | null>(null)
  const places = distinct(sources)
  if (places.length === 0) return null
  return (
    <div className={css.sources}>
      <p id={heading} className={css.heading}>
        {t.markdown.sources}
      </p>
      <ol aria-labelledby={heading} className={css.list}>
        {places.map((source, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a source's number is its name.
          <li key={index}>
            <Entry
              number={index + 1}
              source={source}
              onOpen={() => {
                setShown(source)
                setOpen(true)
              }}
            />
          </li>
        ))}
      </ol>
      {shown && <SourceDialog source={shown} open={open} onOpenChange={setOpen} />}
    </div>
  )
})

function Entry({ number, source, onOpen }: { number: number; source: Source; onOpen: () => void }) {
  const address = source.url ? outward(source.url) : null
  const title = source.title || source.url || t.markdown.untitled
  const inside = (
    <>
      <span className={css.number}>{number}</span> <bdi className={css.title}>{title}</bdi>
    </>
  )
  if (address !== null && !source.file_id)
    return (
      <a className={css.source} href={address} target="_blank" rel="noopener noreferrer">
        {inside}
        <ExternalLink aria-hidden size="0.875em" />
      </a>
    )
  return (
    <button type="button" className={css.source} aria-haspopup="dialog" onClick={onOpen}>
      {inside}
      <FileText aria-hidden size="0.875em" />
    </button>
  )
}

function distinct(sources: readonly Source[]): Source[] {
  const seen = new Map<string, Source>()
  for (const source of sources) {
    const { title, text, file_id, url, unit, start, end } = source
    const key = JSON.stringify([title, text, file_id, url, unit, start, end])
    if (!seen.has(key)) seen.set(key, source)
  }
  return [...seen.values()]
}
