import { expect, it } from 'vitest'
import { curveOf, payOf, stepsFit, type Draft } from './pay'

const draft = (of: 'plan' | 'value'): Draft => ({
  ...{ name: 'x', measure: 'revenue', period: 'month', team_id: null, role_id: null, user_id: null },
  ...{ params: { of }, base_minor: 3_000_000, currency: 'RUB' },
  steps: [
    { from: 80, percent: 2, pay_minor: 1_000_000 },
    { from: 100, percent: 5, pay_minor: 0 },
  ],
})
const plan = 100_000_000
it('up to the first step only the fixed part is paid', () => {
  expect(payOf(draft('plan'), plan * 0.79, plan)).toBe(3_000_000)
})
it('a step pays its sum at once and its share of what is above', () => {
  expect(payOf(draft('plan'), plan * 0.8, plan)).toBe(4_000_000)
  expect(payOf(draft('plan'), plan * 0.9, plan)).toBeCloseTo(4_000_000 + 200_000)
  expect(payOf(draft('plan'), plan * 1.1, plan)).toBeCloseTo(4_000_000 + 400_000 + 500_000)
})
it('without a plan there is nothing to be above', () => {
  expect(payOf(draft('plan'), plan, 0)).toBe(3_000_000)
})
it('two steps cannot begin at one place', () => {
  const [a, b] = draft('plan').steps as [never, never]
  expect(stepsFit([a, b])).toBe(true)
  expect(stepsFit([a, a])).toBe(false)
  expect(stepsFit([])).toBe(false)
})
it('the line jumps where a sum is paid at once', () => {
  const line = curveOf(draft('plan'), plan, 130)
  expect(line.filter((p) => p.x === 80)).toHaveLength(2)
  expect(line.filter((p) => p.x === 100)).toHaveLength(1)
})
