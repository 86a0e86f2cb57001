import { Archive, ArchiveRestore, Download, Ellipsis, PenLine, Trash2, Undo2 } from 'lucide-react'
import { useRef } from 'react'
import { useServer } from '../api/server'
import type { Session } from '../api/types'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { dialogs } from '../ui/dialogs'
import { Menu, MenuItem, MenuLine } from '../ui/Menu'
import { nameOf, useSessionActions } from './actions'

interface SessionMenuProps {
  session: Session
  /** Where it can be renamed in place. */
  onRename?: () => void
  tabIndex?: number
}

/** What can be done to a session. */
export function SessionMenu({ session, onRename, tabIndex }: SessionMenuProps) {
  // The focus goes to what was chosen, and not back to the button.
  const elsewhere = useRef(false)
  return (
    <Menu
      align="start"
      trigger={
        <IconButton
          label={t.sidebar.actions(nameOf(session))}
          icon={Ellipsis}
          {...(tabIndex === undefined ? {} : { tabIndex })}
        />
      }
      onCloseAutoFocus={(event) => {
        if (elsewhere.current) event.preventDefault()
        elsewhere.current = false
      }}
    >
      <Items
        session={session}
        onElsewhere={() => {
          elsewhere.current = true
        }}
        {...(onRename && { onRename })}
      />
    </Menu>
  )
}

interface ItemsProps {
  session: Session
  onRename?: () => void
  /** Before something that takes the focus. */
  onElsewhere: () => void
}

/** They are there only while the menu is open: a list has many menus. */
function Items({ session, onRename, onElsewhere }: ItemsProps) {
  const actions = useSessionActions()
  const transfer = useServer()?.features.transfer ?? false
  return (
    <>
      {onRename && (
        <MenuItem
          icon={PenLine}
          onSelect={() => {
            onElsewhere()
            onRename()
          }}
        >
          {t.sidebar.rename}
        </MenuItem>
      )}
      {session.deleted_at !== null ? (
        <MenuItem icon={Undo2} onSelect={() => actions.restore(session)}>
          {t.sidebar.restore}
        </MenuItem>
      ) : session.archived_at !== null ? (
        <MenuItem icon={ArchiveRestore} onSelect={() => actions.unarchive(session)}>
          {t.sidebar.unarchive}
        </MenuItem>
      ) : (
        <MenuItem icon={Archive} onSelect={() => actions.archive(session)}>
          {t.sidebar.archive}
        </MenuItem>
      )}
      {transfer && (
        <>
          <MenuLine />
          <MenuItem icon={Download} onSelect={() => actions.export(session, 'json')}>
            {t.sidebar.exportJson}
          </MenuItem>
          <MenuItem icon={Download} onSelect={() => actions.export(session, 'markdown')}>
            {t.sidebar.exportMarkdown}
          </MenuItem>
        </>
      )}
      {session.deleted_at === null && (
        <>
          <MenuLine />
          <MenuItem
            icon={Trash2}
            danger
            onSelect={() => {
              onElsewhere()
              dialogs.set({ name: 'delete', session })
            }}
          >
            {t.sidebar.delete}
          </MenuItem>
        </>
      )}
    </>
  )
}
