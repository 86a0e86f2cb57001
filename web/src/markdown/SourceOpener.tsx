import {
  type ComponentProps,
  createContext,
  type ReactNode,
  useContext,
  useMemo,
  useState,
} from 'react'
import type { Source } from '../api/types'
import { t } from '../strings'
import { distinct } from './citations'
import { outward } from './Link'
import { SourceDialog } from './SourceDialog'

interface OpenSources {
  sources: readonly Source[]
  open: (source: Source) => void
}

const Context = createContext<OpenSources>({ sources: [], open: () => {} })

interface SourceOpenerProps {
  sources: readonly Source[]
  children: ReactNode
}

/** What an answer drew on, for the list below it and for the markers in it. */
export function SourceOpener({ sources, children }: SourceOpenerProps) {
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState<Source | null>(null)
  const value = useMemo(
    () => ({
      sources: distinct(sources).map(({ source }) => source),
      open: (source: Source) => {
        setShown(source)
        setOpen(true)
      },
    }),
    [sources],
  )
  return (
    <Context value={value}>
      {children}
      {shown && <SourceDialog source={shown} open={open} onOpenChange={setOpen} />}
    </Context>
  )
}

/** Each under its number less one. */
export const useSources = () => useContext(Context).sources

export const titleOf = (source: Source) => source.title || source.url || t.markdown.untitled

/** Where a source is on the web; null where it is in a file, or nowhere that one may go. */
export const addressOf = (source: Source) =>
  source.url && !source.file_id ? outward(source.url) : null

type OpenSourceProps = ComponentProps<'a'> & ComponentProps<'button'> & { source: Source }

/** Opens a source: a page in a new tab, a file at the cited place. */
export function OpenSource({ source, ...props }: OpenSourceProps) {
  const { open } = useContext(Context)
  const address = addressOf(source)
  if (address !== null)
    return <a {...props} href={address} target="_blank" rel="noopener noreferrer" />
  return <button {...props} type="button" aria-haspopup="dialog" onClick={() => open(source)} />
}
