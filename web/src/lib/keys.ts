// Shortcuts are physical keys (KeyboardEvent.code), so they work while the Russian layout is on.
// A shortcut is written "Mod+KeyK", "Alt+ArrowRight", "Shift+Slash" or as a sequence "KeyG KeyB". Mod is Ctrl, on a Mac Cmd.
export interface Stroke {
  code: string
  mod: boolean
  alt: boolean
  shift: boolean
}
export type KeyLike = Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

export function parseKeys(keys: string): Stroke[] {
  return keys.split(' ').map((stroke) => {
    const parts = stroke.split('+')
    const code = parts.pop() ?? ''
    return { code, mod: parts.includes('Mod'), alt: parts.includes('Alt'), shift: parts.includes('Shift') }
  })
}
export function matches(stroke: Stroke, e: KeyLike): boolean {
  const code = e.code === 'NumpadEnter' ? 'Enter' : e.code
  return (
    stroke.code === code &&
    stroke.mod === (e.ctrlKey || e.metaKey) &&
    stroke.alt === e.altKey &&
    stroke.shift === e.shiftKey
  )
}
const names: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: 'Enter',
  Escape: 'Esc',
  Space: 'Space',
  Slash: '/',
  BracketRight: ']',
  Delete: 'Del',
  Mod: 'Ctrl',
}
/** The caps to print: "Mod+KeyK" gives [["Ctrl","K"]]. */
export function keyCaps(keys: string): string[][] {
  if (keys === 'Shift+Slash') return [['?']]
  return keys
    .split(' ')
    .map((stroke) => stroke.split('+').map((p) => names[p] ?? p.replace(/^(Key|Digit)/, '')))
}
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

export interface Binding {
  keys: string
  run: () => void
}
/** Follows key presses and finds the binding they complete. Sequences time out after 1.2 s. */
export class KeyTracker {
  #typed: KeyLike[] = []
  #last = 0

  press(e: KeyLike, bindings: readonly Binding[], now: number): Binding | null {
    if (/^(Control|Shift|Alt|Meta)/.test(e.code)) return null
    if (now - this.#last > 1200) this.#typed = []
    this.#last = now
    this.#typed.push(e)
    for (let from = 0; from < this.#typed.length; from++) {
      const tail = this.#typed.slice(from)
      const hit = bindings.find((b) => {
        const strokes = parseKeys(b.keys)
        return strokes.length === tail.length && strokes.every((s, i) => matches(s, tail[i]!))
      })
      if (hit) {
        this.#typed = []
        return hit
      }
    }
    this.#typed = this.#typed.slice(-1)
    return null
  }
}
