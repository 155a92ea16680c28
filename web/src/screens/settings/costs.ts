// Advertising costs in groups with their totals; sums of different currencies stand beside each other.
import type { Row } from './records.svelte'

export interface Cost extends Row {
  campaign_id: number
  day_on: string
  cost_minor: number
  currency: string
  impressions: number | null
  clicks: number | null
}
export type By = 'campaign' | 'month'
interface Money {
  currency: string
  minor: number
}
export interface Sums {
  money: Money[]
  /** What the rows cost whose clicks are known. */
  clicked: Money[]
  /** null: no row says. */
  impressions: number | null
  clicks: number | null
}
export interface Group {
  /** The campaign's id, or the month's first day. */
  key: string
  sums: Sums
  parts: Group[]
  /** Of the innermost group: its days, the newest first. */
  rows: Cost[]
}
const added = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : a + b)

export function sumsOf(rows: readonly Cost[]): Sums {
  const money = new Map<string, number>()
  const clicked = new Map<string, number>()
  let impressions: number | null = null
  let clicks: number | null = null
  for (const row of rows) {
    add(money, row)
    if (row.clicks !== null) add(clicked, row)
    impressions = added(impressions, row.impressions)
    clicks = added(clicks, row.clicks)
  }
  return { money: listed(money), clicked: listed(clicked), impressions, clicks }
}
const add = (sums: Map<string, number>, row: Cost) =>
  sums.set(row.currency, (sums.get(row.currency) ?? 0) + row.cost_minor)
const listed = (sums: Map<string, number>): Money[] =>
  [...sums].map(([currency, minor]) => ({ currency, minor }))
/** What a click cost: of the rows that know their clicks, where these are of one currency. */
export function clickPrice(s: Sums): Money | null {
  const [one, ...more] = s.clicked
  return one && more.length === 0 && s.clicks ? { ...one, minor: Math.round(one.minor / s.clicks) } : null
}
const keyOf: Record<By, (row: Cost) => string> = {
  campaign: (row) => String(row.campaign_id),
  month: (row) => `${row.day_on.slice(0, 7)}-01`,
}
/** Campaigns with their months, or months with their campaigns: months newest first, campaigns by `name`. */
export function grouped(
  rows: readonly Cost[],
  by: By,
  name: (campaign: string) => string,
  inner = true,
): Group[] {
  const groups = new Map<string, Cost[]>()
  for (const row of rows) {
    const key = keyOf[by](row)
    const own = groups.get(key)
    if (own) own.push(row)
    else groups.set(key, [row])
  }
  return [...groups]
    .sort(([a], [b]) => (by === 'month' ? b.localeCompare(a) : name(a).localeCompare(name(b))))
    .map(([key, own]) => ({
      ...{ key, sums: sumsOf(own) },
      parts: inner ? grouped(own, by === 'month' ? 'campaign' : 'month', name, false) : [],
      rows: inner ? [] : own.toSorted((a, b) => b.day_on.localeCompare(a.day_on) || a.id - b.id),
    }))
}
