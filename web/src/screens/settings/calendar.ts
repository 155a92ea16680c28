// The working calendar: hours of the week, and the days that are different.
export interface Hours {
  from: string
  to: string
  break_from?: string
  break_to?: string
}
export type DayKind = 'holiday' | 'short' | 'working'
export interface Exception extends Partial<Hours> {
  on: string
  kind: DayKind
  name?: string
}
export interface Calendar {
  week: (Hours | null)[]
  exceptions: Exception[]
}
export const ordinary: Hours = { from: '09:00', to: '18:00', break_from: '13:00', break_to: '14:00' }

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
/** Working hours of a week. */
export function weekHours(week: readonly (Hours | null)[]): number {
  let sum = 0
  for (const day of week) {
    if (!day) continue
    sum += minutes(day.to) - minutes(day.from)
    if (day.break_from && day.break_to) sum -= minutes(day.break_to) - minutes(day.break_from)
  }
  return sum / 60
}
/** What is wrong with the hours of a day; null when nothing is. */
export function trouble(day: Hours): 'order' | 'break' | null {
  if (minutes(day.to) <= minutes(day.from)) return 'order'
  if (!day.break_from && !day.break_to) return null
  if (!day.break_from || !day.break_to || minutes(day.break_to) <= minutes(day.break_from)) return 'break'
  return minutes(day.break_from) < minutes(day.from) || minutes(day.break_to) > minutes(day.to)
    ? 'break'
    : null
}
/** Ready days of a year come in; a day that is there already stays as it was written by hand. */
export function withDays(exceptions: readonly Exception[], days: readonly Exception[]): Exception[] {
  const known = new Set(exceptions.map((x) => x.on))
  const fresh = days
    .filter((d) => !known.has(d.on))
    .map(({ on, kind, name }) => ({ on, kind, ...(name ? { name } : {}) }))
  return [...exceptions, ...fresh].sort((a, b) => a.on.localeCompare(b.on))
}
export function yearsOf(exceptions: readonly Exception[]): number[] {
  return [...new Set(exceptions.map((x) => Number(x.on.slice(0, 4))))].sort((a, b) => b - a)
}
