import type { Plugin } from 'vite'

/** What runs before anything is painted: a classic script of its own, as the page's policy
 * allows none in the document, and a module would come too late. */
export function early(path: string): Plugin {
  return {
    name: 'early',
    buildStart() {
      if (!this.meta.watchMode) this.emitFile({ type: 'chunk', id: path, name: 'early' })
    },
    transformIndexHtml(_html, { bundle }) {
      const chunk = Object.values(bundle ?? {}).find(
        (file) => file.type === 'chunk' && file.name === 'early',
      )
      const src = chunk ? `/${chunk.fileName}` : `/${path}`
      return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
    },
  }
}
