import { describe, expect, it } from 'vitest'
import { between, byRank, place, type Ranked } from './rank'

describe('the order by hand', () => {
  it('puts a deal between its two neighbours', () => {
    expect(between(10, 20)).toBe(15)
    expect(between(-4, -2)).toBe(-3)
  })
  it('leaves room above the first and below the last', () => {
    expect(between(null, 5)! < 5).toBe(true)
    expect(between(5, null)! > 5).toBe(true)
    expect(between(null, null)).toBe(0)
  })
  it('says when there is no number left between two', () => {
    expect(between(1, 1)).toBe(null)
    expect(between(1, 1 + Number.EPSILON)).toBe(null)
  })
  it('writes one deal for a usual move', () => {
    const column = [1, 2, 3].map((n) => ({ id: n, rank: n * 10 }))
    expect(place(column, 9, 1)).toEqual([{ id: 9, rank: 15 }])
    expect(place(column, 9, 0)).toHaveLength(1)
    expect(place(column, 9, 3)).toHaveLength(1)
  })
  it('keeps the wanted order even among equal ranks, as an import leaves them', () => {
    for (let index = 0; index <= 6; index++) {
      const column: Ranked[] = [1, 2, 3, 4, 5, 6].map((id) => ({ id, rank: id < 5 ? 7 : 8 }))
      const wanted = [...column.map((c) => c.id)]
      wanted.splice(index, 0, 9)
      const news = new Map(place(column, 9, index).map((r) => [r.id, r.rank]))
      const after = [...column, { id: 9, rank: 0 }].map((c) => ({ ...c, rank: news.get(c.id) ?? c.rank }))
      expect(after.sort(byRank).map((c) => c.id)).toEqual(wanted)
    }
  })
  it('survives a thousand moves to the same place', () => {
    let column: Ranked[] = [1, 2].map((id) => ({ id, rank: id }))
    for (let id = 3; id < 1003; id++) {
      const news = new Map(place(column, id, 1).map((r) => [r.id, r.rank]))
      column = [...column, { id, rank: 0 }]
        .map((c) => ({ ...c, rank: news.get(c.id) ?? c.rank }))
        .sort(byRank)
      expect(column[1]!.id).toBe(id)
    }
  })
})
