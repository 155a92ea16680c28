// Plans as the server tells them, their periods, and numbers of a measure as people write and read them.
import { formatDay, parseDay } from '../../lib/dates'
import { date, i18n, minorUnits, money, num, percent, t } from '../../lib/i18n.svelte'

export const periods = ['day', 'week', 'month', 'quarter', 'year'] as const
export type Period = (typeof periods)[number]
export interface Measure {
  id: string
  title: string
  type: string
  /** Of days and people: its parts sum up to the whole. */
  adds: boolean
}
export interface Plan {
  id: number
  version: number
  measure: string
  period: Period
  starts_on: string
  team_id: number | null
  user_id: number | null
  funnel_id: number | null
  product_id: number | null
  parent_id: number | null
  target: number
}
/** How far a plan or a KPI is; null: nothing to tell. */
export interface Progress {
  actual: number | null
  elapsed: number | null
  expected_by_now: number | null
  pace: number | null
  forecast: number | null
  missing: number | null
  missing_a_day: number | null
  /** Why there is no actual, in words. */
  why_text?: string | null
}
export interface PlanProgress extends Progress {
  plan: Omit<Plan, 'version' | 'id'> & { id: number; title: string; type: string; ends_on: string }
}

/** The first day of the period that holds a day. */
export function firstDay(period: Period, day: string): string {
  const d = new Date(parseDay(day))
  if (period === 'week') d.setDate(d.getDate() - ((d.getDay() + 6) % 7))
  if (period === 'month' || period === 'quarter' || period === 'year') d.setDate(1)
  if (period === 'quarter') d.setMonth(d.getMonth() - (d.getMonth() % 3))
  if (period === 'year') d.setMonth(0)
  return formatDay(d.getTime())
}
/** The first day of the period so many periods further. */
export function step(period: Period, first: string, by: number): string {
  const d = new Date(parseDay(first))
  if (period === 'day' || period === 'week') d.setDate(d.getDate() + by * (period === 'week' ? 7 : 1))
  else d.setMonth(d.getMonth() + by * (period === 'month' ? 1 : period === 'quarter' ? 3 : 12))
  return formatDay(d.getTime())
}
const months = () => new Intl.DateTimeFormat(i18n.locale, { month: 'short', year: '2-digit' })
export function periodText(period: Period, first: string): string {
  const at = parseDay(first)
  const d = new Date(at)
  if (period === 'month')
    return months()
      .format(at)
      .replace(/\s?г\.$/, '')
  if (period === 'year') return String(d.getFullYear())
  if (period === 'quarter')
    return `${['I', 'II', 'III', 'IV'][Math.floor(d.getMonth() / 3)]} ${d.getFullYear()}`
  if (period === 'week') return `${date(at)} – ${date(parseDay(first, 6))}`
  return date(at, 'dayYear')
}
/** How many columns of a period stand beside each other. */
export const columnsOf: Record<Period, number> = { day: 7, week: 5, month: 6, quarter: 4, year: 3 }

/** A number of a measure, as it is read. */
export function valueText(n: number | null | undefined, type: string, currency: string): string {
  if (n === null || n === undefined) return '–'
  if (type === 'money') return money(Math.round(n / minorUnits(currency)) * minorUnits(currency), currency)
  if (type === 'rate') return percent(n, 1)
  return num(n, Math.abs(n) < 10 ? 1 : 0)
}
/** What is missing a day: a call and a half is two calls. */
export function missingText(n: number, type: string, currency: string): string {
  return type === 'int' ? num(Math.ceil(n - 1e-9)) : valueText(n, type, currency)
}
/** In the cell: in whole units of money, rates in per cent. */
export function toCell(n: number, type: string, currency: string): string {
  if (type === 'money') return num(n / minorUnits(currency), 2)
  return type === 'rate' ? num(n * 100, 2) : num(n, 2)
}
/** null: the cell is empty; undefined: no number. */
export function fromCell(text: string, type: string, currency: string): number | null | undefined {
  const bare = text.replace(/[\s\u00a0\u202f%₽]/g, '')
  if (bare === '') return null
  const grouped = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare) && (i18n.locale === 'en' || bare.includes('.'))
  const n = Number(grouped ? bare.replaceAll(',', '') : bare.replace(',', '.'))
  if (!Number.isFinite(n) || n < 0) return undefined
  if (type === 'money') return Math.round(n * minorUnits(currency))
  return type === 'rate' ? n / 100 : n
}

export type State = 'done' | 'ahead' | 'behind' | 'unknown'
export function stateOf(
  p: Pick<Progress, 'actual' | 'missing' | 'expected_by_now'>,
  target: number | null,
): State {
  if (p.actual === null || target === null) return 'unknown'
  if (p.missing === 0) return 'done'
  if (p.expected_by_now === null) return 'unknown'
  return p.actual >= p.expected_by_now ? 'ahead' : 'behind'
}
/** Which row and column of the table a plan stands in. */
export const keyOf = (p: Pick<Plan, 'user_id' | 'team_id'>): string =>
  p.user_id ? `u${p.user_id}` : p.team_id ? `t${p.team_id}` : 'all'
export const stateText = (s: State): string => t(`plans.state.${s}`)
