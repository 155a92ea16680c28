// Shares as the reports write them.
import { i18n } from '../lib/i18n.svelte'

const formats = new Map<string, Intl.NumberFormat>()
/** Always with one decimal, so that they stand under each other; a dash for what is not known. */
export function rate(share: unknown): string {
  if (typeof share !== 'number') return '–'
  const style = { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 } as const
  let format = formats.get(i18n.locale)
  if (!format) formats.set(i18n.locale, (format = new Intl.NumberFormat(i18n.locale, style)))
  return format.format(share)
}
