/** Which of the page's dialogs is open: one at a time, from wherever it is asked for. */
import type { Session } from '../api/types'
import { shared } from './shared'

export type Shown =
  | { name: 'commands' | 'shortcuts' | 'settings' | 'import' }
  | { name: 'delete'; session: Session }

export const dialogs = shared<Shown | null>(null)
