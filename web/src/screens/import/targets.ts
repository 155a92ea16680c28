// What a column of a file can become: a field of the rows' own object, of those beside it, or something special.
import { t, type Key } from '../../lib/i18n.svelte'
import { schema, type SchemaField } from '../../lib/schema.svelte'

export interface Target {
  object: string
  field: string
}
export interface TargetChoice {
  id: string
  label: string
}
export const importable = ['contact', 'company', 'deal', 'task', 'product'] as const
export type Importable = (typeof importable)[number]

/** Objects that a row may bring along. */
const beside: Record<Importable, string[]> = {
  deal: ['contact', 'company', 'product'],
  contact: ['company'],
  company: ['contact'],
  task: ['contact', 'company', 'deal'],
  product: [],
}
const extras: Record<string, string[]> = {
  contact: [
    'first_name',
    'last_name',
    'middle_name',
    'phones',
    'emails',
    'messengers',
    'addresses',
    'sites',
    'note',
  ],
  company: ['phones', 'emails', 'messengers', 'addresses', 'sites', 'note'],
  deal: ['closed_at', 'note'],
}
export const key = ({ object, field }: Target): string => `${object}.${field}`
export function fromKey(k: string): Target {
  const at = k.indexOf('.')
  return { object: k.slice(0, at), field: k.slice(at + 1) }
}
const writable = (f: SchemaField): boolean =>
  !f.read_only && f.type !== 'json' && f.ref !== 'file' && !['rank', 'contact_ids'].includes(f.name)

export function targets(object: Importable): TargetChoice[] {
  const own = schema.object(object)?.label ?? ''
  const list: TargetChoice[] = []
  for (const o of [object, ...beside[object]]) {
    const shape = schema.object(o)
    if (!shape) continue
    const before = o === object ? '' : `${shape.label ?? o}: `
    for (const f of shape.fields)
      if (writable(f)) list.push({ id: key({ object: o, field: f.name }), label: before + f.label })
    for (const x of extras[o] ?? [])
      list.push({ id: key({ object: o, field: x }), label: before + t(`import.extra.${x}` as Key) })
    if (o === object)
      list.push(
        { id: key({ object: o, field: 'created_at' }), label: t('import.extra.created_at') },
        { id: key({ object: o, field: 'id' }), label: t('import.extra.id', { name: own }) },
      )
  }
  return list
}
/** Two columns must not fill the same field, except those that may hold several. */
export function taken(chosen: readonly (string | null)[], at: number): boolean {
  const mine = chosen[at]
  if (!mine || /\.(phones|emails|messengers|addresses|sites|note|tag_ids)$/.test(mine)) return false
  return chosen.some((k, i) => i !== at && k === mine)
}
/** The type that a new field made of a column should have, by what stands in the column. */
export function typeOf(samples: readonly string[]): string {
  const filled = samples.map((s) => s.trim()).filter(Boolean)
  const all = (form: RegExp) => filled.length > 0 && filled.every((s) => form.test(s))
  if (all(/^(да|нет|yes|no|true|false)$/i)) return 'bool'
  if (all(/^\d{1,2}[./]\d{1,2}[./]\d{2,4}$|^\d{4}-\d{2}-\d{2}$/)) return 'date'
  if (all(/^\d{1,2}[./]\d{1,2}[./]\d{2,4}[ T]\d{1,2}:\d{2}|^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}/)) return 'time'
  if (all(/^https?:\/\//i)) return 'url'
  if (all(/^\S+@\S+\.\S+$/)) return 'email'
  if (all(/^-?[\d\s\u00a0]+([.,]\d+)?$/) && filled.every((s) => s.replace(/\D/g, '').length < 10))
    return 'number'
  if (filled.some((s) => s.length > 120 || s.includes('\n'))) return 'long'
  return 'text'
}
