// What is asked of a report stands in the URL; this turns the URL into the request, and presets into dates.
import type { Report, ReportInfo } from './model'

/** The parameters of the report that the query has, and nothing else. */
export function asked(info: Pick<ReportInfo, 'params'>, query: URLSearchParams): URLSearchParams {
  const out = new URLSearchParams()
  for (const { name } of info.params) {
    const value = query.get(name)
    if (value) out.set(name, value)
  }
  return out
}
export function reportUrl(id: string, params: URLSearchParams, more: Record<string, string> = {}): string {
  const all = new URLSearchParams(params)
  for (const [name, value] of Object.entries(more)) all.set(name, value)
  const text = all.toString()
  return `/api/reports/${id}${text ? `?${text}` : ''}`
}
/** The deals behind one number. */
export function dealsUrl(
  id: string,
  params: URLSearchParams,
  at: { table: string; row: number; column: string },
  page: { limit: number; offset: number },
): string {
  const rest = new URLSearchParams(params)
  rest.delete('compare')
  const { table, row, column } = at
  for (const [name, value] of Object.entries({ table, row, column, ...page })) rest.set(name, String(value))
  return `/api/reports/${id}/deals?${rest}`
}
/** Its own page. */
export function pageUrl(id: string, params: Record<string, unknown> | URLSearchParams | null): string {
  const all =
    params instanceof URLSearchParams
      ? params
      : new URLSearchParams(
          Object.entries(params ?? {})
            .filter(([, v]) => v !== null && v !== '')
            .map(([k, v]): [string, string] => [k, String(v)]),
        )
  const text = all.toString()
  return `/reports/${id}${text ? `?${text}` : ''}`
}

export const presetIds = [
  'all',
  'this_month',
  'last_month',
  'this_quarter',
  'last_quarter',
  'this_year',
  'last_year',
  'days_90',
  'year',
] as const
export type PresetId = (typeof presetIds)[number]
const two = (n: number) => String(n).padStart(2, '0')
export const isoDay = (d: Date) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`

/** Both days belong to the period. */
export function preset(id: PresetId, now: number): { from: string | null; to: string | null } {
  const d = new Date(now)
  const [y, m] = [d.getFullYear(), d.getMonth()]
  const quarter = m - (m % 3)
  const between = (from: Date, to: Date | null) => ({ from: isoDay(from), to: to ? isoDay(to) : null })
  switch (id) {
    case 'all':
      return { from: null, to: null }
    case 'this_month':
      return between(new Date(y, m, 1), null)
    case 'last_month':
      return between(new Date(y, m - 1, 1), new Date(y, m, 0))
    case 'this_quarter':
      return between(new Date(y, quarter, 1), null)
    case 'last_quarter':
      return between(new Date(y, quarter - 3, 1), new Date(y, quarter, 0))
    case 'this_year':
      return between(new Date(y, 0, 1), null)
    case 'last_year':
      return between(new Date(y - 1, 0, 1), new Date(y, 0, 0))
    case 'days_90':
      return between(new Date(y, m, d.getDate() - 89), null)
    case 'year':
      return between(new Date(y - 1, m, d.getDate() + 1), null)
  }
}
/** Which preset the dates are, if any. */
export function presetOf(from: string | null, to: string | null, now: number): PresetId | null {
  return (
    presetIds.find((id) => {
      const p = preset(id, now)
      return p.from === (from || null) && p.to === (to || null)
    }) ?? null
  )
}
/** Two dates of a period of one's own to compare with: "2026-01-01..2026-03-31". */
export function ownPeriod(compare: string | null): { from: string; to: string } | null {
  const m = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(compare ?? '')
  return m ? { from: m[1]!, to: m[2]! } : null
}
/** A report about deals of one funnel says so by asking for it. */
export const has = (info: Pick<ReportInfo, 'params'> | null, name: string): boolean =>
  info?.params.some((p) => p.name === name) ?? false

/** The filter of a list that shows the same deals, where that can be said in a filter. */
export function filterOf(report: Report): string {
  const filter = report.params.filter
  return typeof filter === 'string' ? filter : ''
}
