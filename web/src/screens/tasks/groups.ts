// Which section of the list a task stands in, and the list with its headings in one row of lines.
import { DAY, dayNumber } from '../../lib/dates'
import type { Task } from '../../lib/types'

export const sections = ['overdue', 'today', 'tomorrow', 'week', 'later', 'none'] as const
export type Section = (typeof sections)[number] | 'done'

/** The last day of the week in which `at` lies; weeks begin on Monday. */
function lastOfWeek(day: number): number {
  const weekday = (day + 3) % 7 // 1 January 1970 was a Thursday; 0 is Monday
  return day + 6 - weekday
}
export function sectionOf(due: number | null, now: number): Section {
  if (due === null) return 'none'
  if (due < now) return 'overdue'
  const day = dayNumber(due)
  const today = dayNumber(now)
  if (day === today) return 'today'
  if (day === today + 1) return 'tomorrow'
  return day <= lastOfWeek(today) ? 'week' : 'later'
}
export type Line =
  | { kind: 'head'; key: string; section: Section; count: number }
  | { kind: 'task'; key: string; task: Task; section: Section; index: number; of: number }

export function byDue(a: Task, b: Task): number {
  return (a.due_at ?? Infinity) - (b.due_at ?? Infinity) || a.id - b.id
}
/** Headings and tasks in the order in which they stand; folded sections keep only their heading. */
export function linesOf(tasks: readonly Task[], now: number, folded: ReadonlySet<Section>): Line[] {
  const groups = new Map<Section, Task[]>()
  for (const task of tasks) {
    const section = task.done ? 'done' : sectionOf(task.due_at, now)
    const group = groups.get(section)
    if (group) group.push(task)
    else groups.set(section, [task])
  }
  const lines: Line[] = []
  for (const section of [...sections, 'done'] as Section[]) {
    const group = groups.get(section)
    if (!group) continue
    group.sort(section === 'done' ? (a, b) => (b.done_at ?? 0) - (a.done_at ?? 0) : byDue)
    lines.push({ kind: 'head', key: section, section, count: group.length })
    if (folded.has(section)) continue
    group.forEach((task, index) =>
      lines.push({ kind: 'task', key: `t${task.id}`, task, section, index, of: group.length }),
    )
  }
  return lines
}

/** Days that a calendar shows around a day: whole weeks from Monday. As the beginnings of local days. */
export function daysOf(view: 'month' | 'week', day: number): number[] {
  const d = new Date(day)
  const month = new Date(d.getFullYear(), d.getMonth(), 1)
  const start = view === 'week' ? new Date(d.getFullYear(), d.getMonth(), d.getDate()) : month
  const back = (start.getDay() + 6) % 7
  const last = new Date(d.getFullYear(), d.getMonth() + 1, 0).getDate()
  const count = view === 'week' ? 7 : Math.ceil((back + last) / 7) * 7
  return Array.from({ length: count }, (_, i) =>
    new Date(start.getFullYear(), start.getMonth(), start.getDate() - back + i).getTime(),
  )
}
/** The same time on another day; a task without a time of its own begins at ten. */
export function onDay(due: number | null, day: number): number {
  const d = new Date(day)
  const at = due === null ? null : new Date(due)
  const [h, m] = at ? [at.getHours(), at.getMinutes()] : [10, 0]
  return new Date(d.getFullYear(), d.getMonth(), d.getDate(), h, m).getTime()
}
export function shiftDay(due: number, by: number): number {
  const d = new Date(due)
  return new Date(d.getFullYear(), d.getMonth(), d.getDate() + by, d.getHours(), d.getMinutes()).getTime()
}
/** Where the calendar goes with its arrows. */
export function turn(view: 'month' | 'week', day: number, by: number): number {
  const d = new Date(day)
  return view === 'week' ? day + by * 7 * DAY : new Date(d.getFullYear(), d.getMonth() + by, 1).getTime()
}
