// What a draft changes, as short words.
import { i18n, t, type Key } from '../../lib/i18n.svelte'
import { names } from '../../lib/names.svelte'
import type { Action, EventSpec } from '../../rules/model'
import { actionText, conditionText, eventText } from '../../rules/words'
import { label, objectName, option } from '../settings/names.svelte'
import { namer } from './choices'
import type { Change } from './answers'
import type { Definition, Gate } from './definition'
import { gateText } from './gate'

/** "КП отправлено: Норма, дней", "Новая цель: Согласие получено". */
export function whatText(change: Change): string {
  const { what, object, field } = change
  if (what === 'changed') {
    if (field === 'archived' && change.after === true)
      return t('designer.what.removed', { what: objectName(object) })
    const said = label(object, field ?? '')
    return object === 'stage' || object === 'funnel' || !change.name ? said : `${change.name}: ${said}`
  }
  return t(`designer.what.${what}`, { what: objectName(object) })
}
/** One side of it. */
export function side(change: Change, value: unknown, doc: Definition): string {
  if (change.what === 'changed' && change.field) {
    if (change.field === 'condition')
      return conditionText(String(value ?? ''), 'deal', { name: namer(doc) }) || '—'
    const refers = change.field.endsWith('_id') ? change.field.slice(0, -3).replaceAll('_', '-') : null
    const own = refers && value ? namer(doc)(refers, value as number | string) : undefined
    if (own) return own
    if (typeof value === 'string') {
      const said = option(change.object, change.field, value)
      return said === value && change.field === 'event' ? t('field.none') : said
    }
    if (typeof value === 'number' && refers) return names.of(refers, value) ?? `№ ${value}`
  }
  if (change.what === 'moved' && typeof value === 'number') return t('designer.place', { n: value })
  return valueText(value, doc)
}
function valueText(value: unknown, doc: Definition): string {
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
  if (Array.isArray(value)) return value.map((v) => valueText(v, doc)).join('\n') || '—'
  if (typeof value !== 'object') return String(value)
  const x = value as Record<string, unknown>
  if (typeof x.do === 'string') return actionText(x as Action, { name: namer(doc) })
  if (typeof x.on === 'string') return eventText(x as unknown as EventSpec, { name: namer(doc) })
  if (typeof x.kind === 'string' && ('at' in x || 'field' in x)) return gateText(x as unknown as Gate, doc)
  const said = x.name ?? x.title ?? x.note ?? x.text
  return typeof said === 'string' ? said : i18n.texts['designer.set'] ? t('designer.set' as Key) : ''
}
