import { describe, expect, it } from 'vitest'
import { reorder, type Placed } from './order'

const list = (...positions: number[]): Placed[] => positions.map((position, i) => ({ id: i + 1, position }))
function after(rows: Placed[], id: number, index: number): number[] {
  const changed = new Map(reorder(rows, id, index).map((r) => [r.id, r.position]))
  return rows
    .map((r) => ({ id: r.id, position: changed.get(r.id) ?? r.position }))
    .sort((a, b) => a.position - b.position || a.id - b.id)
    .map((r) => r.id)
}

describe('order by hand', () => {
  it('writes one row where there is room', () => {
    expect(reorder(list(10, 20, 30), 3, 1)).toEqual([{ id: 3, position: 15 }])
  })
  it('numbers the list anew where there is none, and puts every row where it belongs', () => {
    expect(after(list(1, 2, 3, 4), 4, 1)).toEqual([1, 4, 2, 3])
    expect(after(list(1, 2, 3, 4), 1, 2)).toEqual([2, 3, 1, 4])
    expect(after(list(0, 0, 0), 3, 0)).toEqual([3, 1, 2])
  })
  it('goes to either end', () => {
    expect(after(list(10, 20, 30), 1, 2)).toEqual([2, 3, 1])
    expect(after(list(0, 1, 2), 3, 0)).toEqual([3, 1, 2])
    expect(after(list(10, 999_999, 1_000_000), 1, 2)).toEqual([2, 3, 1])
  })
  it('changes nothing when nothing moves', () => {
    expect(reorder(list(10, 20), 2, 1)).toEqual([])
    expect(reorder(list(10, 20), 9, 0)).toEqual([])
  })
})
