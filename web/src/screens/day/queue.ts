// The queue as lines: sections with their headings, and the time that is left for a new lead.
import type { Deal, Task } from '../../lib/types'

export const kinds = ['urgent', 'lead', 'overdue', 'today', 'later', 'no_date'] as const
export type Kind = (typeof kinds)[number]
export type QueueDeal = Pick<
  Deal,
  'id' | 'title' | 'value_minor' | 'currency' | 'stage_id' | 'contact_id' | 'company_id'
>
export interface Item {
  task: Task
  deal: QueueDeal | null
  kind: Kind
  left_ms: number | null
  /** When the time is over, by the server's clock. */
  until?: number
}
export type Line =
  | { kind: 'head'; key: string; section: Kind; count: number }
  | { kind: 'task'; key: string; item: Item; index: number; of: number }

/** Sections in the order of the queue; the server has ordered what stands in each. */
export function linesOf(
  items: readonly Item[],
  counts: Partial<Record<Kind, number>>,
  folded: ReadonlySet<Kind>,
): Line[] {
  const groups = new Map<Kind, Item[]>()
  for (const item of items) {
    const group = groups.get(item.kind)
    if (group) group.push(item)
    else groups.set(item.kind, [item])
  }
  const lines: Line[] = []
  for (const section of kinds) {
    const group = groups.get(section)
    if (!group) continue
    const of = Math.max(counts[section] ?? 0, group.length)
    lines.push({ kind: 'head', key: section, section, count: of })
    if (folded.has(section)) continue
    group.forEach((item, index) => lines.push({ kind: 'task', key: `t${item.task.id}`, item, index, of }))
  }
  return lines
}
const two = (n: number) => String(n).padStart(2, '0')
/** "3:05:09", "0:38", "−12:00": hours only when there are some. */
export function countdown(ms: number): string {
  const all = Math.floor(Math.abs(ms) / 1000)
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60]
  const said = h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
  return ms < 0 ? `−${said}` : said
}
