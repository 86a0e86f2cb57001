// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')
const pairs = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name, light, dark]) => [name ?? '', { light: light ?? '', dark: dark ?? '' }] as const,
  ),
)

/** The relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

const GROUNDS = [...pairs.keys()].filter((name) => name.startsWith('ground'))
const TEXTS: [string, string[]][] = [
  ['ink', [...GROUNDS, 'danger-ground', 'warn-ground']],
  ['ink-soft', GROUNDS],
  ['accent', ['ground', 'ground-side', 'ground-raised', 'ground-sunken']],
  ['on-accent', ['accent', 'accent-hover']],
  ['danger', ['ground', 'ground-raised', 'ground-hover', 'danger-ground']],
  ['warn', ['ground', 'warn-ground']],
  ['good', ['ground', 'ground-raised']],
]

describe.each(['light', 'dark'] as const)('colours, %s', (side) => {
  const colour = (name: string) => pairs.get(name)?.[side] ?? ''

  it.each(TEXTS.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))(
    'let %s be read on %s',
    (text, ground) => {
      expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5)
    },
  )

  it.each(['ground', 'ground-side', 'ground-raised'])('show on %s what is pressed', (ground) => {
    expect(contrast(colour('line-strong'), colour(ground))).toBeGreaterThanOrEqual(3)
    expect(contrast(colour('accent'), colour(ground))).toBeGreaterThanOrEqual(3)
  })
})
