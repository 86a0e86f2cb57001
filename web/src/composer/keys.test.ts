import { describe, expect, it } from 'vitest'
import { composes, sends } from './keys'

const none = {
  ...{ key: 'Enter', keyCode: 13, isComposing: false },
  ...{ shiftKey: false, altKey: false, ctrlKey: false, metaKey: false },
}

describe('what Enter does', () => {
  it.each([
    ['sends', {}, 'send', false, true],
    ['breaks with Shift', { shiftKey: true }, 'send', false, false],
    ['breaks on a phone', {}, 'send', true, false],
    ['breaks where it was set so', {}, 'break', false, false],
    ['sends with Ctrl there', { ctrlKey: true }, 'break', false, true],
    ['sends with ⌘ there', { metaKey: true }, 'break', false, true],
    ['sends with Ctrl on a phone', { ctrlKey: true }, 'send', true, true],
    ['is the input method’s', { isComposing: true, keyCode: 229 }, 'send', false, false],
    ['is the input method’s in Safari', { keyCode: 229 }, 'send', false, false],
    ['is another key', { key: 'a' }, 'send', false, false],
  ] as const)('%s', (_, key, enter, finger, expected) => {
    expect(sends({ ...none, ...key }, enter, finger)).toBe(expected)
  })

  it('leaves Escape to the input method', () => {
    expect(composes({ ...none, key: 'Escape', keyCode: 229 })).toBe(true)
  })
})
