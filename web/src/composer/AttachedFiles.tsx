import { File, FileImage, FileText, RotateCw, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { contentOf } from '../api/files'
import { useConnection } from '../live/connection'
import { size, t } from '../strings'
import { IconButton } from '../ui/Button'
import { words } from '../ui/Notice'
import css from './AttachedFiles.module.css'
import { shownAsImage } from './accept'
import { type Attached, useAttached } from './attached'
import { detach, uploadAgain } from './attachments'

interface AttachedFilesProps {
  sessionId: string | null
  /** After one was removed, and its button with it. */
  onRemoved: () => void
}

/** The files of the message that is being written. */
export function AttachedFiles({ sessionId, onRemoved }: AttachedFilesProps) {
  const files = useAttached(sessionId)
  const there = files.filter((file) => file.state === 'there').length
  return (
    <>
      <p className="unseen" aria-live="polite">
        {files.length > 0 && t.composer.uploaded(there, files.length)}
      </p>
      {files.length > 0 && (
        <ul className={css.files} aria-label={t.composer.attached}>
          {files.map((file) => (
            <Chip
              key={file.id}
              file={file}
              onAgain={() => uploadAgain(sessionId, file.id)}
              onRemove={() => {
                detach(sessionId, file.id)
                onRemoved()
              }}
            />
          ))}
        </ul>
      )}
    </>
  )
}

interface ChipProps {
  file: Attached
  onAgain: () => void
  onRemove: () => void
}

function Chip({ file, onAgain, onRemove }: ChipProps) {
  return (
    <li className={css.chip} data-state={file.state}>
      <Preview file={file} />
      <div className={css.about}>
        <bdi className={css.name} title={file.name}>
          {file.name}
        </bdi>
        <About file={file} />
      </div>
      {file.state === 'failed' && file.blob && (
        <IconButton label={t.tryAgain} icon={RotateCw} onClick={onAgain} />
      )}
      <IconButton label={t.composer.remove(file.name)} icon={X} onClick={onRemove} />
      {file.state === 'uploading' && (
        <div
          className={css.progress}
          role="progressbar"
          aria-label={t.composer.uploading(file.name)}
          aria-valuenow={Math.round(file.progress * 100)}
        >
          <div style={{ inlineSize: `${file.progress * 100}%` }} />
        </div>
      )}
    </li>
  )
}

function About({ file }: { file: Attached }) {
  const away = useConnection() !== 'online'
  if (file.state === 'failed') {
    const { title, hint } = words(file.problem)
    return (
      <p className={css.bad} role="alert">
        {title} {hint}
      </p>
    )
  }
  if (file.state === 'waiting' && away) return <p className={css.small}>{t.composer.uploadWaits}</p>
  return <p className={css.small}>{size(file.size)}</p>
}

function Preview({ file: { blob, fileId, mediaType } }: { file: Attached }) {
  const image = shownAsImage(mediaType)
  const url =
    useObjectUrl(image ? blob : null) ?? (image && !blob && fileId ? contentOf(fileId) : null)
  const [broken, setBroken] = useState(false)
  if (url && !broken) {
    return <img className={css.image} src={url} alt="" onError={() => setBroken(true)} />
  }
  const Kind = image ? FileImage : /^text\/|json|xml|pdf/.test(mediaType) ? FileText : File
  return (
    <span className={css.kind}>
      <Kind aria-hidden size="1.25em" />
    </span>
  )
}

function useObjectUrl(blob: Blob | null): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!blob) return
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => {
      URL.revokeObjectURL(made)
      setUrl(null)
    }
  }, [blob])
  return url
}
