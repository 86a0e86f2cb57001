import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Source } from '../api/types'
import { attach, type Citation, citationsOf, detach, distinct, share } from './citations'

const source = (title: string, position?: number): Source =>
  position === undefined ? { title } : { title, position }

const found = (text: string, ...positions: number[]) =>
  citationsOf(
    text,
    positions.map((position, index) => source(`${index}`, position)),
  ).map(({ at, number }) => `${text.slice(0, at)}|${number}`)

describe('sources', () => {
  it('have one number for each place, and all the positions of that', () => {
    const all = [source('a', 3), source('b', 5), source('a', 7), source('c')]
    expect(distinct(all).map(({ source, positions }) => [source.title, positions])).toEqual([
      ['a', [3, 7]],
      ['b', [5]],
      ['c', []],
    ])
  })
})

describe('citations', () => {
  it('are counted in code points', () => expect(found('🦑 squid, ink', 7)).toEqual(['🦑 squid|1']))
  it('stand right behind the words', () => expect(found('Ink. \n\nNo', 7)).toEqual(['Ink.|1']))
  it('are in the order of the text', () => expect(found('a b', 3, 1)).toEqual(['a|2', 'a b|1']))
  it('stand there where lines end in another way', () =>
    expect(citationsOf('a\r\n\r\nb c', [source('b', 6)])).toEqual([{ at: 4, number: 1 }]))
  it('cite some words', () => expect(found('  a', 0, 2)).toEqual([]))
  it('are not beyond the text', () => expect(found('abc', 3, 4)).toEqual(['abc|1']))
  it('are only where that is known', () =>
    expect(citationsOf('abc', [source('a'), source('b')])).toEqual([]))
})

const citations = (text: string): fc.Arbitrary<Citation[]> =>
  fc
    .array(fc.record({ at: fc.nat(text.length), number: fc.integer({ min: 1, max: 12 }) }))
    .map((all) => all.sort((one, other) => one.at - other.at))

const cited = fc.string().chain((text) => fc.tuple(fc.constant(text), citations(text)))

describe('a text with its citations', () => {
  it('gives both back', () =>
    fc.assert(
      fc.property(cited, ([text, all]) => {
        expect(detach(attach(text, all))).toEqual({ text, citations: all })
      }),
    ))

  it('without any is as it was', () => expect(attach('a', [])).toBe('a'))

  it('is shared out among its blocks', () => {
    const blocks = fc.array(fc.string({ minLength: 1 }), { minLength: 1 })
    const parts = blocks.chain((all) => fc.tuple(fc.constant(all), citations(all.join(''))))
    fc.assert(
      fc.property(parts, ([blocks, all]) => {
        const shared = share(blocks, all).map(detach)
        expect(shared.map(({ text }) => text)).toEqual(blocks)
        let start = 0
        const back = shared.flatMap(({ text, citations }) => {
          expect(citations.every(({ at }) => at >= 0 && at <= text.length)).toBe(true)
          const from = start
          start += text.length
          return citations.map(({ at, number }) => ({ at: at + from, number }))
        })
        expect(back).toEqual(all)
      }),
    )
  })
})
