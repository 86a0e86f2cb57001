import { Paperclip } from 'lucide-react'
import { useEffect, useEffectEvent, useState } from 'react'
import { createPortal } from 'react-dom'
import { t } from '../strings'
import css from './DropTarget.module.css'
import { carriesFiles, type Files, filesOf } from './transfer'

/** Takes files that are dropped anywhere: the browser would leave the page to show one. */
export function DropTarget({ onFiles }: { onFiles: (files: Files) => void }) {
  const [over, setOver] = useState(false)
  const take = useEffectEvent(onFiles)

  useEffect(() => {
    // Whoever takes files for itself, such as an import, has said so.
    const mine = (event: DragEvent) => carriesFiles(event.dataTransfer) && !event.defaultPrevented
    const elsewhere = (event: DragEvent) =>
      event.target instanceof Element && event.target.closest('[role$=dialog]') !== null
    const onOver = (event: DragEvent) => {
      if (!mine(event)) return
      event.preventDefault()
      const refused = elsewhere(event)
      if (event.dataTransfer) event.dataTransfer.dropEffect = refused ? 'none' : 'copy'
      setOver(!refused)
    }
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      setOver(false)
      if (!mine(event)) return
      event.preventDefault()
      if (event.dataTransfer && !elsewhere(event)) take(filesOf(event.dataTransfer))
    }
    addEventListener('dragover', onOver)
    addEventListener('dragleave', onLeave)
    addEventListener('drop', onDrop)
    return () => {
      removeEventListener('dragover', onOver)
      removeEventListener('dragleave', onLeave)
      removeEventListener('drop', onDrop)
    }
  }, [])

  if (!over) return null
  return createPortal(
    <div className={css.target}>
      <p className={css.words}>
        <Paperclip aria-hidden size="1.25em" />
        {t.composer.drop}
      </p>
    </div>,
    document.getElementById('main') ?? document.body,
  )
}
