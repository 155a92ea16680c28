// The first dashboard that nobody had to make: what whoever leads, or sells, looks at first.
import type { ReportInfo } from '../reports/model'
import type { Role } from '../../lib/types'
import type { Item, Show } from './dashboards.svelte'

interface Wish {
  report: string
  show: Show
  w: number
  h: number
  number?: string
}
const wish = (report: string, show: Show, w: number, h: number, number?: string): Wish => ({
  ...{ report, show, w, h },
  ...(number && { number }),
})
const lead: readonly Wish[] = [
  wish('conversion', 'number', 1, 1, 'mature_rate'),
  wish('plan_fact', 'number', 1, 1, 'plans_behind'),
  wish('discipline', 'number', 1, 1, 'no_task'),
  wish('first_response', 'number', 1, 1, 'in_time_rate'),
  wish('funnel', 'chart', 2, 2),
  wish('forecast', 'chart', 2, 2),
  wish('bottleneck', 'chart', 2, 2),
  wish('ageing', 'chart', 2, 2),
  wish('sources', 'chart', 2, 2),
  wish('breaks', 'chart', 2, 2),
  wish('activity', 'table', 4, 2),
]
const sell: readonly Wish[] = [
  wish('plan_fact', 'number', 1, 1, 'plans_behind'),
  wish('task_discipline', 'number', 1, 1, 'on_time_rate'),
  wish('first_response', 'number', 1, 1, 'in_time_rate'),
  wish('funnel', 'number', 1, 1, 'open'),
  wish('ageing', 'chart', 2, 2),
  wish('activity', 'chart', 2, 2),
  wish('funnel', 'chart', 2, 2),
  wish('loss_reasons', 'chart', 2, 2),
]
export function starting(role: Role, reports: readonly ReportInfo[]): Item[] {
  const known = new Map(reports.map((r) => [r.id, r]))
  return (role === 'seller' ? sell : lead).flatMap((w): Item[] => {
    const info = known.get(w.report)
    if (!info) return []
    return [{ ...w, params: {}, show: w.show === 'chart' && !info.chart ? 'table' : w.show }]
  })
}
