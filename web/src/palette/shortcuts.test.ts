// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import { keysOf, SHORTCUTS, shortcutOf, types } from './shortcuts'

const press = (key: string, more: KeyboardEventInit = {}) =>
  new KeyboardEvent('keydown', { key, ...more })

describe('shortcuts', () => {
  it('go by the command key on a Mac and by Ctrl elsewhere', () => {
    expect(shortcutOf(press('k', { metaKey: true }), true)).toBe('commands')
    expect(shortcutOf(press('k', { ctrlKey: true }), true)).toBeNull()
    expect(shortcutOf(press('k', { ctrlKey: true }), false)).toBe('commands')
    expect(shortcutOf(press('k', { ctrlKey: true, metaKey: true }), false)).toBeNull()
    expect(keysOf('newSession', true)).toEqual(['⌘', '⇧', 'O'])
    expect(keysOf('newSession', false)).toEqual(['Ctrl', 'Shift', 'O'])
  })

  it('want just their keys', () => {
    expect(shortcutOf(press('k'), false)).toBeNull()
    expect(shortcutOf(press('O', { ctrlKey: true, shiftKey: true }), false)).toBe('newSession')
    expect(shortcutOf(press('o', { ctrlKey: true }), false)).toBeNull()
    expect(shortcutOf(press('k', { ctrlKey: true, altKey: true }), false)).toBeNull()
  })

  it('are found on keyboards of other scripts', () => {
    expect(shortcutOf(press('л', { code: 'KeyK', ctrlKey: true }), false)).toBe('commands')
    expect(shortcutOf(press('?', { code: 'Minus', shiftKey: true }), false)).toBe('shortcuts')
  })

  it('are none in a composition', () => {
    expect(shortcutOf(press('k', { ctrlKey: true, isComposing: true }), false)).toBeNull()
  })

  it('know which of them would type', () => {
    expect(types('shortcuts')).toBe(true)
    expect(types('next', true)).toBe(true)
    expect(types('next', false)).toBe(false)
  })

  it('have each their own keys', () => {
    expect(new Set(Object.values(SHORTCUTS)).size).toBe(Object.keys(SHORTCUTS).length)
  })
})
