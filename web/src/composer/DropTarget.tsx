import { Paperclip } from 'lucide-react'
import { useEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import { t } from '../strings'
import css from './DropTarget.module.css'
import { takerOfDrops } from './drops'
import { carriesFiles, filesOf } from './transfer'

/** Files that are dropped anywhere, whether somebody takes them or not: the browser would
 * leave the page to show one. */
export function DropTarget() {
  const [over, setOver] = useState(false)

  useEffect(() => {
    // Whoever takes files for itself, such as an import, has said so.
    const mine = (event: DragEvent) => carriesFiles(event.dataTransfer) && !event.defaultPrevented
    const takerOf = (event: DragEvent) => {
      const covered = event.target instanceof Element && event.target.closest('[role$=dialog]')
      return covered ? null : takerOfDrops()
    }
    const onOver = (event: DragEvent) => {
      if (!mine(event)) return
      event.preventDefault()
      const taken = takerOf(event) !== null
      if (event.dataTransfer) event.dataTransfer.dropEffect = taken ? 'copy' : 'none'
      setOver(taken)
    }
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      setOver(false)
      if (!mine(event)) return
      event.preventDefault()
      if (event.dataTransfer) takerOf(event)?.(filesOf(event.dataTransfer))
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
