/** The languages whose code is coloured: each is loaded when code in it comes. */
import type { LanguageRegistration } from 'shiki/core'

type Load = () => Promise<{ default: LanguageRegistration[] }>

interface Language {
  name: string
  /** What it is called behind a fence, apart from its own id. */
  aliases: readonly string[]
  load: Load
}

const language = (name: string, aliases: string, load: Load): Language => ({
  name,
  aliases: aliases.split(' ').filter(Boolean),
  load,
})

const LANGUAGES: Record<string, Language> = {
  bash: language('Shell', 'sh shell shellscript zsh', () => import('shiki/langs/bash.mjs')),
  c: language('C', 'h', () => import('shiki/langs/c.mjs')),
  clojure: language('Clojure', 'clj', () => import('shiki/langs/clojure.mjs')),
  cpp: language('C++', 'c++ cc cxx hpp', () => import('shiki/langs/cpp.mjs')),
  csharp: language('C#', 'c# cs', () => import('shiki/langs/csharp.mjs')),
  css: language('CSS', '', () => import('shiki/langs/css.mjs')),
  csv: language('CSV', '', () => import('shiki/langs/csv.mjs')),
  dart: language('Dart', '', () => import('shiki/langs/dart.mjs')),
  diff: language('Diff', 'patch', () => import('shiki/langs/diff.mjs')),
  docker: language('Dockerfile', 'dockerfile', () => import('shiki/langs/docker.mjs')),
  elixir: language('Elixir', 'ex exs', () => import('shiki/langs/elixir.mjs')),
  erlang: language('Erlang', 'erl', () => import('shiki/langs/erlang.mjs')),
  go: language('Go', 'golang', () => import('shiki/langs/go.mjs')),
  graphql: language('GraphQL', 'gql', () => import('shiki/langs/graphql.mjs')),
  haskell: language('Haskell', 'hs', () => import('shiki/langs/haskell.mjs')),
  hcl: language('HCL', 'terraform tf', () => import('shiki/langs/hcl.mjs')),
  html: language('HTML', 'htm', () => import('shiki/langs/html.mjs')),
  ini: language('INI', 'properties conf', () => import('shiki/langs/ini.mjs')),
  java: language('Java', '', () => import('shiki/langs/java.mjs')),
  javascript: language('JavaScript', 'js mjs cjs node', () => import('shiki/langs/javascript.mjs')),
  json: language('JSON', 'jsonl json5', () => import('shiki/langs/json.mjs')),
  jsonc: language('JSON', '', () => import('shiki/langs/jsonc.mjs')),
  jsx: language('JSX', '', () => import('shiki/langs/jsx.mjs')),
  julia: language('Julia', 'jl', () => import('shiki/langs/julia.mjs')),
  kotlin: language('Kotlin', 'kt kts', () => import('shiki/langs/kotlin.mjs')),
  latex: language('LaTeX', 'tex', () => import('shiki/langs/latex.mjs')),
  lua: language('Lua', '', () => import('shiki/langs/lua.mjs')),
  make: language('Makefile', 'makefile mk', () => import('shiki/langs/make.mjs')),
  markdown: language('Markdown', 'md', () => import('shiki/langs/markdown.mjs')),
  matlab: language('MATLAB', 'octave', () => import('shiki/langs/matlab.mjs')),
  nginx: language('nginx', '', () => import('shiki/langs/nginx.mjs')),
  nix: language('Nix', '', () => import('shiki/langs/nix.mjs')),
  'objective-c': language(
    'Objective-C',
    'objc objectivec',
    () => import('shiki/langs/objective-c.mjs'),
  ),
  ocaml: language('OCaml', 'ml', () => import('shiki/langs/ocaml.mjs')),
  perl: language('Perl', 'pl', () => import('shiki/langs/perl.mjs')),
  php: language('PHP', '', () => import('shiki/langs/php.mjs')),
  powershell: language('PowerShell', 'ps1 pwsh ps', () => import('shiki/langs/powershell.mjs')),
  proto: language('Protocol Buffers', 'protobuf', () => import('shiki/langs/proto.mjs')),
  python: language('Python', 'py python3', () => import('shiki/langs/python.mjs')),
  r: language('R', '', () => import('shiki/langs/r.mjs')),
  ruby: language('Ruby', 'rb', () => import('shiki/langs/ruby.mjs')),
  rust: language('Rust', 'rs', () => import('shiki/langs/rust.mjs')),
  scala: language('Scala', '', () => import('shiki/langs/scala.mjs')),
  scss: language('SCSS', 'sass', () => import('shiki/langs/scss.mjs')),
  shellsession: language(
    'Console',
    'console terminal',
    () => import('shiki/langs/shellsession.mjs'),
  ),
  sql: language('SQL', 'sqlite postgresql postgres mysql', () => import('shiki/langs/sql.mjs')),
  svelte: language('Svelte', '', () => import('shiki/langs/svelte.mjs')),
  swift: language('Swift', '', () => import('shiki/langs/swift.mjs')),
  toml: language('TOML', '', () => import('shiki/langs/toml.mjs')),
  tsx: language('TSX', '', () => import('shiki/langs/tsx.mjs')),
  typescript: language('TypeScript', 'ts mts cts', () => import('shiki/langs/typescript.mjs')),
  vue: language('Vue', '', () => import('shiki/langs/vue.mjs')),
  xml: language('XML', 'svg rss', () => import('shiki/langs/xml.mjs')),
  yaml: language('YAML', 'yml', () => import('shiki/langs/yaml.mjs')),
  zig: language('Zig', '', () => import('shiki/langs/zig.mjs')),
}

const IDS = new Map(
  Object.entries(LANGUAGES).flatMap(([id, { aliases }]) =>
    [id, ...aliases].map((one) => [one, id]),
  ),
)

const PREFIX = 'language-'
const LONGEST_NAME = 40

/** What an element's classes say: the language's name, and its id where we can colour it. */
export function languageOf(classes: unknown): { name: string; id: string | null } {
  const one = Array.isArray(classes) && classes.find((name) => String(name).startsWith(PREFIX))
  const said = one ? String(one).slice(PREFIX.length) : ''
  const id = IDS.get(said.toLowerCase()) ?? null
  return { id, name: (id && LANGUAGES[id]?.name) ?? said.slice(0, LONGEST_NAME) }
}

export async function loadLanguage(id: string): Promise<LanguageRegistration[]> {
  return (await LANGUAGES[id]?.load())?.default ?? []
}
