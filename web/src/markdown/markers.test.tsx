import { cleanup, render } from '@testing-library/react'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Source } from '../api/types'
import { TooltipProvider } from '../ui/Tooltip'
import { Markdown } from './Markdown'
import { SourceOpener } from './SourceOpener'

const drawn = vi.hoisted(() => [] as (string | undefined)[])
vi.mock('./Link', async (original) => {
  const real = await original<typeof import('./Link')>()
  const Link = (props: Parameters<typeof real.Link>[0]) => {
    drawn.push(props.href)
    return real.Link(props)
  }
  return { ...real, Link }
})

afterEach(cleanup)

beforeAll(() => {
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
})

const source = (number: number, position: number): Source => ({
  title: `Source ${number}`,
  url: `https://example.org/${number}`,
  position,
})

function show(text: string, sources: readonly Source[], streaming = false): HTMLElement {
  const { container } = render(
    <TooltipProvider>
      <SourceOpener sources={sources}>
        <Markdown text={text} streaming={streaming} sources={sources} />
      </SourceOpener>
    </TooltipProvider>,
  )
  return container
}

const MARKERS = 'span:has(> [aria-label^="Source "])'

/** What is shown, with `[1]` where a marker is. */
function written(text: string, streaming = false): string {
  const positions: number[] = []
  let clean = ''
  for (const piece of text.split('|')) {
    clean += piece
    positions.push([...clean].length)
  }
  const sources = positions.slice(0, -1).map((position, index) => source(index + 1, position))
  const shown = show(clean.replaceAll('¦', '|'), sources, streaming)
  for (const marker of shown.querySelectorAll(MARKERS))
    marker.replaceWith(`[${marker.textContent}]`)
  return (shown.textContent ?? '').replace(/\s+/g, ' ').trim()
}

describe('a marker', () => {
  it.each([
    ['The bay| is deep|.', 'The bay[1] is deep[2].'],
    ['It is **deep|** and **wide**| and `long|er`.', 'It is deep[1] and wide[2] and longer[3].'],
    ['One.  |\n\n# Two|\n\nThree.|', 'One.[1]Two[2]Three.[3]'],
    ['> one\n> two| three', 'one two[1] three'],
    ['a &copy; b| &amp; \\*c|\\* d', 'a © b[1] & *c[2]* d'],
    ['Both||.', 'Both[1][2].'],
    ['See [the li|nk](https://example.org) there', 'See the link[1] there'],
    ['See https://example.org/a|b there', 'See https://example.org/ab[1] there'],
    ['- one|\n- two\n  - three|', 'one[1] two three[2]'],
    ['Title|\n=|=|\n\nText', 'Title[1][2][3]Text'],
    ['¦ a | ¦ b ¦|\n¦--|-¦---¦\n¦ c ¦ d ¦|', 'a[1]b[2][3]cd[4]'],
    ['a<br>|b <b>c</b>|', 'a[1]b c[2]'],
    ['<a href="https://example.org">x|y</a> z', 'xy[1] z'],
    ['Some\n\n---|\n\nmore', 'Somemore'],
    [
      'Some ~~gone|~~[^1]| text.\n\n[^1]: A note|.',
      'Some gone[1]1[2] text. Footnotes A note[3]. ↩',
    ],
  ])('in %j stands where it belongs', (text, shown) => expect(written(text)).toBe(shown))

  it('is neither in code nor in a formula', async () => {
    const text = '```py\nx\n```\n\n    y\n\nz `q` $$w$$'
    const everywhere = [...text].map((_, index) => source(index + 1, index + 1))
    const shown = show(text, everywhere)
    await vi.waitFor(() => expect(shown.querySelector('.katex')).not.toBe(null))
    expect(shown.querySelectorAll(MARKERS)).not.toHaveLength(0)
    expect(shown.querySelectorAll(`:is(pre, code, .katex) ${MARKERS}`)).toHaveLength(0)
  })

  it('stands where the text ends so far, in what is not closed yet', () =>
    expect(written('It is **deep|', true)).toBe('It is deep[1]'))

  it('is not made by an answer', () => {
    const text =
      '<source-marker number="1">a</source-marker> \u{f0000}1 citation-1-1-1/1/\n\ncitation-1 1:1'
    expect(show(text, [source(1, 99)]).querySelector(MARKERS)).toBe(null)
  })
})

const PIECES = [
  'a',
  'word ',
  '🦑',
  ' ',
  '\n',
  '\n\n',
  '*',
  '**',
  '_',
  '`',
  '```\n',
  '~~',
  '> ',
  '- ',
  '1. ',
  '# ',
  '|',
  '|-|-|\n',
  '---\n',
  '===\n',
  '[',
  ']',
  '(https://example.org)',
  '<b>',
  '</b>',
  '<br>',
  '<a href="https://example.org">',
  '</a>',
  '<pre>',
  '</pre>',
  'https://example.org/',
  'a@example.org',
  '&amp;',
  '\\',
  '$',
  '$$',
  '[^1]',
  '[^1]: ',
  '    ',
  '\r\n',
  '<!--',
  '\u{f0001}',
]

describe('markers', () => {
  it('that come draw only their own block anew', () => {
    const words = 'A [link](https://example.org/one).\n\nMore [words](https://example.org/two).'
    const text = `${words}\n\nThe end.`
    const page = (sources: readonly Source[]) => (
      <TooltipProvider>
        <SourceOpener sources={sources}>
          <Markdown text={text} streaming sources={sources} />
        </SourceOpener>
      </TooltipProvider>
    )
    const { container, rerender } = render(page([]))
    drawn.length = 0
    rerender(page([source(1, words.length)]))
    expect(drawn).toEqual(['https://example.org/two'])
    rerender(page([source(1, words.length), source(2, text.length)]))
    expect(drawn).toEqual(['https://example.org/two'])
    expect(container.querySelectorAll(MARKERS)).toHaveLength(2)
  })

  it(
    'change nothing in how an answer is read',
    () =>
      fc.assert(
        fc.property(
          fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }),
          fc.array(fc.nat(80), { minLength: 1, maxLength: 5 }),
          fc.boolean(),
          (pieces, positions, streaming) => {
            const text = pieces.join('')
            const plain = show(text.replaceAll('\r\n', '\n'), [], streaming)
            const cited = show(
              text,
              positions.map((at, index) => source(index + 1, at)),
              streaming,
            )
            for (const marker of cited.querySelectorAll(MARKERS)) {
              expect(marker.parentElement?.closest('a, pre, code')).toBe(null)
              marker.remove()
            }
            const html = (shown: HTMLElement) => shown.innerHTML.replace(/_r_\w+_/g, '')
            expect(html(cited)).toBe(html(plain))
            cleanup()
          },
        ),
        { numRuns: 100 },
      ),
    60_000,
  )
})
