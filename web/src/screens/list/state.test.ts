import { describe, expect, it } from 'vitest'
import {
  differs,
  fromView,
  moveColumn,
  nextSort,
  readState,
  toView,
  writeState,
  type ListState,
} from './state'

const given = { sort: '-created_at', columns: ['title', 'value_minor', 'owner_id'] }
const state: ListState = {
  filter: 'value_minor >= 100 and title ~ "а&б"',
  q: 'анна',
  sort: [
    { field: 'owner_id', down: false },
    { field: 'value_minor', down: true },
  ],
  columns: ['title', 'cf_3'],
  group: 'owner_id',
  view: 7,
}
const link = (s: ListState) => {
  const query = new URLSearchParams()
  for (const [k, v] of Object.entries(writeState(s, given))) if (v !== null) query.set(k, v)
  return query
}

describe('the address of a list', () => {
  it('the same link shows the same list', () => {
    expect(readState(new URLSearchParams(link(state).toString()), given, () => true)).toEqual(state)
  })
  it('a list as it is given has a short address', () => {
    const plain = readState(new URLSearchParams(), given, () => true)
    expect(plain.columns).toEqual(given.columns)
    expect(link(plain).toString()).toBe('')
  })
  it('leaves out fields that this user does not see', () => {
    const seen = readState(link(state), given, (f) => f !== 'cf_3' && f !== 'owner_id')
    expect(seen.columns).toEqual(['title'])
    expect(seen.sort).toEqual([{ field: 'value_minor', down: true }])
    expect(seen.group).toBe(null)
  })
})
describe('a saved view', () => {
  it('brings the list back and tells when it has been changed', () => {
    const query = toView(state)
    const back = fromView(query, 7, given)
    expect(back).toEqual({ ...state, q: '' })
    expect(differs(back, query, given)).toBe(false)
    expect(differs({ ...back, q: 'поиск' }, query, given)).toBe(false)
    expect(differs({ ...back, filter: '' }, query, given)).toBe(true)
    expect(differs({ ...back, columns: ['cf_3', 'title'] }, query, given)).toBe(true)
    expect(
      differs(
        readState(new URLSearchParams(), given, () => true),
        {},
        given,
      ),
    ).toBe(false)
  })
})
describe('headers', () => {
  it('a click sorts, a second one turns round, Shift adds and drops', () => {
    const by = (field: string, down = false) => ({ field, down })
    expect(nextSort([], 'title', false)).toEqual([by('title')])
    expect(nextSort([by('title')], 'title', false)).toEqual([by('title', true)])
    expect(nextSort([by('title'), by('id')], 'title', false)).toEqual([by('title')])
    expect(nextSort([by('title')], 'id', true)).toEqual([by('title'), by('id')])
    expect(nextSort([by('title'), by('id')], 'id', true)).toEqual([by('title'), by('id', true)])
    expect(nextSort([by('title'), by('id', true)], 'id', true)).toEqual([by('title')])
  })
  it('columns move before another one', () => {
    expect(moveColumn(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b'])
    expect(moveColumn(['a', 'b', 'c'], 'a', null)).toEqual(['b', 'c', 'a'])
    expect(moveColumn(['a', 'b'], 'a', 'a')).toEqual(['a', 'b'])
    expect(moveColumn(['a', 'b'], 'a', 'z')).toEqual(['a', 'b'])
  })
})
