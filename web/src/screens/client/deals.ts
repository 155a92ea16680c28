// The deals of a client in the order in which one looks for them, and what they come to.
import type { Deal } from '../../lib/types'

export function dealsInOrder(deals: readonly Deal[]): Deal[] {
  const time = (d: Deal) => d.closed_at ?? d.created_at
  return deals.toSorted(
    (a, b) => Number(a.status !== 'open') - Number(b.status !== 'open') || time(b) - time(a) || b.id - a.id,
  )
}
export interface Sum {
  status: 'open' | 'won'
  currency: string
  minor: number
}
/** Open and won ones by currency; what is lost is no money. */
export function sumsOf(deals: readonly Deal[]): Sum[] {
  const sums = new Map<string, Sum>()
  for (const { status, currency, value_minor } of deals) {
    if (status === 'lost' || !value_minor) continue
    const key = `${status} ${currency}`
    const sum = sums.get(key) ?? { status, currency, minor: 0 }
    sums.set(key, { ...sum, minor: sum.minor + value_minor })
  }
  return [...sums.values()].sort((a, b) => a.status.localeCompare(b.status))
}
