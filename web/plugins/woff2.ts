import type { Plugin } from 'vite'

/** Every browser that runs the page knows WOFF2: KaTeX's other fonts stay out of the build. */
export const woff2Only: Plugin = {
  name: 'woff2-only',
  enforce: 'pre',
  transform: {
    filter: { id: /katex\.min\.css/ },
    handler: (code) => code.replace(/,url\([^)]+\) format\("(?:woff|truetype)"\)/g, ''),
  },
}
