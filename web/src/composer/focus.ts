/** The composer is the last field of what is open; whether there is one. */
export function focusComposer(): boolean {
  const composer = [...document.querySelectorAll<HTMLElement>('main textarea')].at(-1)
  composer?.focus()
  return composer !== undefined
}
