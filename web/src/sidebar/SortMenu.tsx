import { ArrowDownUp } from 'lucide-react'
import { change, type Settings, useSettings } from '../settings/settings'
import { t } from '../strings'
import { IconButton } from '../ui/Button'
import { Menu, MenuChoice, MenuLabel, MenuLine } from '../ui/Menu'

const SORTS = ['activity', 'date', 'title'] as const

/** The order that is meant where nobody says: titles from A on, times from the newest back. */
const naturally = (sort: Settings['sort']) => (sort === 'title' ? 'asc' : 'desc')

export function SortMenu() {
  const { sort, order } = useSettings()
  const title = sort === 'title'
  return (
    <Menu trigger={<IconButton label={t.sidebar.sort} icon={ArrowDownUp} />}>
      <MenuLabel>{t.sidebar.sortBy}</MenuLabel>
      <MenuChoice
        value={sort}
        onChange={(next) => change({ sort: next, order: naturally(next) })}
        options={SORTS.map((value) => ({ value, label: t.sidebar.sorts[value] }))}
      />
      <MenuLine />
      <MenuLabel>{t.sidebar.order}</MenuLabel>
      <MenuChoice
        value={order}
        onChange={(next) => change({ order: next })}
        options={[
          { value: 'desc', label: title ? t.sidebar.fromZ : t.sidebar.newestFirst },
          { value: 'asc', label: title ? t.sidebar.fromA : t.sidebar.oldestFirst },
        ]}
      />
    </Menu>
  )
}
