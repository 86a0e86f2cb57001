import { ArchiveRestore, type LucideIcon, Undo2 } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { useSessions } from '../api/sessions'
import type { Session } from '../api/types'
import { dateTime, t } from '../strings'
import { Button } from '../ui/Button'
import { useMedia } from '../ui/media'
import { addressOf, nameOf, useSessionActions } from './actions'
import { Empty, NotLoaded, Skeleton } from './Empty'
import { Rows } from './Rows'
import { useRest } from './rest'
import { rows } from './rows'
import { SessionMenu } from './SessionMenu'
import css from './Shelf.module.css'

const KINDS = {
  archive: {
    filter: { archived: true },
    title: t.sidebar.archiveList,
    about: t.sidebar.archiveAbout,
    empty: t.sidebar.archiveEmpty,
    emptyHint: t.sidebar.archiveEmptyHint,
  },
  trash: {
    filter: { deleted: true },
    title: t.sidebar.trash,
    about: t.sidebar.trashAbout,
    empty: t.sidebar.trashEmpty,
    emptyHint: t.sidebar.trashEmptyHint,
  },
}

/** On a phone, when it was takes a second line. */
const HEIGHTS = { fine: 4, coarse: 4.5 }

/** Sessions that are put away: the archive, or the trash. */
export function Shelf({ kind }: { kind: keyof typeof KINDS }) {
  const { filter, title, about, empty, emptyHint } = KINDS[kind]
  const list = useSessions(filter)
  const lines = useMemo(() => rows(list.data ?? [], null, new Date()), [list.data])
  const rest = useRest(list)

  return (
    <section className={css.shelf}>
      <header className={css.head}>
        <h1 className={css.title}>{title}</h1>
      </header>
      <div className={css.body}>
        {lines.length > 0 && <p className={css.about}>{about}</p>}
        {list.isError && !list.data ? (
          <NotLoaded
            title={t.sidebar.notLoaded}
            error={list.error}
            busy={list.isFetching}
            onAgain={list.refetch}
          />
        ) : !list.data || list.isPlaceholderData ? (
          <Skeleton />
        ) : lines.length === 0 ? (
          <Empty title={empty} hint={emptyHint} />
        ) : (
          <Rows rows={lines} current={null} rest={rest} heights={HEIGHTS}>
            {(session) => <ShelfRow session={session} />}
          </Rows>
        )}
      </div>
    </section>
  )
}

interface BringProps {
  icon: LucideIcon
  name: string
  onClick: () => void
}

/** The way back among the sessions: a picture, where there is hardly room for a title. */
function Bring({ icon: Icon, name, onClick }: BringProps) {
  const narrow = useMedia('(max-width: 24rem)')
  return (
    <Button className={css.bring ?? ''} onClick={onClick}>
      {narrow && <Icon aria-hidden size="1.125em" />}
      <span className={narrow ? 'unseen' : ''}>{name}</span>
    </Button>
  )
}

function ShelfRow({ session }: { session: Session }) {
  const actions = useSessionActions()
  const { deleted_at: deleted, archived_at: archived } = session
  const name = nameOf(session)
  return (
    <div className={css.row}>
      <div className={css.words}>
        {deleted === null ? (
          <Link
            href={addressOf(session.id)}
            className={`${css.name} aligned`}
            dir="auto"
            data-row={session.id}
          >
            {name}
          </Link>
        ) : (
          // What is in the trash cannot be opened.
          <span className={`${css.name} aligned`} dir="auto">
            {name}
          </span>
        )}
        <small className={css.when}>
          {deleted !== null
            ? t.sidebar.deletedAt(dateTime.format(deleted))
            : t.sidebar.archivedAt(dateTime.format(archived ?? session.active_at))}
        </small>
      </div>
      {deleted !== null ? (
        <Bring icon={Undo2} name={t.sidebar.restore} onClick={() => actions.restore(session)} />
      ) : (
        <Bring
          icon={ArchiveRestore}
          name={t.sidebar.unarchive}
          onClick={() => actions.unarchive(session)}
        />
      )}
      <SessionMenu session={session} />
    </div>
  )
}
