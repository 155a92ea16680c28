// Days as people count them: by the calendar of the place where they sit, not by 24 hours.
export const DAY = 86_400_000

/** Number of the local calendar day since 1970. */
export function dayNumber(at: number): number {
  const d = new Date(at)
  return Math.floor(Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / DAY)
}
/** Local calendar days from `from` until `to`; yesterday to today is 1. */
export function daysBetween(from: number, to: number): number {
  return dayNumber(to) - dayNumber(from)
}
/** "YYYY-MM-DD" as the beginning of that local day, or of one so many days later. */
export function parseDay(day: string, plus = 0): number {
  const [y, m, d] = day.split('-').map(Number)
  return new Date(y ?? 1970, (m ?? 1) - 1, (d ?? 1) + plus).getTime()
}
export function formatDay(at: number): string {
  const d = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

export type TaskState = 'none' | 'overdue' | 'today' | 'later'
/** What the next task asks for: a missed moment is overdue even when it was this morning. */
export function taskState(nextTaskAt: number | null, now: number): TaskState {
  if (nextTaskAt === null) return 'none'
  if (nextTaskAt < now) return 'overdue'
  return dayNumber(nextTaskAt) === dayNumber(now) ? 'today' : 'later'
}
