// Fields by which one can filter, those of the contact, company or deal behind a row among them.
import { isGroup, read, type Condition, type Node, type Op } from '../../lib/conditions'
import { t, type Key } from '../../lib/i18n.svelte'
import { schema, type SchemaField, type SchemaObject } from '../../lib/schema.svelte'

export interface FilterField {
  path: string
  label: string
  field: SchemaField
}
const steps = new Set(['contact', 'company', 'deal'])

export function filterFields(shape: SchemaObject): FilterField[] {
  const fits = (f: SchemaField) => f.filter !== false && f.type !== 'json'
  const own = shape.fields.filter(fits).map((field) => ({ path: field.name, label: field.label, field }))
  const behind = shape.fields
    .filter((f) => f.type === 'ref' && steps.has(f.ref ?? '') && f.ref !== shape.object)
    .flatMap((f) =>
      (schema.object(f.ref!)?.fields ?? [])
        .filter((g) => fits(g) && g.name !== 'id')
        .map((field) => ({ path: `${f.name}.${field.name}`, label: `${f.label}: ${field.label}`, field })),
    )
  return [...own, ...behind]
}
const numbers: Op[] = ['=', '>=', '<=', '>', '<', '!=', 'not null', 'null']
/** What can be asked of a field. */
export function opsOf({ type, ref }: SchemaField): Op[] {
  switch (type) {
    case 'bool':
      return ['=']
    case 'int':
    case 'real':
    case 'money':
      return numbers
    case 'date':
      return ['>=', '<', '=', '<=', '>', 'not null', 'null']
    case 'time':
      return ['>=', '<', 'not null', 'null']
    case 'enum':
    case 'currency':
      return ['in', 'not in', 'not null', 'null']
    case 'ref':
      return ref ? ['in', 'not in', 'not null', 'null'] : ['not null', 'null']
    case 'set':
      return ['in', 'has', 'not has', 'not null', 'null']
    default:
      return ['~', '!~', '=', '!=', 'not null', 'null']
  }
}
/** "=" of a choice is "in" with one value: the builder knows one of them only. */
export function known(c: Condition, field: SchemaField): Condition {
  const listed = ['enum', 'currency', 'ref'].includes(field.type)
  if (listed && c.op === '=') return { ...c, op: 'in' }
  if (listed && c.op === '!=') return { ...c, op: 'not in' }
  return c
}
export function opText(op: Op, { type }: SchemaField): string {
  const dated = type === 'date' || type === 'time'
  const names: Record<Op, Key> = {
    ...{ '=': 'cond.is', '!=': 'cond.is_not', '~': 'cond.has', '!~': 'cond.has_not' },
    ...{ in: 'cond.one_of', 'not in': 'cond.none_of', has: 'cond.with', 'not has': 'cond.without' },
    ...{ null: 'cond.empty', 'not null': 'cond.filled' },
    '<': dated ? 'cond.before' : 'cond.less',
    '<=': dated ? 'cond.until' : 'cond.at_most',
    '>': dated ? 'cond.after' : 'cond.more',
    '>=': dated ? 'cond.since' : 'cond.at_least',
  }
  return t(names[op])
}
/** How many conditions a filter has; a text that cannot be read is one. */
export function conditionCount(text: string): number {
  const count = (n: Node): number => (isGroup(n) ? n.items.reduce((sum, i) => sum + count(i), 0) : 1)
  const root = read(text)
  return root ? count(root) : 1
}
