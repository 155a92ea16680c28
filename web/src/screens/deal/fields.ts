// The fields of a deal as data: how each is edited and how its value reads.
import { parseDay } from '../../lib/dates'
import { date, money, percent, t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { Deal, Named } from '../../lib/types'
import type { Choice } from '../../ui/Combobox.svelte'
import type { FieldValue } from '../../ui/Field.svelte'
import { label } from '../../card/describe'

export interface DealField {
  name: keyof Deal & string
  kind: 'text' | 'area' | 'number' | 'money' | 'date' | 'choice'
  choices?: (deal: Deal) => Choice[]
  maxlength?: number
}
const named = (list: readonly Named[] | undefined, now: number | null): Choice[] =>
  (list ?? []).filter((x) => !x.archived || x.id === now).map((x) => ({ id: x.id, label: x.name }))

const currencies = ['RUB', 'KZT', 'KGS', 'BYN', 'UZS', 'AMD', 'USD', 'EUR', 'CNY']
const fields: DealField[] = [
  { name: 'title', kind: 'text', maxlength: 200 },
  { name: 'value_minor', kind: 'money' },
  { name: 'cost_minor', kind: 'money' },
  { name: 'expected_close_on', kind: 'date' },
  { name: 'probability', kind: 'number' },
  {
    name: 'owner_id',
    kind: 'choice',
    choices: () => session.people.map((u) => ({ id: u.id, label: u.name })),
  },
  {
    name: 'currency',
    kind: 'choice',
    choices: (d) => [...new Set([d.currency, ...currencies])].map((c) => ({ id: c, label: c })),
  },
  {
    name: 'funnel_id',
    kind: 'choice',
    choices: () => session.funnels.map((f) => ({ id: f.id, label: f.name })),
  },
  {
    name: 'deal_class_id',
    kind: 'choice',
    choices: (d) => named(session.boot?.deal_classes, d.deal_class_id),
  },
  { name: 'source_id', kind: 'choice', choices: (d) => named(session.boot?.sources, d.source_id) },
  { name: 'campaign_id', kind: 'choice', choices: (d) => named(session.boot?.campaigns, d.campaign_id) },
  {
    name: 'loss_reason_id',
    kind: 'choice',
    choices: (d) => named(session.lossReasons(d.funnel_id), null),
  },
  { name: 'loss_comment', kind: 'area', maxlength: 2000 },
  ...(['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'] as const).map(
    (name): DealField => ({ name, kind: 'text', maxlength: 200 }),
  ),
]
const byName = new Map<string, DealField>(fields.map((f) => [f.name, f]))
/** A field that this application does not know is still asked for, as text. */
export function fieldOf(name: string): DealField {
  return byName.get(name) ?? { name: name as DealField['name'], kind: 'text' }
}
export const utmFields = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'] as const

/** How the value reads; empty when there is none. */
export function shown(deal: Deal, field: DealField): string {
  const v = deal[field.name] as FieldValue
  if (field.name === 'probability') return probability(deal)
  if (v === null || v === undefined) return ''
  if (field.kind === 'money') return money(Number(v), deal.currency)
  if (field.kind === 'date') return date(parseDay(String(v)), 'dayYear')
  if (field.kind === 'choice')
    return field.choices?.(deal).find((c) => c.id === v)?.label ?? fallback(field, v)
  return String(v)
}
/** A choice that is no longer offered (a former colleague) still has its name. */
function fallback(field: DealField, v: FieldValue): string {
  if (field.name === 'owner_id') return session.users.get(Number(v))?.name ?? ''
  if (field.name === 'loss_reason_id') return session.boot?.loss_reasons.find((r) => r.id === v)?.name ?? ''
  return `№ ${v}`
}
function probability(deal: Deal): string {
  if (deal.probability !== null) return percent(deal.probability / 100)
  const stage = session.stages.get(deal.stage_id)?.probability ?? null
  return stage === null ? '' : t('deal.from_stage', { percent: percent(stage / 100) })
}
export { label }
