// Lists that reports read: KPI, advertising costs, rates of currencies, programmes.
import { get } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { formatDay } from '../../lib/dates'
import { minorUnits, money, num, percent, t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { List } from '../../lib/types'
import { currencyField, type Dictionary } from './dictionaries.svelte'
import type { Draft, FormField } from './form'
import { label, option, options } from './names.svelte'

interface Measure {
  id: string
  title: string
  type: string
}
interface Named {
  id: number
  name: string
}
/** What the forms choose from; asked for once, when the first of them is looked at. */
class Choices {
  measures = $state.raw<readonly Measure[]>([])
  teams = $state.raw<readonly Named[]>([])
  #asked = false

  load(): this {
    if (this.#asked) return this
    this.#asked = true
    const failed = () => (this.#asked = false) // the next look asks again
    get<Measure[]>('/api/measures').then((found) => (this.measures = found), failed)
    get<List<Named>>('/api/teams?limit=500&fields=id,name').then((l) => (this.teams = l.items), failed)
    return this
  }
}
const choices = new Choices()
const named = (of: readonly { id: number; name: string }[]) => of.map(({ id, name }) => ({ id, label: name }))
const field = (object: string, name: string, more: Partial<FormField> = {}): FormField => ({
  ...{ name, label: label(object, name), kind: 'text' },
  ...more,
})
const measureOf = (draft: Draft) => choices.measures.find((m) => m.id === draft.measure)
/** Targets are typed in rubles and per cent. */
function unitOf(draft: Draft): number {
  const type = measureOf(draft)?.type
  return type === 'money' ? minorUnits(session.currency) : type === 'rate' ? 0.01 : 1
}
function targetText(row: Draft): string {
  const type = measureOf(row)?.type
  const n = Number(row.target)
  return type === 'money' ? money(n, session.currency) : type === 'rate' ? percent(n, 1) : num(n, 2)
}
const teamName = (id: unknown) => choices.teams.find((x) => x.id === id)?.name
const today = () => formatDay(clock.exact())
const joined = (...parts: unknown[]) => parts.filter(Boolean).join(' · ')

export const insight: Record<string, Dictionary> = {
  kpis: {
    ...{ object: 'kpi', plural: 'kpis', ordered: true },
    away: { field: 'archived', value: true },
    fields: () => [
      field('kpi', 'name', { required: true, most: 200 }),
      field('kpi', 'measure', {
        ...{ kind: 'choice', required: true },
        choices: choices.load().measures.map((m) => ({ id: m.id, label: m.title })),
      }),
      field('kpi', 'target', { kind: 'real', scale: unitOf, hint: t('settings.kpis.target_hint') }),
      field('kpi', 'team_id', {
        ...{ kind: 'choice', choices: named(choices.teams), empty: t('settings.kpis.everybody') },
      }),
      field('kpi', 'better', {
        kind: 'choice',
        required: true,
        choices: options('kpi', 'better', ['more', 'less']),
      }),
    ],
    fresh: () => ({ better: 'more' }),
    about: (row) =>
      joined(
        choices.load() && measureOf(row)?.title,
        row.target === null ? '' : t('settings.kpis.target', { n: targetText(row) }),
        teamName(row.team_id),
      ),
  },
  'ad-costs': {
    ...{ object: 'ad-cost', plural: 'ad-costs' },
    fresh: () => ({ currency: session.currency, day_on: today() }),
    fields: () => [
      field('ad-cost', 'campaign_id', {
        ...{ kind: 'choice', required: true, once: true, choices: named(session.boot?.campaigns ?? []) },
      }),
      field('ad-cost', 'day_on', { kind: 'date', required: true, once: true }),
      field('ad-cost', 'cost_minor', { kind: 'money', required: true }),
      currencyField('ad-cost', session.currency),
      field('ad-cost', 'impressions', { kind: 'number' }),
      field('ad-cost', 'clicks', { kind: 'number' }),
    ],
  },
  'currency-rates': {
    ...{ object: 'currency-rate', plural: 'currency-rates' },
    fresh: () => ({ day_on: today(), currency: session.currency === 'USD' ? 'EUR' : 'USD' }),
    fields: () => [
      { ...currencyField('currency-rate'), once: true },
      field('currency-rate', 'day_on', { kind: 'date', required: true, once: true }),
      field('currency-rate', 'rate', { kind: 'real', required: true }),
    ],
    about: (row) => `1 ${String(row.currency)} = ${num(Number(row.rate), 6)} ${session.currency}`,
  },
  programmes: {
    ...{ object: 'programme', plural: 'programmes' },
    fresh: () => ({ kind: 'training', starts_on: today() }),
    fields: () => [
      field('programme', 'name', { required: true, most: 200 }),
      field('programme', 'kind', {
        ...{ kind: 'choice', required: true },
        choices: options('programme', 'kind', [
          'training',
          'rules',
          'people',
          'product',
          'marketing',
          'other',
        ]),
      }),
      field('programme', 'starts_on', { kind: 'date', required: true }),
      field('programme', 'ends_on', { kind: 'date' }),
      field('programme', 'funnel_id', {
        ...{ kind: 'choice', choices: named(session.funnels), empty: t('settings.all_funnels') },
      }),
      field('programme', 'team_id', {
        ...{ kind: 'choice', choices: named(choices.load().teams), empty: t('settings.programmes.of_all') },
      }),
      field('programme', 'comment', { kind: 'long', most: 5000 }),
    ],
    about: (row) =>
      joined(
        option('programme', 'kind', String(row.kind)),
        row.ends_on ? `${String(row.starts_on)} – ${String(row.ends_on)}` : row.starts_on,
        row.funnel_id && session.funnel(Number(row.funnel_id))?.name,
        row.comment,
      ).slice(0, 160),
  },
}
