import { describe, expect, it } from 'vitest'
import { keyCaps, KeyTracker, matches, parseKeys, type KeyLike } from './keys'

function key(code: string, mods: Partial<KeyLike> = {}): KeyLike {
  return { code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...mods }
}
const bind = (keys: string) => ({ keys, run: () => {} })

describe('shortcuts', () => {
  it('work by the place of the key, so the Russian layout does not matter', () => {
    // On the Russian layout this press types "с"; the code stays KeyC.
    expect(matches(parseKeys('KeyC')[0]!, key('KeyC'))).toBe(true)
    expect(matches(parseKeys('KeyC')[0]!, key('KeyC', { ctrlKey: true }))).toBe(false)
  })
  it('take Ctrl and Cmd alike', () => {
    const [stroke] = parseKeys('Mod+KeyK')
    expect(matches(stroke!, key('KeyK', { ctrlKey: true }))).toBe(true)
    expect(matches(stroke!, key('KeyK', { metaKey: true }))).toBe(true)
    expect(matches(stroke!, key('KeyK'))).toBe(false)
  })
  it('follow sequences, and forget them after a pause', () => {
    const tracker = new KeyTracker()
    const bindings = [bind('KeyG KeyB')]
    expect(tracker.press(key('KeyG'), bindings, 0)).toBe(null)
    expect(tracker.press(key('KeyB'), bindings, 500)).toBe(bindings[0])
    expect(tracker.press(key('KeyG'), bindings, 1000)).toBe(null)
    expect(tracker.press(key('KeyB'), bindings, 5000)).toBe(null)
  })
  it('do not lose a single key after an unfinished sequence', () => {
    const tracker = new KeyTracker()
    const bindings = [bind('KeyG KeyB'), bind('KeyX')]
    tracker.press(key('KeyG'), bindings, 0)
    expect(tracker.press(key('KeyX'), bindings, 100)).toBe(bindings[1])
  })
  it('do not count a pressed Shift as a key', () => {
    const tracker = new KeyTracker()
    const bindings = [bind('Shift+KeyX')]
    tracker.press(key('ShiftLeft', { shiftKey: true }), bindings, 0)
    expect(tracker.press(key('KeyX', { shiftKey: true }), bindings, 50)).toBe(bindings[0])
  })
  it('are printed as caps', () => {
    expect(keyCaps('Mod+KeyK')).toEqual([['Ctrl', 'K']])
    expect(keyCaps('KeyG KeyB')).toEqual([['G'], ['B']])
    expect(keyCaps('Shift+Slash')).toEqual([['?']])
  })
})
