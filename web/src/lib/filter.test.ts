import { describe, expect, it } from 'vitest'
import { build, emptyFilter, parse, type Filter } from './filter'
import { quote } from './quote'

const all: Filter = {
  owner: 'me',
  source: [3, 5],
  tag: [1, 2],
  valueFrom: 10_000_000,
  valueTo: 50_000_000,
  task: 'overdue',
  text: 'ООО "Ромашка" and (сыновья) \\ ё',
}

describe('the filter of the board', () => {
  it('writes the grammar of the API', () => {
    expect(build({ ...emptyFilter, owner: [7], valueFrom: 100 })).toBe('owner_id = 7 and value_minor >= 100')
    expect(build({ ...emptyFilter, tag: [1, 2] })).toBe('(tag_ids has 1 or tag_ids has 2)')
    expect(build({ ...emptyFilter, task: 'none' })).toBe('next_task_at is null')
    expect(build(emptyFilter)).toBe('')
  })
  it('reads back what it wrote, whatever is chosen', () => {
    expect(parse(build(all))).toEqual(all)
    for (const key of Object.keys(all) as (keyof Filter)[]) {
      const one = { ...emptyFilter, [key]: all[key] } as Filter
      expect(parse(build(one))).toEqual(one)
    }
  })
  it('leaves to the expert what chips cannot show', () => {
    expect(parse('value_minor >= 1 or owner_id = me')).toBe(null)
    expect(parse('not owner_id = 3')).toBe(null)
    expect(parse('title ~ "лицензия"')).toBe(null)
    expect(parse('owner_id = 1 and owner_id = 2')).toBe(null)
    expect(parse('owner_id = me and')).toBe(null)
  })
  it('escapes quotes and backslashes', () => {
    expect(quote('a"b\\c')).toBe('"a\\"b\\\\c"')
  })
})
