import { describe, expect, it } from 'vitest'
import { domain, plotOf, ticks } from '../../charts/plot'
import { asked, dealsUrl, ownPeriod, preset, presetOf } from './ask'
import {
  changed,
  differs,
  intervals,
  linkOf,
  pageOf,
  sorted,
  tableOf,
  type Column,
  type Report,
} from './model'

const column = (id: string, type: Column['type'], more: Partial<Column> = {}): Column => ({
  ...{ id, type, title: id },
  ...more,
})
const columns = [
  column('stage', 'text'),
  column('stage_id', 'id', { ref: 'stages' }),
  column('deals', 'int', { drill: true }),
  column('went_on', 'int'),
  column('went_on_rate', 'rate'),
  column('went_on_low', 'rate'),
  column('went_on_high', 'rate'),
]
const report = (more: Partial<Report> = {}): Report => ({
  ...{ id: 'funnel', question: '', params: {}, summary: {}, summary_types: {}, tables: [], notes: [] },
  ...{ columns, rows: [['Заявка', 7, 40, 20, 0.5, 0.35, 0.65]], keys: [7], explain: { definition: 1 } },
  ...more,
})

describe('tables of a report', () => {
  it('an interval belongs to the rate of its name, not to the count before it', () => {
    expect(intervals(columns)).toEqual(new Map([[4, { low: 5, high: 6 }]]))
  })
  it('a name leads to the card of its record, where there is one', () => {
    expect(linkOf(columns, 0)).toEqual({ at: 1, ref: 'stages' })
    expect(pageOf('stages', 7)).toBeNull()
    expect(pageOf('deals', 7)).toBe('/deals/7')
  })
  it('those of the summary come as rows too, with the keys that lead to deals', () => {
    const r = report({
      summary: { groups: [{ group: 'Анна', deals: 3 }] },
      tables: [
        {
          ...{ id: 'groups', title: 'Группы', for_pictures: false, keys: [5] },
          columns: [column('group', 'text'), column('deals', 'int')],
        },
      ],
    })
    expect(tableOf(r, 'groups')).toMatchObject({ rows: [['Анна', 3]], keys: [5] })
    expect(tableOf(r, 'nothing')).toBeNull()
  })
  it('are sorted with what is not known at the end, whichever way', () => {
    const rows = [[2], [null], [3], [1]]
    const by = (down: boolean) => sorted(rows, 0, down, (a, b) => a.localeCompare(b))
    expect(by(false)).toEqual([3, 0, 2, 1])
    expect(by(true)).toEqual([2, 0, 3, 1])
  })
})
describe('two periods', () => {
  it('differ only where their intervals do not meet', () => {
    expect(differs({ low: 0.5, high: 0.6 }, { low: 0.3, high: 0.4 })).toBe('up')
    expect(differs({ low: 0.1, high: 0.2 }, { low: 0.3, high: 0.4 })).toBe('down')
    expect(differs({ low: 0.35, high: 0.5 }, { low: 0.3, high: 0.4 })).toBe('same')
    expect(differs({ low: null, high: 0.5 }, { low: 0.3, high: 0.4 })).toBe('unknown')
  })
  it('give a sign to the numbers that truly changed', () => {
    const r = report({
      summary: { rate: 0.5, rate_low: 0.45, rate_high: 0.55, deals: 100 },
      summary_types: { rate: 'rate', rate_low: 'rate', rate_high: 'rate', deals: 'int' },
    })
    r.comparison = { ...r, summary: { rate: 0.3, rate_low: 0.25, rate_high: 0.35, deals: 90 } }
    expect(changed(r).map((t) => [t.key, t.change, t.before])).toEqual([['rate', 'up', 0.3]])
  })
})
describe('what is asked', () => {
  it('takes from the address only what the report knows', () => {
    const info = { params: [{ name: 'from', type: 'time' as const }] }
    expect(asked(info, new URLSearchParams('from=2026-01-01&sort=x&to=')).toString()).toBe('from=2026-01-01')
  })
  it('presets end before the next begins, and are recognised again', () => {
    const now = new Date(2026, 10, 22).getTime()
    expect(preset('last_month', now)).toEqual({ from: '2026-10-01', to: '2026-10-31' })
    expect(preset('last_quarter', now)).toEqual({ from: '2026-07-01', to: '2026-09-30' })
    expect(preset('last_year', now)).toEqual({ from: '2025-01-01', to: '2025-12-31' })
    expect(presetOf('2026-11-01', null, now)).toBe('this_month')
    expect(presetOf('2026-11-02', null, now)).toBeNull()
  })
  it('reads a period of one’s own, and asks deals without the comparison', () => {
    expect(ownPeriod('2026-01-01..2026-03-31')).toEqual({ from: '2026-01-01', to: '2026-03-31' })
    expect(ownPeriod('previous')).toBeNull()
    const at = { table: 'rows', row: 7, column: 'deals', title: 'not asked' }
    const url = dealsUrl('funnel', new URLSearchParams('compare=year&by=owner'), at, { limit: 50, offset: 0 })
    expect(url).toBe('/api/reports/funnel/deals?by=owner&table=rows&row=7&column=deals&limit=50&offset=0')
  })
})
describe('pictures', () => {
  const text = (v: unknown) => String(v)
  const table = tableOf(
    report({
      rows: [
        ['Б', 1, 5, 0, 0.2, 0.1, 0.3],
        ['А', 2, 9, 0, null, null, null],
      ],
      keys: [1, 2],
    }),
    'rows',
  )!
  it('keep the order of the rows, leave out what is not known, lead to deals', () => {
    const bars = plotOf(table, { kind: 'bars', x: 'stage', y: 'deals' }, text)!
    expect(bars.names).toEqual(['Б', 'А'])
    expect(bars.series[0]!.points.map((p) => p.drill)).toEqual([2, 2])
    const dots = plotOf(
      table,
      { kind: 'dots', x: 'stage', y: 'went_on_rate', low: 'went_on_low', high: 'went_on_high' },
      text,
    )!
    expect(dots.series[0]!.points).toMatchObject([{ y: 0.2, low: 0.1, high: 0.3, row: 0 }])
    expect(plotOf(table, { kind: 'bars', x: 'stage', y: 'nothing' }, text)).toBeNull()
  })
  it('have round steps that hold all values', () => {
    expect(ticks(0, 793, 4)).toEqual([0, 200, 400, 600, 800])
    expect(ticks(-3, 7, 4).at(0)).toBeLessThanOrEqual(-3)
    expect(
      domain(
        [
          {
            name: '',
            points: [
              {
                x: 0,
                y: 90,
                low: null,
                high: 95,
                size: null,
                share: null,
                name: '',
                young: false,
                row: 0,
                drill: -1,
              },
            ],
          },
        ],
        true,
      ),
    ).toEqual([0, 95])
  })
})
