// What a result earns: a fixed part and steps, as src/crm/pay.c counts it.
import { get, request } from '../../lib/api'
import { num, percent, t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { Told } from '../settings/history'
import { valueText, type Measure, type Period } from '../plans/plan'

export interface Step {
  from: number
  percent: number
  pay_minor: number
}
export interface Scheme {
  id: number
  version: number
  name: string
  measure: string
  params: { of?: 'plan' | 'value' } | null
  period: Period
  team_id: number | null
  role_id: number | null
  user_id: number | null
  base_minor: number | null
  currency: string
  steps: Step[]
  enabled: boolean
}
export interface Paid {
  user_id: number
  name: string
  starts_on: string
  value: number | null
  target: number | null
  share: number | null
  pay_minor: number
}
/** What is kept and what is tried: the same fields. */
export type Draft = Omit<Scheme, 'id' | 'version' | 'enabled'>

/** Each step pays its sum once it is reached, and its share of what is above it up to the next one. */
export function payOf(
  s: Pick<Scheme, 'base_minor' | 'steps' | 'params'>,
  value: number,
  target: number,
): number {
  const ofPlan = s.params?.of !== 'value'
  const base = s.base_minor ?? 0
  if (ofPlan && !(target > 0)) return base
  const steps = s.steps.toSorted((a, b) => a.from - b.from)
  const at = (i: number) => (ofPlan ? (steps[i]!.from / 100) * target : steps[i]!.from)
  return steps.reduce((pay, step, i) => {
    if (value < at(i)) return pay
    const next = i + 1 < steps.length ? at(i + 1) : Infinity
    return pay + step.pay_minor + ((Math.min(value, next) - at(i)) * step.percent) / 100
  }, base)
}
/** Steps that the server would take: at least one, each begins at a place of its own. */
export function stepsFit(steps: readonly Step[]): boolean {
  const whole = steps.every((s) =>
    [s.from, s.percent, s.pay_minor].every((n) => Number.isFinite(n) && n >= 0),
  )
  return whole && steps.length > 0 && new Set(steps.map((s) => s.from)).size === steps.length
}
export interface Dot {
  x: number
  y: number
}
/** The line of pay over the result: a point at each end of a step, two where a sum is paid at once. */
export function curveOf(s: Draft, target: number, most: number): Dot[] {
  const ofPlan = s.params?.of !== 'value'
  const unit = ofPlan ? target / 100 : 1
  const xs = [0, ...s.steps.map((x) => x.from).filter((x) => x > 0 && x < most), most].sort((a, b) => a - b)
  return [...new Set(xs)].flatMap((x) => {
    const here = payOf(s, x * unit, target)
    const before = payOf(s, x * unit - Math.max(1e-6, x * unit * 1e-9), target)
    return x > 0 && here - before > 1
      ? [
          { x, y: before },
          { x, y: here },
        ]
      : [{ x, y: here }]
  })
}
export async function tryOut(draft: Draft, periods: number): Promise<{ currency: string; items: Paid[] }> {
  const { name: _n, currency: _c, ...scheme } = draft
  const body = { scheme, periods }
  return (await request<{ currency: string; items: Paid[] }>('POST', '/api/pay-schemes/try', { body })).data
}
/** Steps in words: "from 80: 3 %, +5 000". */
export const stepsText = (steps: readonly Step[], currency: string): string =>
  steps
    .toSorted((a, b) => a.from - b.from)
    .map((s) => {
      const pay = s.pay_minor ? `+${valueText(s.pay_minor, 'money', currency)}` : ''
      const share = s.percent ? percent(s.percent / 100, 2) : ''
      return `${t('pay.step_from', { n: num(s.from, 2) })} ${[share, pay].filter(Boolean).join(', ') || '–'}`
    })
    .join('; ')
export const loadSchemes = async (): Promise<Scheme[]> =>
  (await get<{ items: Scheme[] }>('/api/pay-schemes?limit=200&sort=name')).items
/** What a scheme's history reads: its steps, what they count from, its measure. */
export const toldOf = (measures: readonly Measure[]): Told => ({
  fields: ['measure', 'period', 'params', 'base_minor', 'steps', 'enabled'],
  value: (_, field, v) => {
    if (field === 'steps')
      return Array.isArray(v) ? stepsText((v as Partial<Step>[]).map(whole), session.currency) : ''
    if (field === 'params')
      return v ? t((v as Scheme['params'])?.of === 'value' ? 'pay.of.value' : 'pay.of.plan') : ''
    if (field === 'measure') return measures.find((m) => m.id === v)?.title
    return undefined
  },
})
const whole = (s: Partial<Step>): Step => ({
  from: s.from ?? 0,
  percent: s.percent ?? 0,
  pay_minor: s.pay_minor ?? 0,
})
