/** Takes the files that a message can carry, and says of the others why not. */
import { useRef, useState } from 'react'
import { useServer } from '../api/server'
import { t } from '../strings'
import { type Refusal, refuse } from './accept'
import { listOf } from './attached'
import { attach } from './attachments'
import type { Files } from './transfer'

export function useTaking(sessionId: string | null) {
  const limits = useServer()?.limits ?? null
  const most = limits?.max_files_per_message ?? Number.POSITIVE_INFINITY
  const [refusals, setRefusals] = useState<readonly Refusal[]>([])
  const room = () => Math.max(most - listOf(sessionId).length, 0)

  const taking = useRef<Promise<unknown>>(Promise.resolve())

  /** Until all is looked at that was handed over so far. */
  const taken = () => taking.current

  function take(found: Files): Promise<void> {
    const looked = look(found)
    taking.current = Promise.allSettled([taking.current, looked])
    return looked
  }

  async function look({ files, folders }: Files): Promise<void> {
    const found: Refusal[] = folders.map((name) => ({
      title: t.composer.folder(name),
      hint: t.composer.folderHint,
    }))
    const good: File[] = []
    for (const file of files) {
      const why = await refuse(file, limits)
      if (why) found.push(why)
      else good.push(file)
    }
    const fits = room()
    if (good.length > fits) {
      const names = good.slice(fits).map((file) => file.name)
      const title = t.composer.tooMany(names.join(', '))
      found.push({ title, hint: t.composer.tooManyHint(most) })
    }
    attach(sessionId, good.slice(0, fits))
    setRefusals(found)
  }

  return { limits, take, taken, room, refusals, setRefusals }
}
