import { describe, expect, it } from 'vitest'
import { fromKey, key, taken, typeOf } from './targets'

describe('columns of a file', () => {
  it('a field is filled by one column only, a list of phones by several', () => {
    expect(taken(['contact.name', 'contact.name'], 1)).toBe(true)
    expect(taken(['contact.name', 'contact.phone'], 1)).toBe(false)
    expect(taken(['contact.phones', 'contact.phones'], 0)).toBe(false)
    expect(taken([null, null], 0)).toBe(false)
  })
  it('the address of a target goes there and back', () => {
    expect(fromKey(key({ object: 'contact', field: 'cf_3' }))).toEqual({ object: 'contact', field: 'cf_3' })
  })
  it('a new field has the type of what stands in the column', () => {
    expect(typeOf(['12.03.2024', '01.02.2025', ''])).toBe('date')
    expect(typeOf(['2024-03-12 10:00'])).toBe('time')
    expect(typeOf(['12 500,5', '3'])).toBe('number')
    expect(typeOf(['Да', 'нет'])).toBe('bool')
    expect(typeOf(['anna@example.ru'])).toBe('email')
    expect(typeOf(['https://example.ru'])).toBe('url')
    expect(typeOf(['79161234567'])).toBe('text')
    expect(typeOf(['', ' '])).toBe('text')
    expect(typeOf(['два\nабзаца'])).toBe('long')
  })
})
