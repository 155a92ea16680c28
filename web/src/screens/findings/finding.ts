// What a detector noticed, as the server tells it, and how that reads.
import { rate } from '../../charts/format'
import { parseDay } from '../../lib/dates'
import { date, i18n, money, num, percent, plural, t, type Key } from '../../lib/i18n.svelte'

export const states = ['new', 'seen', 'acted', 'false_alarm'] as const
export type State = (typeof states)[number]
export interface Place {
  dimension: 'stage' | 'owner' | 'source' | 'campaign' | 'team' | 'funnel'
  id: number
  name: string
  /** Its part of the change. */
  share: number
  before: number | null
  after: number | null
  /** Deals; of a plan's parts there are none. */
  n_before?: number
  n_after?: number
}
export interface Near {
  kind: string
  name: string
  at: number
}
export interface Finding {
  id: number
  version: number
  detector: string
  funnel_id: number | null
  stage_id: number | null
  user_id: number | null
  since_at: number
  found_at: number
  chance: number | null
  params: {
    unit: 'rate' | 'a_day' | 'days' | 'work_days' | 'money' | 'count'
    before?: number | null
    after?: number | null
    n_before?: number
    n_after?: number
    days?: number
    longest?: number
    funnel?: string
    filter?: string
    /** What has happened, in a sentence; findings of before have none. */
    said?: Record<string, string>
    /** Of a plan: what it is of, and the expected result with its band. */
    plan_id?: number
    measure?: string
    whose?: string
    starts_on?: string
    ends_on?: string
    currency?: string
    low?: number
    high?: number
    actual?: number
    above?: boolean
  } | null
  places: Place[] | null
  near: Near[] | null
  state: State
}
/** A name that the catalogue may not have yet: the id is better than nothing. */
export const called = (key: string, otherwise: string): string =>
  i18n.texts[key] ? t(key as Key) : otherwise

/** As many digits as mean something. */
const digits = (n: number) => (Math.abs(n) >= 100 || Number.isInteger(n) ? 0 : Math.abs(n) >= 1 ? 1 : 2)
/** A number of the finding in its unit: 31 %, 4,2 в день, 12 дней. */
export function valueText(unit: string, n: number | null | undefined, currency = 'RUB'): string {
  if (n === null || n === undefined) return '–'
  if (unit === 'rate') return rate(n)
  // Kopecks of a thousand say nothing here.
  if (unit === 'money')
    return money(Math.abs(n) >= 100_000 ? Math.round(n / 100) * 100 : Math.round(n), currency)
  if (unit === 'count') return num(n, Math.abs(n) >= 10 ? 0 : 1)
  if (unit === 'a_day') return t('findings.a_day', { n: num(n, digits(n)) })
  const whole = Math.abs(n) >= 10 ? Math.round(n) : Math.round(n * 10) / 10
  return plural('findings.days', whole, { n: num(whole, 1) })
}
/** The sentence that heads it: what has happened, or at least what was measured and of whom. */
export function saidOf(f: Finding, about: string): string {
  const what = called(`finding.${f.detector}`, f.detector)
  return f.params?.said?.[i18n.locale] || (about ? `${what}: ${about}` : what)
}
/** How many deals or days the two numbers stand on. */
export function sizeText(f: Finding): string {
  const { n_before: before, n_after: after, unit } = f.params ?? {}
  if (before === undefined || after === undefined) return ''
  if (unit === 'days') return '' // days of standing say nothing to a reader
  return t(unit === 'a_day' ? 'findings.of_days' : 'findings.of_deals', {
    before: num(before),
    after: num(after),
  })
}
export type Way = 'up' | 'down' | 'same'
export function wayOf(f: Finding): Way {
  const { before, after } = f.params ?? {}
  if (typeof before !== 'number' || typeof after !== 'number' || before === after) return 'same'
  return after > before ? 'up' : 'down'
}
/** More days on a stage are worse, more of everything else is better. */
export function isWorse(f: Finding): boolean {
  if (f.detector === 'silence') return true
  if (f.detector === 'plan') return !f.params?.above
  const way = wayOf(f)
  return way !== 'same' && (f.detector === 'filling' ? way === 'up' : way === 'down')
}
/** The chance that nothing has changed, in words. */
export function sureText(chance: number): string {
  const key = chance < 0.001 ? 'certain' : chance < 0.01 ? 'very' : 'likely'
  return t('findings.sure', { sure: t(`findings.sure.${key}`) })
}
/** "Once in 140", rounded to what a person remembers; nobody needs more than a thousand. */
export function onceIn(chance: number): string {
  const n = Math.min(1000, 1 / Math.max(chance, 1e-9))
  const step = n >= 100 ? 50 : n >= 20 ? 10 : 1
  return num(Math.max(step, Math.floor(n / step) * step))
}
/** What is planned and what is expected, in a sentence. */
export function planText(f: Finding): string {
  const p = f.params
  const say = (n: number | null | undefined) => valueText(p?.unit ?? 'count', n, p?.currency)
  return t('findings.plan_below', {
    plan: say(p?.before),
    expected: say(p?.after),
    low: say(p?.low),
    high: say(p?.high),
    actual: say(p?.actual),
  })
}
/** Of what, of whom and for when a plan is. */
export function planOf(f: Finding): string {
  const p = f.params
  const day = (s: string | undefined) => (s ? date(parseDay(s), 'dayYear') : '')
  return t('findings.plan_of', {
    title: called(`measure.${p?.measure}`, p?.measure ?? ''),
    whose: p?.whose || t('findings.company'),
    from: day(p?.starts_on),
    to: day(p?.ends_on),
  })
}
export function planSure(f: Finding): string {
  const least = 0.01 // "0 %" would promise too much
  const chance = f.chance ?? 0
  const said = chance < least ? `< ${percent(least)}` : percent(chance)
  return t(f.params?.above ? 'findings.plan_sure_above' : 'findings.plan_sure_below', { chance: said })
}
export const dealsPlace = (f: Finding): string | null =>
  f.params?.filter ? `/deals/list?filter=${encodeURIComponent(f.params.filter)}` : null
/** The report that draws the row with the change in it. */
export const reportPlace = (f: Finding): string | null =>
  f.detector === 'plan'
    ? `/reports/forecast${f.funnel_id ? `?funnel_id=${f.funnel_id}` : ''}`
    : f.funnel_id
      ? `/reports/breaks?funnel_id=${f.funnel_id}`
      : null
