import { describe, expect, it } from 'vitest'
import { clickPrice, grouped, sumsOf, type Cost } from './costs'

const cost = (campaign_id: number, day_on: string, cost_minor: number, more: Partial<Cost> = {}): Cost => ({
  ...{ id: Number(day_on.replaceAll('-', '')) + campaign_id, version: 1, campaign_id, day_on, cost_minor },
  ...{ currency: 'RUB', impressions: null, clicks: null },
  ...more,
})
const name = (id: string) => (id === '1' ? 'Яблоки' : 'Арбузы')
const rows = [
  cost(1, '2026-02-01', 500),
  cost(1, '2026-03-01', 100, { clicks: 4 }),
  cost(1, '2026-03-09', 200),
  cost(2, '2026-03-02', 70, { currency: 'USD' }),
]
describe('advertising costs', () => {
  it('are told by campaign, in it by month, in it by day', () => {
    const groups = grouped(rows, 'campaign', name)
    expect(groups.map((g) => g.key)).toEqual(['2', '1'])
    expect(groups[1]!.sums).toEqual({
      money: [{ currency: 'RUB', minor: 800 }],
      clicked: [{ currency: 'RUB', minor: 100 }],
      impressions: null,
      clicks: 4,
    })
    expect(groups[1]!.parts.map((p) => [p.key, p.sums.money[0]!.minor])).toEqual([
      ['2026-03-01', 300],
      ['2026-02-01', 500],
    ])
    expect(groups[1]!.parts[0]!.rows.map((r) => r.day_on)).toEqual(['2026-03-09', '2026-03-01'])
  })
  it('or by month, the newest first; currencies are never added to each other', () => {
    const [march, february] = grouped(rows, 'month', name)
    expect(march!.sums.money).toEqual([
      { currency: 'RUB', minor: 300 },
      { currency: 'USD', minor: 70 },
    ])
    expect(march!.parts.map((p) => p.key)).toEqual(['2', '1'])
    expect(february!.key).toBe('2026-02-01')
  })
  it('say what a click cost only where that means something', () => {
    expect(clickPrice(sumsOf([cost(1, '2026-03-01', 100, { clicks: 4 })]))).toEqual({
      currency: 'RUB',
      minor: 25,
    })
    // Days without a count of clicks have no part in their price.
    expect(clickPrice(sumsOf(rows))).toEqual({ currency: 'RUB', minor: 25 })
    const dollars = cost(2, '2026-03-02', 70, { currency: 'USD', clicks: 7 })
    expect(clickPrice(sumsOf([...rows, dollars]))).toBeNull()
    expect(clickPrice(sumsOf([cost(1, '2026-03-01', 100)]))).toBeNull()
  })
})
