import { describe, expect, it } from 'vitest'
import { both, everything, read, relative, relativeToken, textToken, tokenText, write } from './conditions'

const again = (text: string) => write(read(text)!)

describe('the filter builder', () => {
  it('reads what the grammar allows and writes the same', () => {
    for (const text of [
      'status = "open"',
      'value_minor >= 10000000 and owner_id = me',
      'source_id in (1, 2, 3) and not title ~ "тест"',
      '(owner_id = me or owner_id = 5) and next_task_at < now',
      'tag_ids has 5 or not tag_ids has 6',
      'created_at >= today - 30d and created_at < today',
      'contact_id.name ~ "анна" and source_id is not null',
      'not (value_minor > 5 and value_minor < 10)',
      'owner_id not in (3, 4)',
      'cf_3 = -12.5',
    ])
      expect(again(text)).toBe(text)
  })
  it('says the opposite of a comparison in one word', () => {
    expect(again('not source_id is null')).toBe('source_id is not null')
    expect(again('not owner_id = 3')).toBe('owner_id != 3')
    expect(again('not not (title ~ "a" or title ~ "b")')).toBe('title ~ "a" or title ~ "b"')
    expect(again('not value_minor < 5')).toBe('not (value_minor < 5)')
  })
  it('keeps brackets where they mean something', () => {
    expect(again('a = 1 and (b = 2 or c = 3) and (d = 4)')).toBe('a = 1 and (b = 2 or c = 3) and d = 4')
    expect(again('a = 1 or b = 2 and c = 3')).toBe('a = 1 or (b = 2 and c = 3)')
  })
  it('keeps quotes, backslashes and words inside texts', () => {
    const text = 'ООО "Ромашка" and (сыновья) \\ ё'
    expect(tokenText(textToken(text))).toBe(text)
    const filter = `title ~ ${textToken(text)}`
    expect(again(filter)).toBe(filter)
  })
  it('leaves what it cannot read to the text', () => {
    for (const wrong of [
      'title',
      'title ~',
      'a = 1 and',
      '(a = 1',
      'a = b',
      'a in ()',
      'a = "x',
      'now - 3d',
      'a = 1 b = 2',
    ])
      expect(read(wrong)).toBe(null)
    expect(read('  ')).toEqual(everything())
  })
  it('says nothing for a condition that is not filled in', () => {
    const half = {
      join: 'and' as const,
      not: false,
      items: [{ field: 'title', op: '~' as const, values: [] }],
    }
    expect(write(half)).toBe('')
    expect(write({ ...half, items: [half, { field: 'done', op: '=', values: ['true'] }] })).toBe(
      'done = true',
    )
  })
  it('joins two filters without changing either', () => {
    expect(both('a = 1 or b = 2', 'c = 3')).toBe('(a = 1 or b = 2) and c = 3')
    expect(both('', 'c = 3')).toBe('c = 3')
    expect(both('c = 3', ' ')).toBe('c = 3')
  })
  it('counts days from today', () => {
    expect(relative('today - 7d')).toEqual({ from: 'today', n: -7, unit: 'd' })
    expect(relative('"2026-01-01"')).toBe(null)
    expect(relativeToken({ from: 'now', n: 3, unit: 'h' })).toBe('now + 3h')
    expect(relativeToken({ from: 'today', n: 0, unit: 'd' })).toBe('today')
  })
})
