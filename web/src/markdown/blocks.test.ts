import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blocks, growing } from './blocks'

const line = fc.constantFrom(
  ...['', '', '', 'Some words', '- an item', '  more of it', '1. one', '> said', '    code', '---'],
  ...['===', '# Head', '```', '~~~', '$$', '\\[', '\\]', 'x = 1 $$', '<details>', '</details>'],
  ...['<div>', '</div>', '<key>', '<!-- x', '<script>', '| a | b |', '|---|---|', '\\[ x', '<b'],
)
const text = fc.array(line, { maxLength: 25 }).map((lines) => lines.join('\n'))

describe('the blocks of an answer', () => {
  it('are all of it', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(blocks(one).join('')).toBe(one)
      }),
    )
  })

  it('are the same however it came', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(12), { minLength: 1, maxLength: 9 }), (one, steps) => {
        // Read at once; a line before it is no beginning of what was read last.
        growing('-')
        const whole = growing(one)
        growing('-')
        for (let end = 0, step = 0; end < one.length; step += 1) {
          growing(one.slice(0, end))
          end += 1 + (steps[step % steps.length] ?? 0)
        }
        expect(growing(one)).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('keep apart what is no markup, and together what is', () => {
    expect(blocks('Set\n\n<your-key>\n\nand\n\n<!-- x\n\nend')).toHaveLength(5)
    expect(blocks('<div>\n\na\n\n</div>\n\nb')).toHaveLength(2)
    expect(blocks('a\n\n<div>\n\nb\n\nc')).toHaveLength(4)
    expect(blocks('a\n\n\\[\nx\n\n- y\n=\n\\]\n\nb')).toHaveLength(3)
    expect(blocks('a\n\n\\[\nx\n\ny')).toHaveLength(3)
    expect(growing('a\n\n\\[\nx\n\ny')).toEqual(['a\n\n', '\\[\nx\n\ny\n\\]'])
    expect(blocks('1. a\n\n    ```\n    echo $$ [^a]\n    ```\n\nb\n\nc')).toHaveLength(3)
  })
})

it('is cut soon, however many lines there are without a blank one', () => {
  const text = 'a line\n# a heading\n'.repeat(8_000)
  const begun = process.cpuUsage()
  blocks(text)
  // It took more than a second, and each frame of a stream again.
  expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(700)
})
