import { beforeAll, describe, expect, it } from 'vitest'
import { rate } from '../../../charts/format'
import { i18n } from '../../../lib/i18n.svelte'
import { oneOf, periods, records, reportUrl, whyDiffers, type Report, type Summary } from './report'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('report')
})
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')
const summary = (more: Partial<Summary>): Summary => ({
  ...{ deals: 680, won: 134, lost: 397, open: 149, naive_rate: 134 / 680 },
  ...{ mature_deals: 467, mature_won: 132, mature_rate: 132 / 467, mature_days: 60 },
  ...more,
})

describe('why the two conversions differ', () => {
  it('the naive one counts young deals as failures', () => {
    expect(plain(whyDiffers(summary({})))).toBe(
      'Подсчёт в лоб ниже на 8,6 п. п.: в нём 213 сделок (31,3 %) моложе 60 дней, и у многих просто ещё не было времени выиграть.',
    )
  })
  it('the naive one sees quick wins before the losses', () => {
    const s = summary({ naive_rate: 0.3, mature_rate: 0.2, mature_deals: 678 })
    expect(plain(whyDiffers(s))).toContain('выше на 10 п. п.: 2 сделки')
  })
  it('says so when there is nothing to compare', () => {
    expect(whyDiffers(summary({ naive_rate: null }))).toBe('Сделок нет, сравнивать нечего.')
    expect(whyDiffers(summary({ mature_rate: null, mature_deals: 0 }))).toContain('судить о конверсии рано')
    expect(whyDiffers(summary({ mature_deals: 680 }))).toContain('Молодых сделок нет')
    expect(whyDiffers(summary({ naive_rate: 0.28, mature_rate: 0.283 }))).toContain('почти не искажают')
  })
})
describe('how shares read', () => {
  it('with one decimal always, a dash for what is not known', () => {
    expect(plain(rate(0.7))).toBe('70,0 %')
    expect(rate(null)).toBe('–')
  })
  it('as wins among deals where shares are small', () => {
    expect(oneOf(0.02)).toBe('1 победа на 50 сделок')
    expect(oneOf(1 / 17)).toBe('1 победа на 17 сделок')
    expect(oneOf(0.283)).toBe('1 победа на 3,5 сделки')
    expect(oneOf(0.51)).toBe('')
  })
})
describe('parameters in the URL', () => {
  it('go to the server as they are, with the funnel that is shown', () => {
    const query = new URLSearchParams('from=2026-01-01&by=owner&other=1')
    expect(reportUrl('conversion', query, 4)).toBe(
      '/api/reports/conversion?funnel_id=4&from=2026-01-01&by=owner',
    )
  })
  it('offer periods that meet without a gap', () => {
    const at = new Date(2026, 10, 21).getTime()
    const [all, thisYear, lastYear, year] = periods(at)
    expect(all).toMatchObject({ from: null, to: null })
    expect(lastYear!.to).toBe(thisYear!.from)
    expect(year!.from).toBe('2025-11-21')
  })
})
it('reads rows by the names of their columns', () => {
  const report = {
    columns: [
      { id: 'group', type: 'text' },
      { id: 'won_rate', type: 'rate' },
    ],
    rows: [['Анна', 0.4], ['Олег']],
  } as unknown as Report
  expect(records(report)).toEqual([
    { group: 'Анна', won_rate: 0.4 },
    { group: 'Олег', won_rate: null },
  ])
})
