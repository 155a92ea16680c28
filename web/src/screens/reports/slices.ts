// What a report can be broken down by: dates, what the server names, and any field of a deal or of the client behind it.
import { i18n, t, type Key } from '../../lib/i18n.svelte'
import { schema, type SchemaField } from '../../lib/schema.svelte'
import type { Choice } from '../../ui/Combobox.svelte'

const named = [
  ...['owner', 'team', 'source', 'campaign', 'company', 'deal_class', 'loss_reason', 'competitor', 'funnel'],
  ...['product', 'tag', 'day', 'week', 'month', 'quarter', 'year'],
]
const kinds = new Set(['enum', 'ref', 'set', 'bool', 'text', 'currency', 'int'])
/** Fields that the names above stand for, and those that would make a group of every deal. */
const skipped = new Set([
  ...[
    'id',
    'version',
    'title',
    'rank',
    'owner_id',
    'source_id',
    'campaign_id',
    'company_id',
    'deal_class_id',
  ],
  ...[
    'loss_reason_id',
    'funnel_id',
    'tag_ids',
    'contact_ids',
    'name',
    'phone',
    'email',
    'merged_into_id',
    'website',
  ],
])
const fits = (f: SchemaField) => f.filter !== false && kinds.has(f.type) && !skipped.has(f.name)

export function byTitle(by: string): string {
  const key = `report.by.${by}`
  if (key in i18n.texts) return t(key as Key)
  const [first = '', second] = by.split('.')
  const field = schema.field('deal', first)
  if (!second) return field?.label ?? by
  const behind = field?.ref ? schema.field(field.ref, second) : undefined
  return behind ? `${field!.label}: ${behind.label}` : by
}
export function slices(choices: readonly string[] | undefined): Choice[] {
  if (choices) return choices.map((id) => ({ id, label: byTitle(id) }))
  const fields = (schema.object('deal')?.fields ?? []).filter(fits)
  const behind = ['company', 'contact'].flatMap((object) =>
    (schema.object(object)?.fields ?? [])
      .filter(
        (f) =>
          fits(f) &&
          f.type !== 'set' &&
          (f.type !== 'text' || ['country', 'industry', 'position'].includes(f.name) || f.custom),
      )
      .map((f) => `${object}_id.${f.name}`),
  )
  return [...named, ...fields.map((f) => f.name), ...behind].map((id) => ({ id, label: byTitle(id) }))
}
