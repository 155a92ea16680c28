import { describe, expect, it } from 'vitest'
import type { Table } from '../screens/reports/model'
import { plotOf, top } from './plot'
import { bandPath, dayTicks, linear, shareTop, spread, stepPath } from './scale'
import { bottleneck, heat, matrix, type Step, type Transition } from './stats'

describe('scales', () => {
  it('puts the ends of a domain at the ends of its range', () => {
    const x = linear(0, 90, 40, 640)
    expect([x(0), x(45), x(90)]).toEqual([40, 340, 640])
    const down = linear(0, 1, 300, 0)
    expect(down(0.25)).toBe(225)
    expect(linear(5, 5, 10, 20)(5)).toBe(10)
  })
  it('marks days at round numbers', () => {
    expect(dayTicks(97, 8)).toEqual([0, 15, 30, 45, 60, 75, 90])
    expect(dayTicks(180, 7)).toEqual([0, 30, 60, 90, 120, 150, 180])
    expect(dayTicks(4)).toEqual([0, 1, 2, 3, 4])
  })
  it('ends a scale of shares above the largest of them', () => {
    expect(shareTop(0.03)).toBe(0.05)
    expect(shareTop(0.52)).toBe(0.6)
    expect(shareTop(0.97)).toBe(1)
  })
})
describe('two bars of one name', () => {
  it('lead to their own deals, and neither is the size of the other', () => {
    const column = (id: string, type: 'text' | 'int', drill = false) => ({ id, title: id, type, drill })
    const columns = [column('stage', 'text'), column('stands', 'int', true), column('late', 'int', true)]
    const table = { columns, rows: [['Счёт', 9, 4]], keys: [1] } as unknown as Table
    const plot = plotOf(table, { kind: 'bars', x: 'stage', y: 'stands', y2: 'late' } as never, String)!
    expect(plot.series.map((s) => s.points[0])).toMatchObject([
      { y: 9, drill: 1, size: null },
      { y: 4, drill: 2, size: null },
    ])
    const without = { ...table, columns: [...columns.slice(0, 2), column('late', 'int')] } as Table
    const [, late] = plotOf(
      without,
      { kind: 'bars', x: 'stage', y: 'stands', y2: 'late' } as never,
      String,
    )!.series
    expect(late!.points[0]!.drill).toBe(-1)
  })
})
describe('the end of a scale', () => {
  it('is all of it for shares, and as far as it goes for what grew to three times what was', () => {
    expect(top('rate', 0.4)).toBe(0.4)
    expect(top('rate', 1.02)).toBe(1)
    expect(top('rate', 3.33)).toBe(3.33)
    expect(top('money', 500)).toBe(500)
  })
})
describe('paths', () => {
  const points = [
    { x: 0, y: 10 },
    { x: 5, y: 8 },
    { x: 9, y: 8 },
  ]
  it('holds each share until the next one', () => {
    expect(stepPath(points)).toBe('M0 10H5V8H9V8')
    expect(stepPath([])).toBe('')
  })
  it('closes a band along the steps of both bounds', () => {
    const high = points.map((p) => ({ ...p, y: p.y - 2 }))
    // Up along the high bound, down at the end, back along the low one with its own steps.
    expect(bandPath(points, high)).toBe('M0 8H5V6H9V6V8V8H5V10H0Z')
    expect(bandPath([], [])).toBe('')
  })
})
describe('labels at the end of lines', () => {
  it('moves labels apart, keeps their order and stays inside', () => {
    expect(spread([100, 101, 102], 20, 0, 300)).toEqual([100, 120, 140])
    expect(spread([290, 295], 20, 0, 300)).toEqual([280, 300])
    const [lower, upper] = spread([200, 50], 20, 0, 300)
    expect([lower, upper]).toEqual([200, 50])
  })
})

function step(id: number, deals: number, wentOn: number, more: Partial<Step> = {}): Step {
  const p = wentOn / deals
  const half = 1.96 * Math.sqrt((p * (1 - p)) / deals)
  return {
    ...{
      stage_id: id,
      stage: `Этап ${id}`,
      outcome: 'open',
      deals,
      rate: null,
      rate_low: null,
      rate_high: null,
    },
    ...{ went_on: wentOn, went_on_rate: p, went_on_low: p - half, went_on_high: p + half, median_days: null },
    ...more,
  } as Step
}
describe('the bottleneck', () => {
  it('is the stage whose whole interval lies below the others', () => {
    expect(bottleneck([step(1, 400, 340), step(2, 590, 290), step(3, 212, 190)])).toBe(2)
  })
  it('is nobody while the difference may be chance, or there are too few deals', () => {
    expect(bottleneck([step(1, 400, 340), step(2, 400, 335)])).toBe(null)
    expect(bottleneck([step(1, 400, 340), step(2, 20, 2)])).toBe(null)
    expect(bottleneck([step(1, 400, 340), step(9, 100, 0, { outcome: 'lost' })])).toBe(null)
  })
})
describe('transitions', () => {
  const move = (from_id: number, to_id: number, moves: number, kind: Transition['kind']): Transition => ({
    ...{ from: '', to: '', from_id, to_id, kind, moves, deals: moves },
  })
  it('share out what leaves each stage', () => {
    const cells = matrix([move(1, 2, 30, 'forward'), move(1, 3, 10, 'skip'), move(2, 1, 5, 'back')])
    expect(cells.get('1 2')?.share).toBe(0.75)
    expect(cells.get('1 3')).toMatchObject({ share: 0.25, kind: 'skip' })
    expect(cells.get('2 1')?.share).toBe(1)
    expect(cells.get('3 1')).toBeUndefined()
  })
  it('are the darker the more go there, and never hide the text', () => {
    expect(heat(0)).toBe(0)
    expect(heat(0.04)).toBeLessThan(heat(0.25))
    expect(heat(1)).toBe(60)
  })
})
