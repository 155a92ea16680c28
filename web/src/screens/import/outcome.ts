// What came of an import, as numbers that a person reads.
import { i18n, t, type Key } from '../../lib/i18n.svelte'
import type { Operation } from '../../lib/operations.svelte'

export interface OutcomeNumber {
  label: string
  value: number
  tone: 'plain' | 'bad'
}
export function outcomeOf(o: Operation): OutcomeNumber[] {
  const list: OutcomeNumber[] = []
  const known = new Set([
    'created',
    'updated',
    'skipped',
    'unchanged',
    'companies_created',
    'contacts_created',
  ])
  for (const [name, value] of Object.entries(o.outcome ?? {})) {
    const key = `import.count.${name}`
    if (
      typeof value === 'number' &&
      known.has(name) &&
      i18n.texts[key] !== undefined &&
      (value > 0 || name === 'created')
    )
      list.push({ label: t(key as Key), value, tone: 'plain' })
  }
  if (list.length === 0) list.push({ label: t('import.count.rows'), value: o.done_count, tone: 'plain' })
  if (o.failed_count > 0) list.push({ label: t('import.count.failed'), value: o.failed_count, tone: 'bad' })
  return list
}
