import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { Problem } from '../lib/api'
import { i18n } from '../lib/i18n.svelte'
import { Conflict } from '../lib/sync.svelte'
import Field from './Field.svelte'

beforeAll(() => i18n.use('ru'))
const sum = (onsave = vi.fn(async () => {})) => {
  const props = {
    label: 'Сумма',
    value: 1_250_000,
    shown: '12 500 ₽',
    kind: 'money',
    currency: 'RUB',
    onsave,
  } as const
  render(Field, { props })
  return onsave
}
const open = async () => {
  const user = userEvent.setup()
  await user.click(screen.getByRole('button', { name: 'Сумма 12 500 ₽' }))
  return user
}

describe('a field edited where it stands', () => {
  it('saves with Enter, in minor units', async () => {
    const onsave = sum()
    const user = await open()
    await user.clear(screen.getByRole('textbox'))
    await user.keyboard('15 000,50{Enter}')
    expect(onsave).toHaveBeenCalledExactlyOnceWith(1_500_050)
    expect(screen.queryByRole('textbox')).toBeNull()
  })
  it('forgets the edit with Escape', async () => {
    const onsave = sum()
    const user = await open()
    await user.keyboard('9{Escape}')
    expect(onsave).not.toHaveBeenCalled()
    expect(screen.getByRole('button', { name: 'Сумма 12 500 ₽' })).toBeTruthy()
  })
  it('does not send what is no number', async () => {
    const onsave = sum()
    const user = await open()
    await user.clear(screen.getByRole('textbox'))
    await user.keyboard('много{Enter}')
    expect(onsave).not.toHaveBeenCalled()
    expect(screen.getByRole('alert').textContent).toBe('Нужно число')
  })
  it('stays open with the reason when the server refuses', async () => {
    sum(vi.fn(async () => Promise.reject(new Problem(422, 'out_of_range', 'Слишком много'))))
    const user = await open()
    await user.keyboard('7{Enter}')
    expect((await screen.findByRole('alert')).textContent).toBe('Слишком много')
  })
  it('shows both values when another changed it too', async () => {
    const mutation = { id: 'a', method: 'PATCH', path: '/api/deals/1' } as const
    const conflict = new Conflict(mutation, { value_minor: 770_000 }, ['value_minor'])
    const onsave = vi.fn(async () => Promise.reject(conflict))
    const props = { label: 'Сумма', name: 'value_minor', value: 1_250_000, shown: '12 500 ₽', onsave }
    render(Field, { props: { ...props, kind: 'money', currency: 'RUB' } })
    const user = await open()
    await user.keyboard('7{Enter}')
    expect((await screen.findByText('7 700', { collapseWhitespace: true })).tagName).toBe('STRONG')
    expect(screen.getByRole('button', { name: 'Оставить моё' })).toBeTruthy()
  })
})
