// The journal as steps: one command may touch many records (a ready set makes funnels, stages and lists at once) and is
// taken back as one.
import type { Change } from '../../lib/types'

export interface Step {
  change: number
  at: number
  actor: number | null
  events: (Change & { name: string })[]
  /** Events that are not shown. */
  more: number
  undone: boolean
}
const SHOWN = 6
/** How a screen that knows its objects better names them, and what it reads from a value. */
export interface Told {
  /** What is told of one that came into being, beside its name. */
  fields: readonly string[]
  /** After the events have come: asks for what it needs to name them. */
  learn?: (items: readonly Change[]) => void
  name?: (c: Change) => string | undefined
  value?: (c: Change, field: string, v: unknown) => string | undefined
}

/** Newest first, as it came. */
export function grouped(items: readonly (Change & { name: string })[]): Step[] {
  const taken = new Set(items.map((c) => c.undoes).filter((seq) => seq !== null))
  const steps = new Map<number, Step>()
  for (const c of items) {
    const step = steps.get(c.change_id)
    if (!step)
      steps.set(c.change_id, {
        ...{ change: c.change_id, at: c.at, actor: c.actor_id, events: [c], more: 0 },
        undone: taken.has(c.seq),
      })
    else {
      step.undone ||= taken.has(c.seq)
      if (step.events.length < SHOWN) step.events.push(c)
      else step.more++
    }
  }
  return [...steps.values()]
}
