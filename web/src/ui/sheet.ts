import { useEffect } from 'react'

/**
 * In place of `react-style-singleton`, with which Radix keeps the page still behind a dialog
 * (see vite.config.ts). That one adds a `<style>` element, and to let it the server's policy
 * would have to let everybody. A sheet that a script adopts needs no leave.
 *
 * Of several components that are there at once, the first one's styles are in force.
 */
export function styleSingleton() {
  let users = 0
  let sheet: CSSStyleSheet | undefined

  function add(styles: string) {
    users += 1
    if (users > 1) return
    sheet = new CSSStyleSheet()
    sheet.replaceSync(styles)
    document.adoptedStyleSheets.push(sheet)
  }

  function remove() {
    users -= 1
    if (users > 0) return
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
  }

  return function Sheet({ styles }: { styles: string }) {
    useEffect(() => {
      add(styles)
      return remove
    }, [styles])
    return null
  }
}
