import css from './palette.module.css'
import { keysOf, type ShortcutName } from './shortcuts'

export function Keys({ of }: { of: ShortcutName }) {
  return (
    <span className={css.keys}>
      {keysOf(of).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  )
}
