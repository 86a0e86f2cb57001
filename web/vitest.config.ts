import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['vitest.setup.ts'],
    testTimeout: 60_000,
    // As in vite.config.ts: a test of Markdown is one of the HTML in it as well.
    alias: { 'rehype-raw': fileURLToPath(new URL('src/markdown/html.ts', import.meta.url)) },
    server: { deps: { inline: ['streamdown'] } },
  },
})
