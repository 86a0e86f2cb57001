/** In the place of `mdast-util-to-markdown` (see vite.config.ts), which the extensions for
 * tables and tasks name: nothing here is written back as Markdown. */
export const defaultHandlers = {}
