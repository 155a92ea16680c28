import { describe, expect, it } from 'vitest'
import { begin, leave, pool, POOL, put, shift, toKeep } from './layout'

const groups = begin([
  { title: 'Главное', fields: ['value_minor', 'owner_id'] },
  { title: 'Обучение', fields: ['cf_1'], collapsed: true },
])
const shape = (list: typeof groups) => list.map((g) => g.fields.join(' '))

describe('the layout of a card', () => {
  it('moves a field within a group and into another', () => {
    expect(shape(put(groups, 'owner_id', 1, 0))).toEqual(['owner_id value_minor', 'cf_1'])
    expect(shape(put(groups, 'owner_id', 2, 1))).toEqual(['value_minor', 'cf_1 owner_id'])
  })
  it('knows what the card does not show', () => {
    const without = put(groups, 'owner_id', POOL, 0)
    expect(shape(without)).toEqual(['value_minor', 'cf_1'])
    expect(pool(without, ['owner_id', 'value_minor', 'cf_1', 'cf_2'])).toEqual(['owner_id', 'cf_2'])
  })
  it('goes on into the next group with the keyboard', () => {
    expect(shape(leave(groups, 'owner_id', 1))).toEqual(['value_minor', 'owner_id cf_1'])
    expect(shape(leave(groups, 'cf_1', -1))).toEqual(['value_minor owner_id cf_1', ''])
    expect(shape(leave(groups, 'value_minor', -1))).toEqual(shape(groups))
  })
  it('keeps groups in their order, and none that is empty', () => {
    expect(shift(groups, 2, -1).map((g) => g.title)).toEqual(['Обучение', 'Главное'])
    expect(shift(groups, 1, -1).map((g) => g.title)).toEqual(['Главное', 'Обучение'])
    expect(toKeep([...groups, { key: 9, title: ' ', fields: [] }])).toEqual([
      { title: 'Главное', fields: ['value_minor', 'owner_id'] },
      { title: 'Обучение', fields: ['cf_1'], collapsed: true },
    ])
  })
})
