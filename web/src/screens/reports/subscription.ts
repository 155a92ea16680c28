// A report that comes by itself, and how one says when.
import { i18n, t } from '../../lib/i18n.svelte'

export interface Subscription {
  id: number
  name: string
  report: string
  params: Record<string, string> | null
  every: 'day' | 'week' | 'month'
  day: number | null
  hour: number
  owner_id: number
  enabled: boolean
  mail: 'none' | 'letter' | 'pdf' | 'xlsx'
  last_at: number | null
  next_at: number | null
}
export const oclock = (n: number): string => `${String(n).padStart(2, '0')}:00`
/** 4 January 2027 is a Monday. */
export const weekday = (n: number): string =>
  new Intl.DateTimeFormat(i18n.locale, { weekday: 'long', timeZone: 'UTC' }).format(Date.UTC(2027, 0, 3 + n))
export const comes = (s: Pick<Subscription, 'every' | 'day' | 'hour'>): string =>
  t(`report.page.comes.${s.every}`, {
    day: s.every === 'week' ? weekday(s.day ?? 1) : String(s.day ?? 1),
    hour: oclock(s.hour),
  })
