import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { names } from '../../lib/names.svelte'
import { enumLabel, fieldFrom, type FieldType, type SchemaField } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'
import type { Boot } from '../../lib/types'
import FieldInput from './FieldInput.svelte'
import FieldValue from './FieldValue.svelte'
import { draftOf, parseDraft, phoneText, safeLink, textOf } from './values'

beforeAll(async () => {
  await i18n.use('ru')
  HTMLElement.prototype.showPopover ??= () => {}
  HTMLElement.prototype.hidePopover ??= () => {}
})
beforeEach(() => {
  session.boot = {
    settings: { currency: 'RUB' },
    users: [{ id: 4, name: 'Олег Титов', role: 'seller', active: true }],
    tags: [{ id: 1, name: 'горячий', colour: '#aa0000' }],
    funnels: [],
    user: { id: 4 },
  } as unknown as Boot
})
const field = (type: FieldType, more: Partial<SchemaField> = {}): SchemaField => ({
  ...{ name: 'f', type, label: 'Поле', object: 'deal' },
  ...more,
})
const list = field('set', {
  ref: 'field-option',
  options: [
    { id: 10, name: 'Крупный', colour: '#00aa00', archived: false },
    { id: 11, name: 'Мелкий', colour: null, archived: false },
  ],
})

describe('how values read', () => {
  it('reads every type of field', () => {
    expect(textOf(field('money'), 1_250_000, 'RUB')).toMatch(/12\s500\s₽/)
    expect(textOf(field('bool'), false, 'RUB')).toBe('Нет')
    expect(
      textOf(
        field('enum', { name: 'status', names: ['open'], called: new Map([['open', 'Открыта']]) }),
        'open',
        'RUB',
      ),
    ).toBe('Открыта')
    expect(textOf(field('ref', { ref: 'user' }), 4, 'RUB')).toBe('Олег Титов')
    expect(textOf(list, [11, 10], 'RUB')).toBe('Мелкий, Крупный')
    expect(textOf(field('date'), '2026-03-01', 'RUB')).toContain('2026')
    expect(textOf(field('text'), null, 'RUB')).toBe('')
  })
  it('takes the names of the values of an enum from the schema', () => {
    const made = fieldFrom('task', {
      ...{ name: 'kind', type: 'enum', label: 'Вид', names: ['call'] },
      options: [{ id: 'call', name: 'Звонок' }],
    })
    expect(made.options).toBe(undefined)
    expect(enumLabel(made, 'call')).toBe('Звонок')
    expect(enumLabel(made, 'unknown')).toBe('unknown')
  })
  it('never makes a link of a script', () => {
    expect(safeLink('javascript:alert(1)')).toBe(null)
    expect(safeLink('data:text/html,x')).toBe(null)
    expect(safeLink('example.ru/a')).toBe('https://example.ru/a')
    render(FieldValue, { props: { field: field('url'), value: 'javascript:alert(1)' } })
    expect(screen.queryByRole('link')).toBeNull()
    expect(screen.getByText('javascript:alert(1)')).toBeTruthy()
  })
  it('writes phones as people read them', () => {
    expect(phoneText('+79762512576')).toBe('+7 976 251-25-76')
    expect(phoneText('+996590654779')).toBe('+996 590 654 779')
    expect(phoneText('доб. 12')).toBe('доб. 12')
  })
  it('types money in whole units, with a comma or a point', () => {
    expect(draftOf(field('money'), 1_250_050, 'RUB').replace(/\s/g, ' ')).toBe('12 500,5')
    expect(parseDraft(field('money'), '12 500,5', 'RUB')).toBe(1_250_050)
    expect(parseDraft(field('real'), '0.25', 'RUB')).toBe(0.25)
    expect(parseDraft(field('int'), '1,5', 'RUB')).toBe(undefined)
    expect(parseDraft(field('text'), '  ', 'RUB')).toBe(null)
  })
})
describe('how values are edited in place', () => {
  const edit = (f: SchemaField, value: unknown) => {
    const onchange = vi.fn()
    const oncancel = vi.fn()
    render(FieldInput, { props: { field: f, value, inline: true, autofocus: true, onchange, oncancel } })
    return { onchange, oncancel, user: userEvent.setup() }
  }
  it('Enter saves a sum in minor units, once', async () => {
    const { onchange, user } = edit(field('money'), null)
    await user.keyboard('15 000,50{Enter}')
    await user.tab()
    expect(onchange).toHaveBeenCalledExactlyOnceWith(1_500_050)
  })
  it('Escape saves nothing', async () => {
    const { onchange, oncancel, user } = edit(field('text'), 'было')
    await user.keyboard('стало{Escape}')
    expect(oncancel).toHaveBeenCalledOnce()
    expect(onchange).not.toHaveBeenCalled()
  })
  it('a number that cannot be read stays open with the reason', async () => {
    const { onchange, user } = edit(field('int'), 3)
    await user.keyboard('много{Enter}')
    expect(onchange).not.toHaveBeenCalled()
    expect(screen.getByRole('alert').textContent).toBe('Нужно число')
  })
  it('a choice from a closed list saves with Enter', async () => {
    const { onchange, user } = edit({ ...list, type: 'ref' }, null)
    await user.keyboard('мел{Enter}')
    expect(onchange).toHaveBeenCalledExactlyOnceWith(11)
  })
  it('several of a list are one change', async () => {
    const { onchange, user } = edit(list, [10])
    await user.keyboard('мел{Enter}')
    expect(onchange).not.toHaveBeenCalled()
    await user.keyboard('{Enter}')
    expect(onchange).toHaveBeenCalledExactlyOnceWith([10, 11])
  })
})
describe('names behind ids', () => {
  it('asks for all that a screen needs at once', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(decodeURIComponent(url.replaceAll('+', ' ')))
      return new Response(JSON.stringify({ items: [{ id: 7, name: 'ООО «Ромашка»' }], next_cursor: null }))
    })
    expect(names.of('company', 7)).toBe(undefined)
    expect(names.of('company', 8)).toBe(undefined)
    await new Promise((go) => setTimeout(go, 40))
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('id in (7, 8)')
    expect(names.of('company', 7)).toBe('ООО «Ромашка»')
    vi.unstubAllGlobals()
  })
})
