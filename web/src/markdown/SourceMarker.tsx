import { t } from '../strings'
import { Tooltip } from '../ui/Tooltip'
import { OpenSource, titleOf, useSources } from './SourceOpener'
import css from './Sources.module.css'

/** Says in the text which source the words before it are from. */
export function SourceMarker({ number = 0 }: { number?: number; node?: unknown }) {
  const source = useSources()[number - 1]
  if (!source) return null
  const title = titleOf(source)
  return (
    <span className={css.place}>
      <Tooltip text={title}>
        <OpenSource
          source={source}
          className={css.marker}
          aria-label={t.markdown.source(number, title)}
        >
          {number}
        </OpenSource>
      </Tooltip>
    </span>
  )
}
