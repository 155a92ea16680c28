import { num, t } from '../../lib/i18n.svelte'

/** 12,3 МБ */
export function bytes(n: number): string {
  const units = ['b', 'kb', 'mb', 'gb', 'tb'] as const
  const at = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(n) / Math.log(1024)))
  return t(`settings.size.${units[at]!}`, { n: num(n / 1024 ** at, at > 1 ? 1 : 0) })
}
