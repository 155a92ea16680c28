import type { Body, Step } from './moves.svelte'
import { session } from './session.svelte'
import type { Task } from './types'

/** A task that is done or goes: its deal may not be left without a next one. */
export function taskStep(task: { id: number } & Partial<Task>, body: Body = {}): Step {
  return {
    ...{ object: 'task', deal: task.deal_id ?? null, title: task.title ?? '', funnel_id: 0, body },
    ...{ currency: session.currency, value: null, from: undefined, stage: null },
  }
}
