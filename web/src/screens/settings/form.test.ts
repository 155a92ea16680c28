import { describe, expect, it } from 'vitest'
import { Problem } from '../../lib/api'
import { changes, fromText, missing, refusal, shownFields, toText, type FormField } from './form'

const fields: FormField[] = [
  { name: 'name', label: 'Название', kind: 'text', required: true },
  { name: 'price_minor', label: 'Цена', kind: 'money' },
  { name: 'source_id', label: 'Источник', kind: 'choice', choices: [{ id: 7, label: 'Сайт' }] },
  { name: 'type', label: 'Тип', kind: 'text', once: true },
]
describe('a form of the settings', () => {
  it('sends only what was changed', () => {
    const was = { name: 'Курс', price_minor: null, source_id: 7 }
    expect(changes(fields, was, { ...was, name: 'Курсы', price_minor: undefined })).toEqual({ name: 'Курсы' })
    expect(changes(fields, was, { ...was, source_id: null })).toEqual({ source_id: null })
  })
  it('a rate keeps its digits, a share is typed in per cent', () => {
    const rate: FormField = { name: 'rate', label: 'Курс', kind: 'real' }
    const share: FormField = { name: 'target', label: 'Цель', kind: 'real', scale: () => 0.01 }
    expect(fromText(rate, '92,4567', {})).toBe(92.4567)
    expect(fromText(share, '35', {})).toBe(0.35)
    expect(toText(share, { target: 0.35 })).toBe('35')
  })
  it('reads money as people write it', () => {
    expect(fromText(fields[1]!, '12 500,50', { currency: 'RUB' })).toBe(1_250_050)
    expect(fromText(fields[1]!, '12,500.50', { currency: 'RUB' })).toBe(1_250_050)
    expect(fromText(fields[1]!, '5000', { currency: 'JPY' })).toBe(5000)
    expect(fromText(fields[1]!, 'много', {})).toBeUndefined()
    expect(toText(fields[1]!, { price_minor: 1_250_050, currency: 'RUB' })).toMatch(/^12.500[.,]5$/)
  })
  it('gives a choice its own kind of id', () => {
    expect(fromText(fields[2]!, '7', {})).toBe(7)
    expect(fromText(fields[2]!, '', {})).toBeNull()
  })
  it('asks for what is missing, and for what is set once only at the beginning', () => {
    expect(Object.keys(missing(fields, { name: '' }))).toEqual(['name'])
    expect(shownFields(fields, {}, false).map((f) => f.name)).not.toContain('type')
    expect(shownFields(fields, {}, true).map((f) => f.name)).toContain('type')
  })
  it('puts a refusal beside its field', () => {
    const taken = new Problem(422, 'taken', 'Такое название уже есть', 'name')
    expect(refusal(taken, fields)).toEqual({ name: 'Такое название уже есть' })
    expect(refusal(new Problem(409, 'in_use', 'Занято', 'rank'), fields)).toEqual({ '': 'Занято' })
  })
})
