import { Download, FileText } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { isPdf, isText, LARGEST_TEXT, openFile, useFile, useText } from '../api/contents'
import { Refused } from '../api/errors'
import { contentOf } from '../api/files'
import type { File, Source } from '../api/types'
import { size, t } from '../strings'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { Notice, words } from '../ui/Notice'
import { toast } from '../ui/toasts'
import { passage } from './place'
import css from './Sources.module.css'

interface SourceDialogProps {
  source: Source
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** The cited words, and where they stand. */
export function SourceDialog({ source, open, onOpenChange }: SourceDialogProps) {
  const where = placeOf(source)
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={source.title || t.markdown.untitled}
      {...(where ? { about: where } : {})}
    >
      {source.text && (
        <blockquote className={css.cited} dir="auto">
          {source.text}
        </blockquote>
      )}
      {source.file_id && <InFile source={source} fileId={source.file_id} />}
    </Dialog>
  )
}

/** Pages count from 1, as people do; blocks from 0, as they do not. */
function placeOf({ unit, start, end }: Source): string | null {
  if (start === undefined || unit === undefined || unit === 'char') return null
  const last = Math.max(start, (end ?? start + 1) - 1)
  return unit === 'page' ? t.markdown.pages(start, last) : t.markdown.blocks(start + 1, last + 1)
}

function InFile({ source, fileId }: { source: Source; fileId: string }) {
  const file = useFile(fileId)
  const { data, error } = file
  if (error) return <Failure error={error} again={() => void file.refetch()} />
  if (!data) return <p role="status">{t.markdown.loading}</p>
  const readable = isText(data.media_type) && data.size <= LARGEST_TEXT
  return (
    <>
      {readable && source.unit !== 'page' && <Passage source={source} fileId={fileId} />}
      <div className={css.file}>
        <span className={css.name}>
          <bdi>{data.name}</bdi> <small>{size(data.size)}</small>
        </span>
        {isPdf(data.media_type) && <OpenPdf file={data} source={source} />}
        <a className={css.download} href={contentOf(fileId)} download={data.name}>
          <Download aria-hidden size="1em" /> {t.markdown.download}
        </a>
      </div>
    </>
  )
}

function Failure({ error, again }: { error: unknown; again: () => void }) {
  if (error instanceof Refused && error.code === 'not-found')
    return <Notice kind="warn" title={t.markdown.gone} hint={t.markdown.goneHint} />
  return (
    <Notice kind="bad" {...words(error)}>
      <Button onClick={again}>{t.tryAgain}</Button>
    </Notice>
  )
}

function Passage({ source, fileId }: { source: Source; fileId: string }) {
  const text = useText(fileId)
  const mark = useRef<HTMLElement>(null)
  const { data, error } = text
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is there with its text.
  useEffect(() => {
    // Newer browsers give a promise back, which is no way to clean up.
    mark.current?.scrollIntoView({ block: 'center' })
  }, [data])
  if (error) return <Failure error={error} again={() => void text.refetch()} />
  if (data === undefined) return <p role="status">{t.markdown.loading}</p>
  const { start, end } = source.unit === 'char' ? source : {}
  const found = passage(data, source.text, start, end)
  if (!found) return source.unit === 'char' ? <Notice title={t.markdown.notFound} /> : null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so must the keyboard.
    <section className={css.passage} aria-label={t.markdown.inFile} tabIndex={0} dir="auto">
      {found.before}
      <mark ref={mark}>{found.cited}</mark>
      {found.after}
    </section>
  )
}

/** Long enough for another tab to have read it. */
const KEPT_MS = 60_000

function OpenPdf({ file, source }: { file: File; source: Source }) {
  const page = source.unit === 'page' ? (source.start ?? 1) : 1

  async function open() {
    // At once: later it would be a pop-up that nobody asked for.
    const tab = window.open('', '_blank')
    if (!tab) return toast(t.markdown.openBlocked, { bad: true })
    try {
      const content = await openFile(file.id)
      // As a PDF, whatever it is: as a page it would have the rights of ours.
      const address = URL.createObjectURL(new Blob([content], { type: 'application/pdf' }))
      tab.location.replace(`${address}#page=${page}`)
      setTimeout(() => URL.revokeObjectURL(address), KEPT_MS)
    } catch (error) {
      tab.close()
      toast(words(error).title, { bad: true })
    }
  }

  return (
    <Button onClick={open}>
      <FileText aria-hidden size="1em" /> {t.markdown.openAt(page)}
    </Button>
  )
}
