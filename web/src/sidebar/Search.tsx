import { Search as Glass } from 'lucide-react'
import { t } from '../strings'
import css from './Sidebar.module.css'

interface SearchProps {
  text: string
  onChange: (text: string) => void
}

export const SEARCH_ID = 'search-sessions'

export function Search({ text, onChange }: SearchProps) {
  return (
    <div className={css.search}>
      <Glass aria-hidden size="1em" />
      <input
        id={SEARCH_ID}
        type="search"
        aria-label={t.sidebar.search}
        placeholder={t.sidebar.search}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !event.nativeEvent.isComposing) onChange('')
        }}
      />
    </div>
  )
}
