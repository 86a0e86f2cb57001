import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Where `npm run dev` finds a running `squid serve`. */
const server = process.env.SQUID_URL ?? 'http://127.0.0.1:8765'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Smaller than this, a part of the page goes out in one packet as it is. */
const MIN_BYTES = 1024

/** Of 11, which takes twenty times as long for 6 % less. */
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

const codings = [
  { ending: '.gz', pack: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }) },
  { ending: '.br', pack: (bytes: Buffer) => promisify(brotliCompress)(bytes, QUICK) },
]

/** Writes each part of the page compressed beside it, so that the server need not. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    // From what was written: other plugins mend the bundle until then.
    async writeBundle({ dir = '' }, bundle) {
      const texts = Object.keys(bundle).filter((name) => /^assets\/.*\.(js|css|svg)$/.test(name))
      for (const name of texts) {
        const file = join(dir, name)
        const bytes = await readFile(file)
        if (bytes.length < MIN_BYTES) continue
        await Promise.all(
          codings.map(async ({ ending, pack }) => writeFile(file + ending, await pack(bytes))),
        )
      }
    },
  }
}

/** What runs before anything is painted: a classic script of its own, as the page's policy
 * allows none in the document, and a module would come too late. */
function early(): Plugin {
  const path = 'src/settings/early.ts'
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

/** Every browser that runs the page knows WOFF2: KaTeX's other fonts stay out of the build. */
const woff2Only: Plugin = {
  name: 'woff2-only',
  enforce: 'pre',
  transform: {
    filter: { id: /katex\.min\.css/ },
    handler: (code) => code.replace(/,url\([^)]+\) format\("(?:woff|truetype)"\)/g, ''),
  },
}

export default defineConfig({
  plugins: [react(), early(), woff2Only, packed()],
  resolve: {
    alias: {
      'react-style-singleton': here('src/ui/sheet.ts'),
      // What streamdown brings with it and a browser has, or nothing here needs: 60 KB less.
      'rehype-raw': here('src/markdown/html.ts'),
      'tailwind-merge': here('src/markdown/classes.ts'),
    },
  },
  build: {
    outDir: '../squid/page',
    emptyOutDir: true,
    // Nothing is asked of a data: address, which the page's policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: 'es2023',
  },
  server: {
    // The server answers only to its own name and to its own page.
    proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } },
  },
})
