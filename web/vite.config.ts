import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds a running `squid serve`. */
const server = process.env.SQUID_URL ?? 'http://127.0.0.1:8765'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../squid/page',
    emptyOutDir: true,
    // Nothing is asked of a data: address, which the page's policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  server: {
    // The server answers only to its own name and to its own page.
    proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } },
  },
})
