import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { i18n } from '../lib/i18n.svelte'
import Combobox from './Combobox.svelte'

beforeAll(async () => {
  await i18n.use('ru')
  // The test's DOM has no popovers; here they only matter for what lies on top.
  HTMLElement.prototype.showPopover ??= () => {}
  HTMLElement.prototype.hidePopover ??= () => {}
})
const choices = ['Анна Белова', 'Олег Титов', 'Пётр Ёлкин'].map((label, i) => ({ id: i + 1, label }))
function make() {
  const onpick = vi.fn()
  render(Combobox, { props: { label: 'Ответственный', choices, value: 2, empty: 'никто', onpick } })
  return { onpick, user: userEvent.setup(), input: screen.getByRole('combobox') as HTMLInputElement }
}
const options = () => screen.getAllByRole('option').map((o) => o.textContent?.trim())

describe('a field with suggestions', () => {
  it('shows who is chosen and offers everybody', async () => {
    const { user, input } = make()
    expect(input.value).toBe('Олег Титов')
    await user.click(input)
    expect(options()).toEqual(['никто', 'Анна Белова', 'Олег Титов', 'Пётр Ёлкин'])
    expect(input.getAttribute('aria-activedescendant')).toBe(screen.getAllByRole('option')[2]!.id)
  })
  it('narrows without regard to case and ё, Enter picks', async () => {
    const { user, input, onpick } = make()
    await user.clear(input)
    await user.type(input, 'елк')
    expect(options()).toEqual(['Пётр Ёлкин'])
    await user.keyboard('{Enter}')
    expect(onpick).toHaveBeenCalledExactlyOnceWith(3)
  })
  it('moves with arrows, and Escape leaves the choice alone', async () => {
    const { user, input, onpick } = make()
    await user.click(input)
    await user.keyboard('{ArrowDown}{Escape}')
    expect(onpick).not.toHaveBeenCalled()
    expect(input.value).toBe('Олег Титов')
    expect(input.getAttribute('aria-expanded')).toBe('false')
  })
  it('can be emptied', async () => {
    const { user, input, onpick } = make()
    await user.click(input)
    await user.keyboard('{ArrowUp}{ArrowUp}{Enter}')
    expect(onpick).toHaveBeenCalledExactlyOnceWith(null)
  })
})
