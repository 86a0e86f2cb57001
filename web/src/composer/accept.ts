/** Which files are taken. What is known here is said before anything is uploaded. */
import type { Server } from '../api/types'
import { size, t } from '../strings'

/** Why a file was not taken, and what to do about it. */
export interface Refusal {
  title: string
  hint: string
}

const MEGABYTE = 1024 * 1024
/** As far as it is looked into. */
const HEAD = 64 * 1024

/** What a model sees. Everything else is text or cannot be read (`squid/providers/`). */
const SIGNATURES: [type: string, at: number, bytes: number[]][] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
  ['application/pdf', 0, [0x25, 0x50, 0x44, 0x46, 0x2d]],
]

export const shownAsImage = (type: string) => /^image\/(png|jpeg|gif|webp)$/.test(type)

/** Why a file cannot be sent, or null. */
export async function refuse(file: File, limits: Server['limits'] | null): Promise<Refusal | null> {
  const words = t.composer
  if (file.size === 0) return { title: words.empty(file.name), hint: words.emptyHint }
  const most = (limits?.max_file_size_mb ?? Number.POSITIVE_INFINITY) * MEGABYTE
  if (file.size > most) {
    return {
      title: words.tooLarge(file.name, size(file.size)),
      hint: words.tooLargeHint(size(most)),
    }
  }
  let head: Uint8Array
  try {
    head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer())
  } catch {
    return { title: words.unreadable(file.name), hint: words.unreadableHint }
  }
  return readable(head, file.size > HEAD) ? null : unknown(file)
}

/** Whether a model can read what begins like this. */
export function readable(head: Uint8Array, more: boolean): boolean {
  if (SIGNATURES.some(([, at, bytes]) => bytes.every((byte, i) => head[at + i] === byte))) {
    return true
  }
  if (head.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: more })
    return true
  } catch {
    return false
  }
}

function unknown(file: File): Refusal {
  const words = t.composer
  if (file.type.startsWith('text/')) {
    return { title: words.notUtf8(file.name), hint: words.notUtf8Hint }
  }
  const hint = file.type.startsWith('image/') ? words.imageHint : words.kindHint
  return { title: words.kind(file.name), hint }
}
