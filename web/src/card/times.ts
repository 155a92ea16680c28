// Due dates with one click, and the text of a native date field.
import { DAY, dayNumber } from '../lib/dates'
import { date, plural, t } from '../lib/i18n.svelte'

export interface QuickTime {
  label: string
  at: number
}
function at(now: number, days: number, hour: number): number {
  const d = new Date(now)
  return new Date(d.getFullYear(), d.getMonth(), d.getDate() + days, hour).getTime()
}
export const tomorrow = (now: number) => at(now, 1, 10)
export function quickTimes(now: number): QuickTime[] {
  const evening = at(now, 0, 18)
  const list: QuickTime[] = []
  if (now < at(now, 0, 17))
    list.push({ label: t('task.in_hour'), at: Math.ceil((now + 3_600_000) / 900_000) * 900_000 })
  if (now < evening - 3_600_000)
    list.push({ label: t('task.this_evening', { time: date(evening, 'time') }), at: evening })
  const morning = tomorrow(now)
  return [
    ...list,
    { label: t('task.tomorrow', { time: date(morning, 'time') }), at: morning },
    { label: t('task.in_3_days'), at: at(now, 3, 10) },
    { label: t('task.in_week'), at: at(now, 7, 10) },
  ]
}
/** The text of <input type=datetime-local>: local time without a zone. */
export function toInput(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
export function fromInput(text: string): number | null {
  const ms = new Date(text).getTime()
  return text === '' || Number.isNaN(ms) ? null : ms
}
export function dueText(due: number | null, now: number): string {
  if (due === null) return t('task.no_due')
  const days = dayNumber(due) - dayNumber(now)
  const time = date(due, 'time')
  if (days < 0) return plural('task.late', -days)
  if (days === 0) return t(due < now ? 'task.due_late_today' : 'task.due_today', { time })
  if (days === 1) return t('task.due_tomorrow', { time })
  return `${date(due, Math.abs(due - now) > 300 * DAY ? 'dayYear' : 'day')}, ${time}`
}
