/** Theme and text size, put onto the document. The style sheets know the rest. */
import { useEffect } from 'react'
import { useMedia } from '../ui/media'
import { useSettings } from './settings'

export function useAppearance(): void {
  const { theme, textSize } = useSettings()
  const dark = useMedia('(prefers-color-scheme: dark)')
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` is what the colour is of
  useEffect(() => {
    const { dataset } = document.documentElement
    dataset.theme = theme
    dataset.textSize = textSize
    // What the browser draws around the page takes the page's own ground.
    const { backgroundColor } = getComputedStyle(document.body)
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]'))
      meta.content = backgroundColor
  }, [theme, textSize, dark])
}
