// What can be chosen on this record: stages of its funnel, reasons of its funnel.
import type { Found } from '../../lib/names.svelte'
import type { SchemaField } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'

export function fitting(
  field: SchemaField,
  list: readonly Found[],
  record: Record<string, unknown> | null,
): Found[] {
  const funnel = record?.funnel_id
  if (typeof funnel !== 'number') return [...list]
  if (field.ref === 'stage') {
    const stages = session.funnel(funnel)?.stages ?? []
    const order = new Map(stages.map((s) => [s.id, s.position]))
    return list
      .filter((x) => order.has(x.id))
      .map((x) => ({ ...x, hint: '' }))
      .sort((a, b) => order.get(a.id)! - order.get(b.id)!)
  }
  if (field.ref === 'loss-reason') {
    const fits = new Set(session.lossReasons(funnel).map((r) => r.id))
    return list.filter((x) => fits.has(x.id))
  }
  return [...list]
}
