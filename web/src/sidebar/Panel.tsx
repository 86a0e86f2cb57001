import { Archive, Settings as Cog, Import, PanelLeft, SquarePen, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useServer } from '../api/server'
import { useSettings } from '../settings/settings'
import { t } from '../strings'
import { Button, IconButton } from '../ui/Button'
import { dialogs } from '../ui/dialogs'
import { Logo } from '../ui/Logo'
import { useSettled } from '../ui/settled'
import { Search } from './Search'
import { SessionList } from './SessionList'
import css from './Sidebar.module.css'
import { SortMenu } from './SortMenu'
import { CLOSER, closeDrawer, focusSoon, OPENER, useSidebar } from './state'

const PLACES = [
  { href: '/archive', icon: Archive, name: t.sidebar.archiveList },
  { href: '/trash', icon: Trash2, name: t.sidebar.trash },
]

/** All that is in the sidebar. */
export function Panel() {
  const [path, navigate] = useLocation()
  const { phone, setOpen } = useSidebar()
  const { sort, order } = useSettings()
  const transfer = useServer()?.features.transfer ?? false
  const [words, setWords] = useState('')
  // What is cleared shows all at once.
  const settled = useSettled(words.trim(), 200)
  const text = words.trim() && settled
  const filter = useMemo(() => ({ sort, order, ...(text ? { text } : {}) }), [sort, order, text])

  return (
    <nav aria-label={t.sidebar.sessions} className={css.panel}>
      <div className={css.head}>
        <Link href="/" className={css.brand} onClick={closeDrawer} title={t.app.home}>
          <Logo size="1.625rem" />
          {t.app.name}
        </Link>
        <IconButton
          label={t.sidebar.closeSidebar}
          icon={PanelLeft}
          id={CLOSER}
          onClick={() => {
            setOpen(false)
            if (!phone) focusSoon(OPENER)
          }}
        />
      </div>
      <Button
        className={css.new ?? ''}
        onClick={() => {
          closeDrawer()
          navigate('/')
        }}
      >
        <SquarePen aria-hidden size="1.125em" />
        {t.sidebar.newSession}
      </Button>
      <div className={css.find}>
        <Search text={words} onChange={setWords} />
        <SortMenu />
      </div>
      <SessionList filter={filter} />
      <div className={css.foot}>
        {PLACES.map(({ href, icon: Icon, name }) => (
          <Link
            key={href}
            href={href}
            className={css.place}
            onClick={closeDrawer}
            aria-current={path === href ? 'page' : undefined}
          >
            <Icon aria-hidden size="1.125em" />
            {name}
          </Link>
        ))}
        <span className={css.spring} />
        {transfer && (
          <IconButton
            label={t.sidebar.import}
            icon={Import}
            onClick={() => dialogs.set({ name: 'import' })}
          />
        )}
        <IconButton
          label={t.sidebar.settings}
          icon={Cog}
          onClick={() => dialogs.set({ name: 'settings' })}
        />
      </div>
    </nav>
  )
}
