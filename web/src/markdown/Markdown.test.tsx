import { cleanup, render, waitFor } from '@testing-library/react'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Markdown } from './Markdown'

beforeAll(async () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  )
  // Once it is there, every formula is set at once.
  const { container } = render(<Markdown text="$x^2$" streaming={false} />)
  await waitFor(() => expect(container.querySelector('.katex')).not.toBeNull(), { timeout: 30_000 })
}, 60_000)

afterEach(cleanup)

function shown(text: string, streaming = false): HTMLElement {
  return render(<Markdown text={text} streaming={streaming} />).container
}

const wordsOf = (text: string, streaming = false) =>
  (shown(text, streaming).textContent ?? '').replace(/\s+/g, ' ').trim()

describe('what looks like HTML', () => {
  it.each([
    'Set it to <your-api-key> and restart. Use Vec<String> or Map<String, List<Integer>>.',
    'Put a <title> into the page. After.',
    'A <select>, a <textarea> and an <option value="1"> take words. After.',
    'Use a <div> for this, a <b> tag, an <img> or an <hr> or an <input>. After.',
    'An <a> is a link, and </div> closes.',
    'A row is <tr>, a cell <td>x</td>.',
    'Look at <!-- this --> and <!-- that',
    'a < b and c > d; a<b and c>d; x <y',
    'Promise<void>, std::vector<int>, fn<T>(x: T), Vec<i>, Vec<A>, Map<A, B>',
    'Press <Button onClick={() => go(1)}>here</Button> or <Img src="x" />.',
    '<?php echo 1 ?> and <![CDATA[x]]> and <!DOCTYPE html>',
    'In <style> a { color: red } </style> and <script>run()</script>. After.',
    '<path/to/file> and <name>@<host>',
  ])('shows it as it was written: %s', (text) => {
    expect(wordsOf(text)).toBe(text)
    expect(wordsOf(`> ${text}`)).toBe(text)
    expect(wordsOf(`- ${text}`)).toBe(text)
    expect(wordsOf(text, true)).toContain(text.slice(0, 30))
  })

  it.each([
    '<script src=x>',
    '<title>',
    '<textarea>',
    '<style>',
    '<select>',
    '<!-- open',
    '<!-- a comment -->',
    '<your-api-key>',
    '<thinking>',
    '<?php',
    '<div>',
    '<svg onload="x = 1">',
    '<iframe src="https://a.example/">',
  ])('swallows nothing behind %s on a line of its own', (tag) => {
    const container = shown(`Use\n\n${tag}\n\nThen **this**.\n\n- one\n- two`)
    expect(container.textContent).toContain(tag)
    expect(container.querySelector('strong')?.textContent).toBe('this')
    expect(container.querySelectorAll('li')).toHaveLength(2)
  })

  it('shows a page that nobody put in a fence', () => {
    const page = [
      '<!DOCTYPE html>',
      '<html>',
      '<head>',
      '<title>My page</title>',
      '<style>',
      'body { color: red }',
      '</style>',
      '</head>',
      '<body>',
      '<button onclick="go()">Press</button>',
      '</body>',
      '</html>',
    ]
    const container = shown(page.join('\n'))
    expect(wordsOf(page.join('\n'))).toBe(page.join(' '))
    expect(container.querySelectorAll('br').length).toBeGreaterThan(6)
  })

  it('sets what can be set', () => {
    const html = (text: string) => shown(text).innerHTML
    expect(html('H<sub>2</sub>O, <kbd>Ctrl</kbd>, a<br>b, <mark>x</mark>')).toMatch(
      /H<sub>2<\/sub>O, <kbd>Ctrl<\/kbd>, a<br>b, <mark>x<\/mark>/,
    )
    expect(html('<b>bold **both** </b> <b onclick="x = 1">bold</b>')).toMatch(
      /<b>bold <strong[^>]*>both<\/strong> <\/b> <b>bold<\/b>/,
    )
    const table = shown('<table>\n<tr><td>a<td>b\n<tr><td>\n\n**c**\n\n</td></tr>\n</table>\n\nx')
    expect(table.querySelectorAll('td')).toHaveLength(3)
    expect(table.querySelector('td strong')?.textContent).toBe('c')
    expect(table.textContent).not.toContain('<')
    const cell = shown('| a |\n|---|\n| <ul><li>x</li><li>y</li></ul> |')
    expect(cell.querySelectorAll('td li')).toHaveLength(2)
    const fold = '<details>\n<summary>More</summary>\n\nSome **words**\n\n- <T>\n'
    for (const one of [shown(`${fold}\n</details>\n\nAfter`), shown(fold, true)]) {
      expect(one.querySelector('details > summary')?.textContent).toBe('More')
      expect(one.querySelector('details strong')?.textContent).toBe('words')
      expect(one.querySelector('details li')?.textContent).toBe('<T>')
    }
    const block = shown('<div align="center">\n  1 < 2 <T> &amp; <em>so</em>\n</div>')
    expect(block.querySelector('div[align=center]')?.textContent?.trim()).toBe('1 < 2 <T> & so')
  })

  it('never takes back what it has shown of a tag', () => {
    const text = 'Set it to <your-api-key> and <T'
    for (let end = 1; end <= text.length; end += 1)
      expect(wordsOf(text.slice(0, end), true)).toBe(text.slice(0, end).trim())
  })
})

describe('formulas', () => {
  const count = (text: string, streaming = false) => {
    const container = shown(text, streaming)
    const displays = container.querySelectorAll('.katex-display').length
    return [container.querySelectorAll('.katex').length - displays, displays]
  }

  it.each([
    ['Inline $a^2$ and \\(b^2\\), $x$-axis, ($n$), $5$ and **$y_1$**.', 6, 0],
    ['$f(x) = 1$, $[0, 1)$, $-1$, $O(n \\log n)$, $\\{a\\}$, $a\\$b$', 6, 0],
    ['In mid-line $$x^2$$ or \\[y^2\\].', 2, 0],
    ['$a*b$ and $c*d$, $a_1$ and $b_1$', 4, 0],
    ['\\(a\n= b\\) over lines, $$c\n= d$$ too', 2, 0],
    ['$$d^2$$', 0, 1],
    ['\\[ c^2 \\],', 0, 1],
    ['Text\n\\[\nc^2\n\\]\nmore', 0, 1],
    ['Text\n$$c^2$$\nmore', 0, 1],
    ['$$\na\n=\nb\n- c\n+ d\n\n> 1\n$$', 0, 1],
    ['\\[\na\n=\nb\n- c\n\n> 1\n\\].\n\n**so**', 0, 1],
    ['\\[ a\n+ b \\]', 0, 1],
    ['\\[\n\\begin{aligned} a &= b \\\\[2pt]\nc &= d \\end{aligned}\n\\]', 0, 1],
    ['1. One:\n\n    \\[\n    c\n    + d\n    \\]\n\n    $$\n    e\n    $$\n2. so $x$', 1, 2],
    ['- a $x$\n  $$\n  y\n  $$\n- so \\(z\\)', 2, 1],
    ['> \\[\n> c\n> + d\n> \\]', 0, 1],
    ['```math\nx^2\n```', 0, 1],
    ['| $a$ |\n|---|\n| \\(b\\) |', 2, 0],
  ])('are set: %j', (text, inline, displays) => {
    expect(count(text)).toEqual([inline, displays])
    expect(shown(text).querySelector('.katex-error')).toBeNull()
  })

  it.each([
    'It costs $5 and $6, or $7-$8; US$9 and $10. ',
    'Between "$" and "$", (\'$\') and (\'$\')',
    'Use ($?) and ($!), or $@ and $#, "$1" and "$2"',
    'Price: $$ - $$$, $5 per month or 6$, ($5) or ($)',
    '$HOME and $PATH, $A and B$ and the rest',
    'Open $x^2 and \\[ never closed',
  ])('are not what only looks like one: %s', (text) => {
    expect(count(text)).toEqual([0, 0])
  })

  it('are set while they come, and take nothing along where they never end', () => {
    expect(count('So\n\n$$\nx^2', true)).toEqual([0, 1])
    expect(count('So\n\n\\[\nx^2\n=\n\ny', true)).toEqual([0, 1])
    for (const open of ['$$', '\\[']) {
      const container = shown(`So\n\n${open}\n\nx **y**\n\n- z`)
      expect(container.querySelector('strong')?.textContent).toBe('y')
      expect(container.querySelectorAll('li')).toHaveLength(1)
    }
  })

  it.each([
    'x\\raisebox{-3000em}{y}',
    'x\\hspace{-60em}y',
    '\\rule[-3000em]{1em}{1em}',
    '\\begin{matrix}a\\\\[-300em]b\\end{matrix}',
  ])('are no larger than the page: %s', (formula) => {
    const container = shown(`A $${formula}$.`)
    expect(container.querySelector('.katex')).toBeNull()
    expect(container.textContent).toBe(`A ${formula}.`)
  })

  it('may be as large as what is in them', () => {
    const rows = Array.from({ length: 60 }, (_, row) => `a_${row} \\!`).join('\\\\')
    expect(count(`$$\n\\begin{matrix}${rows}\\end{matrix}\n$$`)).toEqual([0, 1])
  })

  it('are read in no more time than they have signs', () => {
    for (const open of ['\\(', '\\[', '$$', '$a ', '\\[\n', '$$\n', '<a b="', '<b>\n\n'])
      expect(shown(open.repeat(2_000)).textContent?.length).toBeGreaterThan(1_000)
  })
})

/** Each took ten seconds and more, in every frame. */
it.each(['$$ – ', '$$ ', '$$\n\n', '\\[ '])('goes in circles of dollars soon: %j', (piece) => {
  const begun = process.cpuUsage()
  expect(wordsOf(piece.repeat(1_000), true)).not.toBe('')
  expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(5_000)
})

describe('links', () => {
  it('are not within each other', () => {
    const container = shown(
      '[![build](https://a.example/b.png)](https://ci.example/) ![x](https://a.example/)',
    )
    expect([...container.querySelectorAll('a')].map((one) => one.getAttribute('href'))).toEqual([
      'https://ci.example/',
      'https://a.example/',
    ])
    expect(container.querySelector('a a')).toBeNull()
    expect(container.querySelector('a')?.textContent).toBe('build')
  })
})

describe('code', () => {
  const line = fc
    .array(
      fc.constantFrom(
        ...['$', '$$', '\\(', '\\)', '\\[', '\\]', '<b>', '</b>', '<T>', '&lt;', '*', '_', '\\'],
        ...['x^2', ' ', 'a', '1', '[', ']', '(', '|', '#', '>', '- ', '~', '<!--', '{', '}'],
      ),
      { maxLength: 12 },
    )
    .map((signs) => signs.join('').trimEnd())
  const code = fc
    .array(line, { minLength: 1, maxLength: 5 })
    .map((lines) => lines.join('\n'))
    .filter((text) => text.trim() !== '' && !text.startsWith('\n') && !text.endsWith('\n'))

  const each = (text: string, prefix: string) =>
    text
      .split('\n')
      .map((one) => prefix + one)
      .join('\n')
  const fence = (text: string, sign = '```') => `${sign}\n${text}\n${sign}`
  const PLACES: Record<string, (text: string) => string> = {
    fence: (text) => fence(text),
    tildes: (text) => fence(text, '~~~~~~'),
    'fence in a numbered list': (text) => `1. Run:\n\n${each(fence(text), '    ')}\n2. Then`,
    'fence in a list': (text) => `- Run:\n${each(fence(text), '  ')}\n\n  more $x$`,
    'fence in a deeper list': (text) => `10.  a\n\n${each(fence(text), '     ')}`,
    'fence in a quotation': (text) => each(`See \\(x\\):\n\n${fence(text)}\n\nend`, '> '),
    'fence between formulas': (text) => `$a$ \\[\n\n${fence(text)}\n\n\\] and $b$`,
    'indented code': (text) => `Text $x$\n\n${each(text, '    ')}\n\nend $`,
  }

  it.each(Object.entries(PLACES))(
    'stays as it was written: %s',
    (_, put) => {
      fc.assert(
        fc.property(code, (text) => {
          if (put === PLACES['indented code'] && /^ /m.test(text.split('\n')[0] ?? '')) return
          const container = shown(put(text))
          const found = container.querySelector('pre code')?.textContent
          cleanup()
          expect(found?.replace(/\n$/, '')).toBe(text)
        }),
        { numRuns: 60 },
      )
    },
    60_000,
  )

  const OPEN: Record<string, (text: string) => string> = {
    fence: (text) => `\`\`\`\n${text}`,
    'fence in a numbered list': (text) => `1. Run:\n\n${each(`\`\`\`\n${text}`, '    ')}`,
    'fence in a quotation': (text) => each(`\`\`\`\n${text}`, '> '),
    'indented code': (text) => `Text\n\n${each(text, '    ')}`,
  }

  it.each(Object.entries(OPEN))(
    'stays so while it comes: %s',
    (name, put) => {
      fc.assert(
        fc.property(code, (text) => {
          if (name === 'indented code' && /^ /m.test(text.split('\n')[0] ?? '')) return
          const container = shown(put(text), true)
          const found = container.querySelector('pre code')?.textContent
          cleanup()
          expect(found?.replace(/\n$/, '')).toBe(text)
        }),
        { numRuns: 100 },
      )
    },
    60_000,
  )

  it('stays as it was written: in a line', () => {
    const text = line.map((one) => one.trim()).filter((one) => one !== '')
    fc.assert(
      fc.property(text, (one) => {
        const container = shown(`The $ and \`\`${one}\`\` or $x$ and $`)
        const found = container.querySelector('code')?.textContent
        cleanup()
        expect(found).toBe(one)
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})
