// What fields and their values are called, and the names behind ids: for forms and the history of settings.
import { date, i18n, money, num, t, type Key } from '../../lib/i18n.svelte'
import { DAY } from '../../lib/dates'
import { names } from '../../lib/names.svelte'
import { schema } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'

export function label(object: string, field: string): string {
  const own = `field.${object}.${field}`
  return i18n.texts[own] ?? schema.field(object, field)?.label ?? field
}
export function option(object: string, field: string, value: string): string {
  return i18n.texts[`field.${object}.${field}:${value}`] ?? value
}
/** Choices of a closed field, in the order of the names. */
export function options(object: string, field: string, values: readonly string[]) {
  return values.map((id) => ({ id, label: option(object, field, id) }))
}
const references: Record<string, string> = {
  funnel_id: 'funnel',
  source_id: 'source',
  role_id: 'role',
  team_id: 'team',
  parent_id: 'team',
  head_id: 'user',
  owner_id: 'user',
  custom_field_id: 'custom-field',
  campaign_id: 'campaign',
  product_id: 'product',
  user_id: 'user',
}
/** A value of the journal as a person reads it. */
export function shown(object: string, field: string, v: unknown): string {
  if (v === null || v === undefined || v === '') return ''
  if (typeof v === 'boolean') return t(v ? 'timeline.yes' : 'timeline.no')
  const reference = references[field]
  if (reference && typeof v === 'number') return names.of(reference, v) ?? `№ ${v}`
  if (typeof v === 'string') return option(object, field, v)
  if (typeof v === 'number') {
    if (field.endsWith('_minor')) return money(v, session.currency)
    if (field.endsWith('_at')) return date(v, 'full')
    if (field.endsWith('_on'))
      return date(v * DAY + new Date(v * DAY).getTimezoneOffset() * 60_000, 'dayYear')
    return num(v, 2)
  }
  return '' // an object: that it changed is what one reads
}
export function objectName(object: string): string {
  return t(`settings.object.${object}` as Key)
}
