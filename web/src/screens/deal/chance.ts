// The chance of a deal, as the server tells it.
import { date, i18n, num, t } from '../../lib/i18n.svelte'
import { enumLabel, schema } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'
import { money } from '../../lib/i18n.svelte'

export interface Effect {
  /** A field of the deal, "company_id.x", or "weekday". */
  field: string
  value: string | number | boolean | null
  effect: number
}
export interface Score {
  rate: number
  base_rate: number
  /** Won within so many days of being created. */
  days: number
  tested: number
  fields: Effect[]
}
export interface Chance {
  days: number
  status: 'open' | 'won' | 'lost'
  won_rate: number | null
  low: number | null
  high: number | null
  typed: number | null
  score: Score | null
}
/** What moves it most stands first; what moves nothing is left out. */
export const effectsOf = (score: Score): Effect[] =>
  score.fields
    .filter((f) => Math.abs(f.effect) > 0.005)
    .toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
    .slice(0, 12)

/** A value of a field as people read it. */
export function valueOf(e: Effect, nameOf: (of: string, id: number) => string | undefined): string {
  const { field, value } = e
  if (value === null) return ''
  if (field === 'weekday') {
    const monday = Date.UTC(2024, 0, 1)
    const day = new Intl.DateTimeFormat(i18n.locale, { weekday: 'long', timeZone: 'UTC' })
    return day.format(monday + (Number(value) - 1) * 86_400_000)
  }
  if (typeof value === 'boolean') return t(value ? 'timeline.yes' : 'timeline.no')
  const company = field.startsWith('company_id.')
  const known = schema.field(company ? 'company' : 'deal', company ? field.slice(11) : field)
  if (typeof value === 'string') return known ? enumLabel(known, value) : value
  if (known?.options) return known.options.find((o) => o.id === value)?.name ?? String(value)
  if (known?.type === 'ref' && known.ref) {
    const own =
      known.ref === 'source'
        ? session.sources.get(value)?.name
        : known.ref === 'user'
          ? session.users.get(value)?.name
          : undefined
    return own ?? nameOf(known.ref, value) ?? `№ ${value}`
  }
  if (known?.type === 'money') return money(value, session.currency)
  if (known?.type === 'time') return date(value, 'dayYear')
  return num(value, 2)
}
