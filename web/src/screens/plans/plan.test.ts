import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { firstDay, fromCell, keyOf, missingText, periodText, stateOf, step, toCell } from './plan'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('insight')
})
it('every day lies in its period', () => {
  expect(firstDay('month', '2026-11-22')).toBe('2026-11-01')
  expect(firstDay('week', '2026-11-22')).toBe('2026-11-16')
  expect(firstDay('quarter', '2026-11-22')).toBe('2026-10-01')
  expect(firstDay('year', '2026-11-22')).toBe('2026-01-01')
})
it('a period further crosses the year', () => {
  expect(step('month', '2026-11-01', 2)).toBe('2027-01-01')
  expect(step('quarter', '2026-10-01', -4)).toBe('2025-10-01')
  expect(step('week', '2026-12-28', 1)).toBe('2027-01-04')
  expect(periodText('quarter', '2026-10-01')).toBe('IV 2026')
})
it('money is typed in rubles with or without spaces, rates in per cent, nonsense is refused', () => {
  expect(fromCell('1 500 000', 'money', 'RUB')).toBe(150_000_000)
  expect(fromCell('1500000,50', 'money', 'RUB')).toBe(150_000_050)
  expect(fromCell('35,5 %', 'rate', 'RUB')).toBeCloseTo(0.355)
  expect(fromCell('', 'int', 'RUB')).toBeNull()
  expect(fromCell('много', 'int', 'RUB')).toBeUndefined()
  expect(fromCell('-3', 'int', 'RUB')).toBeUndefined()
  expect(fromCell(toCell(150_000_050, 'money', 'RUB'), 'money', 'RUB')).toBe(150_000_050)
})
it('half a call a day is a call', () => {
  expect(missingText(0.4, 'int', 'RUB')).toBe('1')
  expect(missingText(3, 'int', 'RUB')).toBe('3')
})
it('whose plan, and how it goes', () => {
  expect(keyOf({ user_id: 3, team_id: 1 })).toBe('u3')
  expect(keyOf({ user_id: null, team_id: 1 })).toBe('t1')
  expect(keyOf({ user_id: null, team_id: null })).toBe('all')
  expect(stateOf({ actual: 5, missing: 0, expected_by_now: 3 }, 10)).toBe('done')
  expect(stateOf({ actual: 2, missing: 8, expected_by_now: 3 }, 10)).toBe('behind')
  expect(stateOf({ actual: 4, missing: 6, expected_by_now: 3 }, 10)).toBe('ahead')
  expect(stateOf({ actual: null, missing: null, expected_by_now: null }, 10)).toBe('unknown')
  expect(stateOf({ actual: 4, missing: 0, expected_by_now: null }, null)).toBe('unknown')
})
