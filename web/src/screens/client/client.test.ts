import { describe, expect, it } from 'vitest'
import type { SchemaField } from '../../lib/schema.svelte'
import type { Deal } from '../../lib/types'
import { dealsInOrder, sumsOf } from './deals'
import { differing, usualChoice } from './merge'
import { reachOf } from './reach'

const field = (name: string, more: Partial<SchemaField> = {}): SchemaField => ({
  ...{ name, type: 'text', label: name, object: 'contact' },
  ...more,
})
const deal = (id: number, more: Partial<Deal>) =>
  ({
    id,
    status: 'open',
    currency: 'RUB',
    value_minor: null,
    created_at: id,
    closed_at: null,
    ...more,
  }) as Deal

describe('merging duplicates', () => {
  const fields = [field('name'), field('phone'), field('email'), field('created_at', { read_only: true })]
  const records = [
    { id: 1, name: 'Пётр', phone: '+7', email: null, created_at: 1 },
    { id: 2, name: 'Петр Ильич', phone: '+7', email: 'p@x.ru', created_at: 2 },
  ]
  it('asks only where records say different things', () => {
    expect(differing(fields, records).map((f) => f.name)).toEqual(['name'])
  })
  it('takes the value of the kept one, and what it has not from the other', () => {
    expect(usualChoice(fields.slice(0, 3), records, 1)).toEqual({ name: 1, phone: 1, email: 2 })
    expect(usualChoice(fields.slice(0, 1), records, 2)).toEqual({ name: 2 })
  })
})
describe('the deals of a client', () => {
  it('open ones first, then by when they were closed', () => {
    const list = [
      deal(1, { status: 'won', closed_at: 50 }),
      deal(2, {}),
      deal(3, { status: 'lost', closed_at: 90 }),
    ]
    expect(dealsInOrder(list).map((d) => d.id)).toEqual([2, 3, 1])
  })
  it('sums are by state and currency, what is lost is no money', () => {
    const list = [
      deal(1, { value_minor: 100 }),
      deal(2, { value_minor: 50 }),
      deal(3, { value_minor: 70, status: 'won', currency: 'KZT' }),
      deal(4, { value_minor: 900, status: 'lost' }),
    ]
    expect(sumsOf(list)).toEqual([
      { status: 'open', currency: 'RUB', minor: 150 },
      { status: 'won', currency: 'KZT', minor: 70 },
    ])
  })
})
describe('one click to reach somebody', () => {
  const of = (kind: 'phone' | 'messenger' | 'site', value: string, label: string | null = null) =>
    reachOf({ kind, value, label })
  it('phones and messengers', () => {
    expect(of('phone', '+7 (912) 345-67-89')).toBe('tel:+79123456789')
    expect(of('messenger', '@anna_sales')).toBe('https://t.me/anna_sales')
    expect(of('messenger', '+7 912 345 67 89', 'WhatsApp')).toBe('https://wa.me/79123456789')
    expect(of('messenger', 'anna', 'Signal')).toBeNull()
  })
  it('never a script', () => {
    expect(of('site', 'javascript:alert(1)')).toBeNull()
    expect(of('messenger', 'javascript:alert(1)', 'telegram')).toBeNull()
    expect(of('site', 'firma.ru')).toBe('https://firma.ru')
  })
})
