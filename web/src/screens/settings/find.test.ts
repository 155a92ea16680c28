import { describe, expect, it } from 'vitest'
import { find, otherLayout } from './find'

const things = [
  { name: 'Воронки и этапы', synonyms: 'стадии pipeline stage funnel' },
  { name: 'Причины проигрыша', synonyms: 'отказ потеря loss reason' },
  { name: 'Рабочий календарь', synonyms: 'праздники выходные holidays calendar' },
]
const names = (typed: string) => find(things, typed).map((t) => t.name)

describe('the search over settings', () => {
  it('finds by the beginning of any word', () => {
    expect(names('этап')).toEqual(['Воронки и этапы'])
    expect(names('  причины проигр ')).toEqual(['Причины проигрыша'])
  })
  it('finds by what others call it, in both languages', () => {
    expect(names('стадии')).toEqual(['Воронки и этапы'])
    expect(names('holidays')).toEqual(['Рабочий календарь'])
  })
  it('does not mind the wrong keyboard layout', () => {
    expect(otherLayout('djhjyrb')).toBe('воронки')
    expect(names('djhjyrb')).toEqual(['Воронки и этапы'])
    expect(names('дщыы')).toEqual(['Причины проигрыша'])
  })
  it('puts what is called so before what is only a synonym', () => {
    const two = [
      { name: 'Этапы', synonyms: 'воронка' },
      { name: 'Воронки', synonyms: '' },
    ]
    expect(find(two, 'ворон').map((t) => t.name)).toEqual(['Воронки', 'Этапы'])
  })
  it('finds nothing in nothing', () => {
    expect(names(' ')).toEqual([])
    expect(names('бухгалтерия')).toEqual([])
  })
})
