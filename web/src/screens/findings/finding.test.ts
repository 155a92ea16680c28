import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import {
  isWorse,
  onceIn,
  planOf,
  planSure,
  planText,
  saidOf,
  sureText,
  valueText,
  wayOf,
  type Finding,
} from './finding'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('insight')
  await i18n.with('over')
})
const finding = (detector: string, before: number, after: number) =>
  ({ detector, params: { unit: 'rate', before, after } }) as Finding
const bare = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ')

it('a number is read in its unit', () => {
  expect(bare(valueText('rate', 0.314))).toBe('31,4 %')
  expect(valueText('a_day', 4.24)).toBe('4,2 в день')
  expect(valueText('days', 12.4)).toBe('12 дней')
  expect(valueText('days', 1)).toBe('1 день')
  expect(valueText('rate', null)).toBe('–')
})
it('a longer stay on a stage is worse, a higher conversion is better', () => {
  expect(isWorse(finding('filling', 5, 9))).toBe(true)
  expect(isWorse(finding('conversion', 0.2, 0.3))).toBe(false)
  expect(isWorse(finding('step', 0.9, 0.2))).toBe(true)
  expect(wayOf(finding('step', 0.9, 0.2))).toBe('down')
})
it('how sure it is comes in words, and never as more than once in a thousand', () => {
  expect(sureText(0.00001)).toBe('Не случайность: почти наверняка')
  expect(sureText(0.03)).toBe('Не случайность: вероятно')
  expect(bare(onceIn(1e-12))).toBe('1 000')
  expect(onceIn(1 / 142)).toBe('100')
  expect(onceIn(1 / 34)).toBe('30')
})
it('a plan that will not come true says what is expected, of whom it is, and how sure that is', () => {
  const plan = {
    ...{ detector: 'plan', chance: 0.004 },
    params: {
      ...{ unit: 'money', before: 100_000_00, after: 64_000_00, low: 50_000_00, high: 78_000_00 },
      ...{ actual: 20_000_00, above: false, currency: 'RUB', measure: 'revenue', whose: 'Борис' },
      ...{ starts_on: '2026-11-01', ends_on: '2026-11-30' },
    },
  } as Finding
  expect(bare(planText(plan))).toContain('План 100 000')
  expect(bare(planText(plan))).toContain('ожидается 64 000')
  expect(planOf(plan)).toContain('Выручка, Борис')
  expect(bare(planSure(plan))).toContain('< 1 %')
  expect(isWorse(plan)).toBe(true)
})
it('what happened heads it in the reader’s language; one of before is headed by what was measured', async () => {
  const told = finding('step', 0.72, 0.02)
  told.params!.said = { ru: 'Шаг «Замер» исчез', en: 'The step “Замер” has vanished' }
  expect(saidOf(told, '«Замер»')).toBe('Шаг «Замер» исчез')
  await i18n.use('en')
  expect(saidOf(told, '«Замер»')).toBe('The step “Замер” has vanished')
  await i18n.use('ru')
  expect(saidOf(finding('step', 0.72, 0.02), '«Замер»')).toBe('Шаг: «Замер»')
})
