// The weekly review, as the server tells it.
import { plural, t, i18n, type PluralKey, type Key } from '../../lib/i18n.svelte'
import { formatDay } from '../../lib/dates'

export interface Review {
  id: number
  version: number
  team_id: number | null
  week_on: string
  head_id: number | null
  closed: boolean
  score: number | null
}
export interface Why {
  code: string
  days?: number
  norm?: number
  [more: string]: unknown
}
export interface ReviewItem {
  id: number
  version: number
  review_id: number
  deal_id: number
  why: Why[] | null
  decision: string | null
  decided_by: number | null
  task_id: number | null
  kept: boolean | null
}
export interface ReviewDeal {
  id: number
  title: string
  value_minor: number | null
  currency: string
  stage_id: number
  owner_id: number | null
  funnel_id: number
}
/** A deal of the team that is new, has moved or has ended since the review before. */
export interface Changed {
  deal_id: number
  title: string
  stage: string
  kind: 'new' | 'moved' | 'won' | 'lost'
  at: number
}
/** Why a deal is looked at: "стоит 30 дней при норме 10". */
export function whyText(why: Why): string {
  const days = Number(why.days ?? why.count ?? why.n ?? NaN)
  const stem = `review.why.${why.code}.days`
  // "Overdue by 0 days" says less than "overdue".
  if (days > 0 && i18n.texts[`${stem}.other`])
    return plural(stem as PluralKey, days, { norm: Number(why.norm ?? 0) })
  const key = `review.why.${why.code}`
  return i18n.texts[key] ? t(key as Key) : why.code
}
/** What is wrong with how many deals, the most frequent first. */
export function reasons(items: readonly ReviewItem[]): { code: string; name: string; deals: number }[] {
  const counts = new Map<string, number>()
  for (const { why } of items)
    for (const code of new Set(why?.map((w) => w.code))) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([code, deals]) => ({ code, name: whyText({ code }), deals }))
}
/** The Monday of the week of a moment. */
export function monday(at: number): string {
  const d = new Date(at)
  d.setDate(d.getDate() - ((d.getDay() + 6) % 7))
  return formatDay(d.getTime())
}
/** What has been decided comes last; else as the server ordered them. */
export function openFirst(items: readonly ReviewItem[]): ReviewItem[] {
  return [...items.filter((i) => !i.decision), ...items.filter((i) => i.decision)]
}
