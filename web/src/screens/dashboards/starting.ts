// The first dashboard that nobody had to make: what whoever leads, or sells, looks at first.
import type { ReportInfo } from '../reports/model'
import type { Role } from '../../lib/types'
import type { Item, Show } from './dashboards.svelte'

interface Wish {
  reports: readonly string[]
  show: Show
  w: number
  h: number
}
const wish = (reports: string, show: Show, w: number, h: number): Wish => ({
  ...{ reports: reports.split(' '), show, w, h },
})
/** The first of each row's reports that there is. */
const lead: readonly Wish[] = [
  wish('plan_actual plan conversion', 'number', 1, 1),
  wish('conversion', 'number', 1, 1),
  wish('cycle cycle_length', 'number', 1, 1),
  wish('discipline task_discipline', 'number', 1, 1),
  wish('funnel', 'chart', 2, 2),
  wish('forecast plan_actual', 'chart', 2, 2),
  wish('bottleneck loss_reasons', 'chart', 2, 2),
  wish('ageing stuck aging', 'chart', 2, 2),
  wish('sources', 'chart', 2, 2),
  wish('breaks', 'chart', 2, 2),
  wish('activity task_discipline discipline', 'table', 4, 2),
]
const sell: readonly Wish[] = [
  wish('plan_actual plan conversion', 'number', 1, 1),
  wish('task_discipline discipline', 'number', 1, 1),
  wish('first_response', 'number', 1, 1),
  wish('funnel', 'number', 1, 1),
  wish('ageing stuck aging', 'chart', 2, 2),
  wish('activity task_discipline', 'chart', 2, 2),
  wish('funnel', 'chart', 2, 2),
  wish('loss_reasons bottleneck', 'chart', 2, 2),
]
export function starting(role: Role, reports: readonly ReportInfo[]): Item[] {
  const known = new Map(reports.map((r) => [r.id, r]))
  const taken = new Set<string>()
  return (role === 'seller' ? sell : lead).flatMap(({ reports: wanted, show, w, h }): Item[] => {
    const id = wanted.find((r) => known.has(r) && !taken.has(`${r} ${show}`))
    if (!id) return []
    taken.add(`${id} ${show}`)
    return [
      { report: id, params: {}, show: show === 'chart' && !known.get(id)!.chart ? 'table' : show, w, h },
    ]
  })
}
