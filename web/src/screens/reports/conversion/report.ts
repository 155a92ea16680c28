// A report as GET /api/reports/{id} gives it. Parts that this application does not know are left alone.
import { num, percent, plural, t } from '../../../lib/i18n.svelte'
import type { Step, Transition } from '../../../charts/stats'

export interface ReportInfo {
  id: string
  question: string
  params: { name: string; type: string; choices?: string[] }[]
}
export interface CurveRow {
  group: string | null
  day: number
  won_rate: number | null
  won_low: number | null
  won_high: number | null
  lost_rate: number | null
  at_risk: number | null
}
export interface GroupRow {
  group: string
  group_id: number
  deals: number
  won: number
  lost: number
  open: number
  naive_rate: number | null
  mature_deals: number
  mature_won: number
  mature_rate: number | null
  mature_low: number | null
  mature_high: number | null
}
export interface Summary {
  deals: number
  won: number
  lost: number
  open: number
  naive_rate: number | null
  naive_low?: number | null
  naive_high?: number | null
  mature_deals: number
  mature_won: number
  mature_rate: number | null
  mature_low?: number | null
  mature_high?: number | null
  mature_days?: number | null
  as_of?: number | null
  median_win_days?: number | null
  plateau_won?: number | null
  steps?: Step[]
  transitions?: Transition[]
  groups?: GroupRow[]
  curve?: CurveRow[]
}
export type Cell = number | string | null
export interface Report {
  id: string
  question: string
  params: Record<string, Cell>
  summary: Summary
  columns: { id: string; type: string }[]
  rows: Cell[][]
  keys?: number[]
  tables?: { id: string; keys: number[] }[]
  notes: { code: string; text: string }[]
}
/** What leads to the deals of a row of a table ("rows": the main one). */
export function keyOf(report: Report, table: string, row: number): number | null {
  const keys = table === 'rows' ? report.keys : report.tables?.find((x) => x.id === table)?.keys
  return keys?.[row] ?? null
}
/** The rows of the main table as objects. */
export function records(report: Report): Record<string, Cell>[] {
  return report.rows.map((row) => Object.fromEntries(report.columns.map((c, i) => [c.id, row[i] ?? null])))
}

/** Parameters of the report that stand in the URL. */
export const params = ['funnel_id', 'from', 'to', 'as_of', 'by', 'filter', 'mature_days'] as const
export type Param = (typeof params)[number]

export function reportUrl(id: string, query: URLSearchParams, funnelId: number): string {
  const asked = new URLSearchParams()
  for (const name of params) {
    const value = name === 'funnel_id' ? (query.get(name) ?? String(funnelId)) : query.get(name)
    if (value) asked.set(name, value)
  }
  return `/api/reports/${id}?${asked}`
}
export interface Period {
  id: 'all' | 'this_year' | 'last_year' | 'year'
  from: string | null
  to: string | null
}
const two = (n: number) => String(n).padStart(2, '0')
export function periods(now: number): Period[] {
  const d = new Date(now)
  const year = d.getFullYear()
  return [
    { id: 'all', from: null, to: null },
    { id: 'this_year', from: `${year}-01-01`, to: null },
    { id: 'last_year', from: `${year - 1}-01-01`, to: `${year}-01-01` },
    { id: 'year', from: `${year - 1}-${two(d.getMonth() + 1)}-${two(d.getDate())}`, to: null },
  ]
}
/** One plain sentence: why the two conversions differ, or that they do not. */
export function whyDiffers(s: Summary): string {
  if (s.naive_rate === null) return t('report.page.why.nothing')
  const young = s.deals - s.mature_deals
  const days = num(s.mature_days ?? 0)
  if (s.mature_rate === null) return t('report.page.why.all_young', { days })
  const points = (s.mature_rate - s.naive_rate) * 100
  const values = { points: num(Math.abs(points), 1), share: percent(young / s.deals, 1), days }
  if (young === 0) return t('report.page.why.no_young', { days })
  if (Math.abs(points) < 0.5) return plural('report.page.why.same', young, values)
  return plural(points > 0 ? 'report.page.why.naive_low' : 'report.page.why.naive_high', young, values)
}
/** "1 win in 6 deals", where that says more than a small share. */
export function oneOf(share: number | null): string {
  if (share === null || share <= 0 || share > 0.34) return ''
  const n = share > 0.1 ? Math.round(10 / share) / 10 : Math.round(1 / share)
  return plural('report.page.one_of', n, { n: num(n, 1) })
}
