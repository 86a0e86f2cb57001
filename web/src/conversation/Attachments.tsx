import { Download, FileText } from 'lucide-react'
import { useState } from 'react'
import { contentOf } from '../api/files'
import { size, t } from '../strings'
import { Dialog } from '../ui/Dialog'
import css from './Attachments.module.css'

interface Shown {
  /** The server's id; null where it is not there yet. */
  fileId: string | null
  name: string
  mediaType: string
  size: number
}

/** What a browser draws, and cannot carry a script. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']

/** The files that a message carries: pictures to look at, others to download. */
export function Attachments({ files }: { files: readonly Shown[] }) {
  if (files.length === 0) return null
  return (
    <ul className={css.files} aria-label={t.conversation.attached}>
      {files.map((file, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order is the message's, and stays.
        <li key={at}>
          {file.fileId !== null && PICTURES.includes(file.mediaType) ? (
            <Picture file={file} url={contentOf(file.fileId)} />
          ) : (
            <Chip file={file} />
          )}
        </li>
      ))}
    </ul>
  )
}

function Picture({ file, url }: { file: Shown; url: string }) {
  const [open, setOpen] = useState(false)
  const [broken, setBroken] = useState(false)
  const { name } = file
  if (broken) return <Chip file={file} about={t.conversation.pictureGone} />
  return (
    <>
      <button
        type="button"
        className={css.thumbnail}
        aria-label={t.conversation.openPicture(name)}
        onClick={() => setOpen(true)}
      >
        <img src={url} alt="" onError={() => setBroken(true)} />
      </button>
      <Dialog open={open} onOpenChange={setOpen} title={name}>
        <img className={css.picture} src={url} alt={name} />
        <a className={css.download} href={url} download={name}>
          <Download aria-hidden size="1em" />
          {t.conversation.download}
        </a>
      </Dialog>
    </>
  )
}

function Chip({ file, about = size(file.size) }: { file: Shown; about?: string }) {
  const inside = (
    <>
      <FileText aria-hidden size="1.25em" className={css.icon} />
      <span className={css.words}>
        <bdi className={css.name}>{file.name}</bdi>
        <small>{about}</small>
      </span>
    </>
  )
  if (file.fileId === null) return <span className={css.chip}>{inside}</span>
  return (
    <a className={css.chip} href={contentOf(file.fileId)} download={file.name}>
      {inside}
    </a>
  )
}
