import { describe, expect, it } from 'vitest'
import { readable } from './accept'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('what a model can read', () => {
  it.each([
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0]), false, true],
    ['a PDF', bytes('%PDF-1.7\0'), false, true],
    ['text', bytes('naïve 🦑'), false, true],
    ['text that is cut in the middle of a sign', bytes('🦑').slice(0, 2), true, true],
    ['text that ends in the middle of a sign', bytes('🦑').slice(0, 2), false, false],
    ['Latin-1', new Uint8Array([0x6e, 0x61, 0xef, 0x76, 0x65]), false, false],
    ['a program', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0]), false, false],
    ['another WebP-like file', bytes('RIFF1234WAVE\0'), false, false],
  ])('%s', (_, head, more, expected) => {
    expect(readable(head, more)).toBe(expected)
  })
})
