import { useEffect, useRef, useState } from 'react'
import { Link, Route, Switch, useLocation, useRoute } from 'wouter'
import css from './App.module.css'
import { useTitle } from './api/history'
import { Crashed, PartCrashed, PlainPage } from './Crashed'
import { DropTarget } from './composer/DropTarget'
import { focusComposer } from './composer/focus'
import { Conversation } from './conversation/Conversation'
import { Dialogs } from './Dialogs'
import { ConnectionStatus } from './live/ConnectionStatus'
import { useShortcuts } from './palette/keys'
import { OpenSidebar } from './sidebar/OpenSidebar'
import { Shelf } from './sidebar/Shelf'
import { Sidebar } from './sidebar/Sidebar'
import { useSidebar } from './sidebar/state'
import { t } from './strings'
import { Boundary } from './ui/Boundary'

/** The frame: sessions at the side, and what is open. Every session has an address. */
export function App() {
  const [path] = useLocation()
  const { open } = useSidebar()
  const [tries, setTries] = useState(0)
  const main = useMovedFocus(path)
  useShortcuts()
  useDocumentTitle(path)
  return (
    <div className={`${css.frame} ${open ? '' : css.alone}`}>
      <a href="#main" className={css.skip}>
        {t.app.skip}
      </a>
      <Sidebar />
      <OpenSidebar />
      <main id="main" ref={main} tabIndex={-1} className={css.main}>
        <ConnectionStatus />
        <Boundary
          of={`${path} ${tries}`}
          fallback={(error) => <PartCrashed error={error} onAgain={() => setTries(tries + 1)} />}
        >
          <Switch>
            <Route path="/sessions/:id">
              {({ id }) => <Conversation key={id} sessionId={id} />}
            </Route>
            <Route path="/">
              <Conversation sessionId={null} />
            </Route>
            <Route path="/archive">
              <Shelf key="archive" kind="archive" />
            </Route>
            <Route path="/trash">
              <Shelf key="trash" kind="trash" />
            </Route>
            <Route>
              <PlainPage title={t.app.notThere} hint={t.app.notThereHint}>
                <Link href="/">{t.app.home}</Link>
              </PlainPage>
            </Route>
          </Switch>
        </Boundary>
      </main>
      <DropTarget />
      <Boundary fallback={(error) => <Crashed error={error} />}>
        <Dialogs />
      </Boundary>
    </div>
  )
}

const PLACES: Record<string, string> = {
  '/archive': t.sidebar.archiveList,
  '/trash': t.sidebar.trash,
}

function useDocumentTitle(path: string): void {
  const [, open] = useRoute('/sessions/:id')
  const session = useTitle(open?.id ?? '')
  const title = PLACES[path] ?? session
  useEffect(() => {
    document.title = title ? `${title} – ${t.app.name}` : t.app.name
  }, [title])
}

/** After going somewhere, the focus is where one goes on: in the composer, or on what was
 * opened where there is none, or where it would bring up a phone's keyboard. */
function useMovedFocus(path: string) {
  const main = useRef<HTMLElement>(null)
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    const frame = requestAnimationFrame(() => {
      const at = document.activeElement
      if (at?.matches('input, textarea') || at?.closest('[role="dialog"]')) return
      if (matchMedia('(pointer: coarse)').matches || !focusComposer()) main.current?.focus()
    })
    return () => cancelAnimationFrame(frame)
  }, [path])
  return main
}
