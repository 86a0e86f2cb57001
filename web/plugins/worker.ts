import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'

/** Loaded where an answer has such code or such formulas, and kept from then on. */
const AS_NEEDED = /shiki(js)?\/(dist\/)?langs\/|KaTeX_/

/** The service worker, at the address whose scope is the whole page. It is told what the
 * page is made of, which is known only when all else is written. */
export function worker(path: string): Plugin {
  return {
    name: 'worker',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: path, fileName: 'worker.js' })
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const parts: string[] = []
        const others: string[] = []
        const all = createHash('sha256')
        for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          if (name === 'worker.js') continue
          all.update(name)
          if (name === 'index.html' && file.type === 'asset') all.update(file.source)
          const from = file.type === 'chunk' ? file.moduleIds.join() : name
          if (name.startsWith('assets/')) (AS_NEEDED.test(from) ? others : parts).push(`/${name}`)
        }
        const written = JSON.stringify({ version: all.digest('hex').slice(0, 16), parts, others })
        const script = bundle['worker.js']
        if (script?.type !== 'chunk') throw new Error('There is no service worker in the build.')
        script.code = script.code.replace(/(["'`])%BUILT%\1/, () => written)
      },
    },
  }
}
