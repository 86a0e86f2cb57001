/** Says to a screen reader what one sees happen. */
import { shared } from './shared'

const said = shared({ text: '', number: 0 })

export function announce(text: string): void {
  said.set({ text, number: said.get().number + 1 })
}

/** It is there from the start: of a region that comes along with its words, few are read. */
export function Announced() {
  const { text, number } = said.use()
  return (
    <p role="status" className="unseen">
      {/* The same words a second time are another element, and so are said again. */}
      <span key={number}>{text}</span>
    </p>
  )
}
