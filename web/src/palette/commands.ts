/** What can be done from anywhere, by a key or from the palette. */
import type { InfiniteData } from '@tanstack/react-query'
import type { LucideIcon } from 'lucide-react'
import {
  Archive,
  ArrowDown,
  ArrowUp,
  CircleHelp,
  Copy,
  Download,
  Import,
  Keyboard,
  Monitor,
  Moon,
  PanelLeft,
  PenLine,
  Search,
  Settings,
  Square,
  SquarePen,
  Sun,
  Trash2,
} from 'lucide-react'
import { useLocation, useRoute } from 'wouter'
import type { History } from '../api/history'
import { useStop } from '../api/messages'
import { keys, queries } from '../api/queries'
import { useServer } from '../api/server'
import { known } from '../api/sessions'
import type { Session } from '../api/types'
import { focusComposer } from '../composer/focus'
import { change, useSettings } from '../settings/settings'
import { addressOf, tellFailure, useSessionActions } from '../sidebar/actions'
import { SEARCH_ID } from '../sidebar/Search'
import { closeDrawer, useSidebar } from '../sidebar/state'
import { t } from '../strings'
import { copyText } from '../ui/clipboard'
import { dialogs } from '../ui/dialogs'
import { toast } from '../ui/toasts'
import type { ShortcutName } from './shortcuts'

export interface Command {
  name: string
  label: string
  icon: LucideIcon
  /** The shortcut that does it too. */
  keys?: ShortcutName
  run: () => void
}

/** Once what was asked for is drawn. */
const soon = (act: () => void) => requestAnimationFrame(() => requestAnimationFrame(act))

export function useCommands(): (Command | false)[] {
  const [, navigate] = useLocation()
  const [, shown] = useRoute('/sessions/:id')
  const { open, setOpen, toggle } = useSidebar()
  const { sort, order } = useSettings()
  const actions = useSessionActions()
  const stop = useStop().mutateAsync
  const transfer = useServer()?.features.transfer ?? false
  const id = shown?.id ?? null
  const session = id === null ? null : known(id)

  const go = (address: string) => {
    closeDrawer()
    navigate(address)
  }
  const step = (by: number) => {
    const list = queries
      .getQueryData<InfiniteData<{ sessions: Session[] }>>([...keys.sessions, { sort, order }])
      ?.pages.flatMap((page) => page.sessions)
    const at = list?.findIndex((one) => one.id === id) ?? -1
    // From a new session, the next one is the first.
    const next = list?.[at < 0 ? (by > 0 ? 0 : -1) : at + by]
    if (next) go(addressOf(next.id))
  }
  const live = session?.live_run_id ?? null

  return [
    {
      name: 'newSession',
      label: t.palette.newSession,
      icon: SquarePen,
      keys: 'newSession',
      run: () => {
        go('/')
        soon(focusComposer)
      },
    },
    {
      name: 'search',
      label: t.palette.search,
      icon: Search,
      keys: 'search',
      run: () => {
        if (!open) setOpen(true)
        soon(() => document.getElementById(SEARCH_ID)?.focus())
      },
    },
    live !== null && {
      name: 'stop',
      label: t.palette.stop,
      icon: Square,
      run: () => void stop(live).catch((error) => tellFailure(t.palette.stop, error)),
    },
    id !== null && {
      name: 'copyLast',
      label: t.palette.copyLast,
      icon: Copy,
      keys: 'copyLast',
      run: () => void copyLast(id),
    },
    {
      name: 'compose',
      label: t.palette.compose,
      icon: PenLine,
      keys: 'compose',
      run: focusComposer,
    },
    {
      name: 'previous',
      label: t.palette.previous,
      icon: ArrowUp,
      keys: 'previous',
      run: () => step(-1),
    },
    { name: 'next', label: t.palette.next, icon: ArrowDown, keys: 'next', run: () => step(1) },
    {
      name: 'toggleSidebar',
      label: t.palette.toggleSidebar,
      icon: PanelLeft,
      keys: 'toggleSidebar',
      run: toggle,
    },
    { name: 'archive', label: t.palette.archive, icon: Archive, run: () => go('/archive') },
    { name: 'trash', label: t.palette.trash, icon: Trash2, run: () => go('/trash') },
    session !== null &&
      transfer && {
        name: 'exportJson',
        label: t.palette.exportJson,
        icon: Download,
        run: () => actions.export(session, 'json'),
      },
    session !== null &&
      transfer && {
        name: 'exportMarkdown',
        label: t.palette.exportMarkdown,
        icon: Download,
        run: () => actions.export(session, 'markdown'),
      },
    transfer && {
      name: 'import',
      label: t.palette.import,
      icon: Import,
      run: () => dialogs.set({ name: 'import' }),
    },
    { name: 'light', label: t.palette.light, icon: Sun, run: () => change({ theme: 'light' }) },
    { name: 'dark', label: t.palette.dark, icon: Moon, run: () => change({ theme: 'dark' }) },
    {
      name: 'system',
      label: t.palette.system,
      icon: Monitor,
      run: () => change({ theme: 'system' }),
    },
    {
      name: 'settings',
      label: t.palette.settings,
      icon: Settings,
      keys: 'settings',
      run: () => dialogs.set({ name: 'settings' }),
    },
    {
      name: 'shortcuts',
      label: t.palette.shortcuts,
      icon: Keyboard,
      keys: 'shortcuts',
      run: () => dialogs.set({ name: 'shortcuts' }),
    },
    {
      name: 'commands',
      label: t.palette.commandsHere,
      icon: CircleHelp,
      keys: 'commands',
      run: () => dialogs.set(dialogs.get()?.name === 'commands' ? null : { name: 'commands' }),
    },
  ]
}

async function copyLast(sessionId: string): Promise<void> {
  const messages = queries.getQueryData<History | null>(keys.history(sessionId))?.messages ?? []
  const answer = messages.findLast(({ role, content }) => role === 'assistant' && content)
  if (!answer) toast(t.palette.noAnswer)
  else if (await copyText(answer.content)) toast(t.palette.copied)
  else toast(t.notCopied, { bad: true })
}
