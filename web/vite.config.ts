import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { early } from './plugins/early'
import { packed } from './plugins/packed'
import { woff2Only } from './plugins/woff2'
import { worker } from './plugins/worker'

/** Where `npm run dev` finds a running `squid serve`. */
const server = process.env.SQUID_URL ?? 'http://127.0.0.1:8765'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [
    react(),
    early('src/settings/early.ts'),
    woff2Only,
    worker('src/worker/worker.ts'),
    packed(),
  ],
  resolve: {
    alias: {
      'react-style-singleton': here('src/ui/sheet.ts'),
      // What streamdown brings with it and a browser has, or nothing here needs: 70 KB less.
      'mdast-util-to-markdown': here('src/markdown/handlers.ts'),
      'rehype-raw': here('src/markdown/html.ts'),
      'tailwind-merge': here('src/markdown/classes.ts'),
    },
  },
  build: {
    outDir: '../squid/page',
    emptyOutDir: true,
    // What the licences of the packages ask of who hands on copies.
    license: { fileName: 'licenses.md' },
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
