// What differs between records that are to become one, and which value is taken when nobody chooses.
import type { SchemaField } from '../../lib/schema.svelte'
import { isEmpty } from '../../ui/fields/values'

export type Rec = { id: number; created_at?: number } & Record<string, unknown>
const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** Fields where a choice is to be made: at least two records say something, and not the same. */
export function differing(fields: readonly SchemaField[], records: readonly Rec[]): SchemaField[] {
  return fields.filter((f) => {
    if (f.read_only || f.type === 'set' || f.type === 'json') return false
    const filled = records.map((r) => r[f.name]).filter((v) => !isEmpty(v))
    return filled.some((v) => !same(v, filled[0]))
  })
}
/** From which record each field is taken: the kept one's own value, else the first that has one. */
export function usualChoice(
  fields: readonly SchemaField[],
  records: readonly Rec[],
  kept: number,
): Record<string, number> {
  const order = [...records.filter((r) => r.id === kept), ...records.filter((r) => r.id !== kept)]
  const choice: Record<string, number> = {}
  for (const f of fields) choice[f.name] = order.find((r) => !isEmpty(r[f.name]))?.id ?? kept
  return choice
}
