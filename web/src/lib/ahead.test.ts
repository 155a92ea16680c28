import { afterEach, describe, expect, it, vi } from 'vitest'
import { awaited, typeInto, typedAhead } from './ahead'

const press = (key: string, more: KeyboardEventInit = {}) => {
  const e = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  document.body.dispatchEvent(e)
  return e.defaultPrevented
}
function field(): HTMLInputElement {
  const input = document.createElement('input')
  document.body.append(input)
  return input
}
const never = () => new Promise<never>(() => {})

describe('typing before the form is there', () => {
  afterEach(() => {
    typedAhead()
    document.body.replaceChildren()
  })
  it('ends up in its field, also what was typed after the form had come and before it had the focus', async () => {
    const form = awaited(Promise.resolve('form'))
    press('С')
    expect(await form).toBe('form')
    press('о')
    press('ж')
    press('Backspace')
    const input = field()
    const heard = vi.fn()
    input.addEventListener('input', heard)
    typeInto(input)
    expect(input.value).toBe('Со')
    expect(heard).toHaveBeenCalledOnce()
    expect(document.activeElement).toBe(input)
    expect(press('г')).toBe(false) // the field has the keys now
  })
  it('is not heard by the page, whose shortcuts are letters; its own shortcuts with Ctrl are', () => {
    void awaited(never())
    const page = vi.fn()
    document.body.addEventListener('keydown', page)
    expect(press('c')).toBe(true)
    expect(page).not.toHaveBeenCalled()
    expect(press('k', { ctrlKey: true })).toBe(false)
    expect(page).toHaveBeenCalledOnce()
    document.body.removeEventListener('keydown', page)
  })
  it('with Enter at the end is entered', () => {
    void awaited(never())
    for (const key of ['д', 'а', 'Enter']) press(key)
    const input = field()
    const keys: string[] = []
    input.addEventListener('keydown', (e) => keys.push(e.key))
    typeInto(input)
    expect(input.value).toBe('да')
    expect(keys).toEqual(['Enter'])
  })
  it('is given up by Escape, by a click elsewhere, and when the form cannot be fetched', async () => {
    void awaited(never())
    press('Escape')
    expect(press('a')).toBe(false)
    void awaited(never())
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }))
    expect(press('a')).toBe(false)
    await expect(awaited(Promise.reject(new Error('offline')))).rejects.toThrow('offline')
    expect(press('a')).toBe(false)
  })
})
