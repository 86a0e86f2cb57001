/** Colours code: loaded when the first code comes. The engine is JavaScript's own, as the
 * page's policy allows no WebAssembly. */
import { createCssVariablesTheme, createHighlighterCore, type GrammarState } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import { loadLanguage } from './languages'

// Its colours are our tokens, so that a change of theme is only one of style.
const theme = createCssVariablesTheme({ name: 'squid', variablePrefix: '--code-' })

const highlighter = createHighlighterCore({
  themes: [theme],
  langs: [],
  // A rule that this engine does not know is left out.
  engine: createJavaScriptRegexEngine({ forgiving: true }),
})

const languages = new Map<string, Promise<void>>()

export async function ready(language: string): Promise<void> {
  const { loadLanguage: add } = await highlighter
  const known = languages.get(language) ?? loadLanguage(language).then((found) => add(...found))
  languages.set(language, known)
  // What could not be loaded may be another time.
  return known.catch((error: unknown) => {
    languages.delete(language)
    throw error
  })
}

/** Longer lines than a person would read stay without colours. */
const LONGEST_LINE = 2_000

/** The words of lines with their colours, and the state to go on with behind them. */
export async function tokenize(code: string, language: string, after: GrammarState | undefined) {
  const result = (await highlighter).codeToTokens(code, {
    lang: language,
    theme: 'squid',
    tokenizeMaxLineLength: LONGEST_LINE,
    // Half a line coloured would be worse than a late one.
    tokenizeTimeLimit: 0,
    ...(after ? { grammarState: after } : {}),
  })
  return { lines: result.tokens, state: result.grammarState }
}

export type { GrammarState } from 'shiki/core'
