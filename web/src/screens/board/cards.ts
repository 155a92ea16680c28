// From the columns of /api/board to cards, and merging of what the server sends later.
import { daysBetween, formatDay, parseDay } from '../../lib/dates'

export interface Columnar {
  seq: number
  funnel_id: number
  n: number
  dict: { contact: string[]; company: string[] }
  cols: {
    id: number[]
    title: string[]
    stage_id: number[]
    value_minor: (number | null)[]
    currency: string[]
    owner_id: (number | null)[]
    contact: number[]
    company: number[]
    stage_entered_at: number[]
    created_at: number[]
    expected_close_on: (string | null)[]
    next_task_at: (number | null)[]
    open_tasks: number[]
    rank: number[]
    version: number[]
    source_id: (number | null)[]
    tag_ids: number[][]
    probability: (number | null)[]
    waiting_since?: (number | null)[]
    deferred_until?: (number | null)[]
    unprofitable?: number[]
  }
  totals?: StageTotal[]
}
export interface Delta extends Columnar {
  gone?: number[]
}
export interface StageTotal {
  stage_id: number
  deals: number
  value_minor: number
}
export interface Card {
  id: number
  version: number
  title: string
  stage: number
  value: number | null
  currency: string
  owner: number | null
  contact: string
  company: string
  entered: number
  created: number
  closeOn: string | null
  task: number | null
  tasks: number
  rank: number
  source: number | null
  tags: number[]
  probability: number | null
  /** The client waits for our answer since then. */
  waiting: number | null
  deferred: number | null
  /** Costs more to win than it brings. */
  unprofitable: boolean
  /** Somebody else has just changed it. */
  fresh?: boolean
}

export function toCards(data: Columnar): Card[] {
  const { cols: c, dict } = data
  const cards: Card[] = new Array(c.id.length)
  for (let i = 0; i < cards.length; i++) {
    cards[i] = {
      id: c.id[i]!,
      version: c.version[i]!,
      title: c.title[i]!,
      stage: c.stage_id[i]!,
      value: c.value_minor[i] ?? null,
      currency: c.currency[i]!,
      owner: c.owner_id[i] ?? null,
      contact: dict.contact[c.contact[i]!] ?? '',
      company: dict.company[c.company[i]!] ?? '',
      entered: c.stage_entered_at[i]!,
      created: c.created_at[i]!,
      closeOn: c.expected_close_on[i] ?? null,
      task: c.next_task_at[i] ?? null,
      tasks: c.open_tasks[i]!,
      rank: c.rank[i]!,
      source: c.source_id[i] ?? null,
      tags: c.tag_ids[i] ?? [],
      probability: c.probability[i] ?? null,
      waiting: c.waiting_since?.[i] ?? null,
      deferred: c.deferred_until?.[i] ?? null,
      unprofitable: c.unprofitable?.[i] === 1,
    }
  }
  return cards
}

export interface Merge {
  /** Stages whose columns look different now. */
  stages: Set<number>
  /** Cards that are new or newer. */
  changed: Card[]
  gone: Card[]
}
/** Puts what the server tells over what is known, in place. Cards in `held` wait: an own change of theirs is on its way. */
export function merge(known: Map<number, Card>, delta: Delta, held: (id: number) => boolean): Merge {
  const out: Merge = { stages: new Set(), changed: [], gone: [] }
  for (const card of toCards(delta)) {
    const old = known.get(card.id)
    if (held(card.id) || (old && old.version >= card.version && !derivedChanged(old, card))) continue
    if (old && old.version > card.version) continue
    if (old) out.stages.add(old.stage)
    out.stages.add(card.stage)
    known.set(card.id, card)
    out.changed.push(card)
  }
  for (const id of delta.gone ?? []) {
    const old = known.get(id)
    if (!old || held(id)) continue
    known.delete(id)
    out.stages.add(old.stage)
    out.gone.push(old)
  }
  return out
}
/** Tasks and names of people change a card without a new version of the deal. */
function derivedChanged(old: Card, card: Card): boolean {
  return (
    old.task !== card.task ||
    old.waiting !== card.waiting ||
    old.unprofitable !== card.unprofitable ||
    old.tasks !== card.tasks ||
    old.contact !== card.contact ||
    old.company !== card.company
  )
}

/** Days of the calendar that a deal has been in its stage: since yesterday is 1. */
export function daysIn(card: Card, now: number): number {
  return Math.max(0, daysBetween(card.entered, now))
}
/** Deals that entered before this moment have been there for more days than the norm. */
export function normLimit(norm: number | null, now: number): number {
  return norm === null ? -Infinity : parseDay(formatDay(now), -norm)
}

export type Order = 'rank' | 'task' | 'value' | 'age'
export const orders: Order[] = ['rank', 'task', 'value', 'age']
const last = Number.MAX_SAFE_INTEGER
export const compareBy: Record<Order, (a: Card, b: Card) => number> = {
  rank: (a, b) => a.rank - b.rank || a.id - b.id,
  // Without a task first: nothing will happen to such a deal by itself.
  task: (a, b) => (a.task ?? -1) - (b.task ?? -1) || (b.value ?? 0) - (a.value ?? 0) || a.id - b.id,
  value: (a, b) => (b.value ?? 0) - (a.value ?? 0) || a.id - b.id,
  age: (a, b) => (a.entered || last) - (b.entered || last) || a.id - b.id,
}

export interface Sums {
  count: number
  /** Of the deals in the funnel's currency; those in another cannot be added. */
  value: number
  foreign: number
  /** Deals that stay longer than the norm of the stage. */
  late: number
}
export function sums(cards: readonly Card[], currency: string, norm: number | null, now: number): Sums {
  const out: Sums = { count: cards.length, value: 0, foreign: 0, late: 0 }
  const limit = normLimit(norm, now)
  for (const card of cards) {
    if (card.currency === currency) out.value += card.value ?? 0
    else if (card.value !== null) out.foreign++
    if (card.entered < limit) out.late++
  }
  return out
}
