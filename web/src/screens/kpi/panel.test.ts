import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { allDone, lacking, planned, type Item, type Panel } from './panel'

beforeAll(() => i18n.use('ru'))
const item = (measure: string, actual: number, target: number | null): Item => ({
  ...{
    plan_id: null,
    measure,
    title: measure,
    type: 'int',
    target,
    share: null,
    no_norm: null,
    actual,
    elapsed: 0.5,
  },
  ...{ expected_by_now: null, pace: null, forecast: null, missing_a_day: null },
  missing: target === null ? 0 : Math.max(0, target - actual),
})
const panel = (day: Item[], month: Item[]): Panel => ({
  ...{ user_id: 1, currency: 'RUB' },
  day: { starts_on: '2026-11-22', items: day },
  week: { starts_on: '2026-11-16', items: [] },
  month: { starts_on: '2026-11-01', items: month },
})
it('what is missing is told once a measure, for the shortest period', () => {
  const p = panel([item('calls', 18, 30)], [item('calls', 100, 300), item('won', 1, 2)])
  expect(lacking(p).map((x) => [x.span, x.item.measure, x.text])).toEqual([
    ['day', 'calls', '12'],
    ['month', 'won', '1'],
  ])
})
it('what has no plan is neither missing nor reached', () => {
  const p = panel([item('calls', 18, null)], [])
  expect(lacking(p)).toEqual([])
  expect(planned(p)).toBe(false)
  expect(allDone(p)).toBe(false)
  expect(allDone(panel([item('calls', 30, 30)], []))).toBe(true)
})
