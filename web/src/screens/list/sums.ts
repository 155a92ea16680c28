// Sums under the columns. Money of several currencies is never added up.
import { money, moneyShort, num } from '../../lib/i18n.svelte'
import type { SchemaField } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'
import type { ListStore } from './list.svelte'

export interface Sum {
  /** One a currency. */
  short: string[]
  full: string
  /** The only currency there is; null when there are several. */
  only: string | null
}
export function sumOf(list: ListStore, field: SchemaField): Sum | null {
  const { totals } = list
  if (!totals || !field.sum) return null
  const sum = totals.sums[field.name]
  if (field.type !== 'money') {
    const text = sum === undefined || sum === null ? '' : num(sum, 2)
    return { short: [text], full: text, only: null }
  }
  if (!totals.byCurrency && list.field('currency')) return null
  const parts = [...(totals.byCurrency ?? [])].map(([currency, sums]): [string, number] => [
    currency,
    sums[field.name] ?? 0,
  ])
  const said =
    parts.length === 0
      ? [[session.currency, sum ?? 0] as [string, number]]
      : parts.filter(([, n], i) => n !== 0 || i === 0)
  said.sort((a, b) => b[1] - a[1])
  return {
    short: said.map(([currency, n]) => moneyShort(n, currency)),
    full: said.map(([currency, n]) => money(n, currency)).join(' + '),
    only: said.length === 1 ? said[0]![0] : null,
  }
}
