// A deal is on its way to another stage. What the stages ask for is asked in one sheet, wherever the move was begun; then
// it goes on. Most moves miss nothing: they are sent at once, and only a refusal opens the sheet.
import { Problem } from './api'
import type { Stage, TaskKind } from './types'

/** What a gate misses, as the server says it. */
export interface Missing {
  gate_id: number | null
  kind: 'field' | 'check' | 'artefact' | 'goal' | 'coverage' | 'waiting'
  stage_id: number | null
  field: string | null
  name: string | null
  artefact: string | null
  goal_id: number | null
  least: number | null
  have: number | null
  label?: string | null
}
export type Need = 'move_reason' | 'loss_reason_id' | 'competitor_id' | 'value_minor' | 'next_task'
/** The next task that the server would take. */
export interface Proposed {
  title: string
  kind?: TaskKind
  due_at: number | null
}
export type Body = Record<string, unknown>
/** Where a deal is and where it goes. */
export interface Step {
  /** null: it is being created. */
  deal: number | null
  /** More of them go the same way (on the board). */
  more?: readonly number[]
  title: string
  funnel_id: number
  currency: string
  value: number | null
  from: Stage | undefined
  /** null: another change than a move, which the stages do not let through either. */
  stage: Stage | null
  body: Body
  /** Whose field the missing ones are, when it is not the deal's: a task is done without a result, a client is handed
   * over without a reason. */
  object?: 'task' | 'contact' | 'company'
}
export interface Move<T> extends Step {
  send: (body: Body) => Promise<T>
  /** For whoever may set a rule aside; the body has the reason. */
  override?: (body: Body) => Promise<T>
  /** Asks for the next task itself. */
  plans?: boolean
}
export interface Asking {
  move: Move<unknown>
  needs: Need[]
  missing: Missing[]
  proposed?: Proposed
  done: (answer: unknown) => void
}

const reasonFields: Need[] = ['move_reason', 'loss_reason_id', 'competitor_id']
export type Refused = Pick<Asking, 'needs' | 'missing' | 'proposed'>
/** What the server misses, when that is all that is wrong; null otherwise. */
export function refusal(e: unknown): Refused | null {
  if (!(e instanceof Problem) || e.status !== 422) return null
  if (e.code === 'next_task_required')
    return { needs: ['next_task'], missing: [], proposed: e.more.proposed as Proposed | undefined }
  const missing = Array.isArray(e.more.missing) ? (e.more.missing as Missing[]) : []
  if (e.code === 'gates_unmet') return { needs: [], missing }
  const errors = e.errors.length > 0 ? e.errors : e.field ? [{ field: e.field, code: e.code }] : []
  if (errors.length === 0 || !errors.every((x) => /(^|_)required$/.test(x.code))) return null
  const fields = [...new Set(errors.map((x) => x.field))]
  const needs = reasonFields.filter((n) => fields.includes(n))
  const rest = fields.filter((f) => !needs.includes(f as Need))
  return { needs, missing: [...missing, ...rest.map(fieldMissing)] }
}
function fieldMissing(field: string): Missing {
  const none = { gate_id: null, stage_id: null, name: null, artefact: null, goal_id: null }
  return { ...none, kind: 'field', field, least: null, have: null }
}
/** What is known to be wanted before anything is sent. */
export function needsOf(step: Step, reasons: boolean, backReason: boolean): Need[] {
  const { stage, from, body } = step
  if (!stage) return []
  if (stage.outcome === 'lost') return reasons && !body.loss_reason_id ? ['loss_reason_id'] : []
  if (stage.outcome === 'won') return !step.value && !step.more && !body.value_minor ? ['value_minor'] : []
  const back =
    from?.outcome === 'open' && from.funnel_id === stage.funnel_id && from.position > stage.position
  return back && backReason && !body.move_reason ? ['move_reason'] : []
}

class Moves {
  asking = $state.raw<Asking | null>(null)
  #waiting: Asking[] = []

  /** Sends the move, after its sheet when something is wanted. Gives null when the user has thought better of it. */
  async carry<T>(move: Move<T>, needs: Need[] = []): Promise<T | null> {
    if (needs.length > 0) return this.ask(move, { needs, missing: [] })
    try {
      return await move.send(move.body)
    } catch (e) {
      const refused = refusal(e)
      if (!refused || (move.plans && refused.needs.includes('next_task'))) throw e
      return this.ask(move, refused)
    }
  }
  /** Asks what is missing, then sends the move. */
  ask<T>(move: Move<T>, what: Refused): Promise<T | null> {
    return new Promise((done) => {
      const asking = { move, ...what, done: done as (answer: unknown) => void } satisfies Asking
      if (this.asking) this.#waiting.push(asking)
      else this.asking = asking
    })
  }
  /** The sheet is done: with the answer, or with null when it was closed. */
  end(answer: unknown): void {
    const ended = this.asking
    this.asking = this.#waiting.shift() ?? null
    ended?.done(answer)
  }
}
export const moves = new Moves()
