// The arithmetic of product rows, as the server does it.
import type { DealProduct } from '../../lib/types'

/** quantity × price, less the discount, half away from zero. */
export function rowSum(quantity: number, priceMinor: number, discountPercent: number): number {
  return Math.round((quantity * priceMinor * (100 - discountPercent)) / 100)
}
export function total(rows: readonly DealProduct[]): number {
  return rows.reduce((sum, row) => sum + row.sum_minor, 0)
}
/** "1 234,5" and "1234.5" alike; undefined when it is no number in the range. */
export function readNumber(text: string, max = 1e12): number | undefined {
  const plain = text.replace(/[\s\u00a0\u202f%]/g, '').replace(',', '.')
  const n = Number(plain)
  return plain !== '' && Number.isFinite(n) && n >= 0 && n <= max ? n : undefined
}
