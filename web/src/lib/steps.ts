// Any record whose change the stages or the rule of tasks may refuse, as the sheet of what is missing wants to know it.
import { moves, needsOf, type Body, type Step } from './moves.svelte'
import { session } from './session.svelte'
import { taskStep } from './taskStep'
import type { Task } from './types'

type Row = Record<string, unknown> & { id: number }

/** A row of a list, as far as its columns tell; null: no rule of a funnel is about it. */
export function rowStep(object: string, row: Row, body: Body): Step | null {
  if (object === 'task') return taskStep(row as Row & Partial<Task>, body)
  if ((object === 'contact' || object === 'company') && 'owner_id' in body)
    return {
      ...{ object, deal: null, title: String(row.name ?? ''), funnel_id: 0, body },
      ...{ currency: session.currency, value: null, from: undefined, stage: null },
    }
  if (object !== 'deal') return null
  const known = <T>(v: unknown) => (v ?? null) as T | null
  const to = 'stage_id' in body ? body.stage_id : null
  const stage = session.stages.get(Number(to)) ?? null
  return {
    ...{ deal: row.id, title: String(row.title ?? ''), funnel_id: Number(row.funnel_id ?? 0), stage, body },
    ...{ currency: String(row.currency ?? session.currency), value: known<number>(row.value_minor) },
    from: session.stages.get(Number(row.stage_id)),
  }
}
/** A deal that is to be: on the stage it says, or the first one of its funnel. */
export function newDeal(body: Body): Step {
  const funnel = session.funnel(Number(body.funnel_id))
  const first = funnel?.stages
    .filter((s) => !s.archived && s.outcome === 'open')
    .toSorted((a, b) => a.position - b.position)[0]
  return {
    ...{ deal: null, title: String(body.title ?? ''), funnel_id: funnel?.id ?? 0, from: undefined, body },
    ...{ currency: funnel?.currency ?? session.currency, value: (body.value_minor ?? null) as number | null },
    stage: session.stages.get(Number(body.stage_id)) ?? first ?? null,
  }
}
/** Sends a change of one field of a row. null: something was missing, and the sheet that asked was closed. */
export async function carryRow<T>(
  object: string,
  row: Row,
  body: Body,
  send: (body: Body) => Promise<T>,
): Promise<T | null> {
  const step = rowStep(object, row, body)
  if (!step) return send(body)
  const funnel = step.stage?.funnel_id ?? step.funnel_id
  const reasons = object === 'deal' && session.lossReasons(funnel).length > 0
  const back = session.funnel(funnel)?.back_reason === true
  // A value that the list does not show is not known to be missing.
  const needs = needsOf(step, reasons, back).filter((n) => n !== 'value_minor' || 'value_minor' in row)
  return moves.carry({ ...step, send }, needs)
}
