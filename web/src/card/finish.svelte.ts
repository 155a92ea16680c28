// A task is finished: what came of it, the goal or stage that follows, and the next step; one request, all of it or nothing.
import { get, Problem, type Answer } from '../lib/api'
import { clock } from '../lib/clock.svelte'
import { t } from '../lib/i18n.svelte'
import { moves, type Body, type Proposed } from '../lib/moves.svelte'
import { session, sync } from '../lib/session.svelte'
import type { Deal, Goal, List, StageText, Task, TaskKind } from '../lib/types'
import { failure } from '../lib/undo.svelte'
import type { TaskDraft } from './drafts'
import { tomorrow } from './times'

export interface Finished {
  task: Task
  deal: Deal | null
  next: Task | null
  run: { actions?: { text: string }[] } | null
}
export type Deferral = { until: number } | { wait_id: number }
const HOUR = 3_600_000

/** The next task that a stage proposes, or one like the task that is done. */
export function proposal(
  stage: Pick<StageText, 'next_task'> | null,
  kind: TaskKind,
  now: number,
): Omit<TaskDraft, 'owner'> {
  const own = stage?.next_task
  if (!own?.title) return { title: t(`finish.default.${kind}`), kind, due: tomorrow(now) }
  const due = own.due_hours ? now + own.due_hours * HOUR : tomorrow(now)
  return { title: own.title, kind: own.kind ?? kind, due }
}
/** Does the goal itself make the next task, or end the deal? Then none is asked for. */
export function goalPlans(goal: Goal | undefined): boolean {
  return (goal?.actions ?? []).some((a) => {
    if (a.do === 'task' || a.do === 'defer') return true
    return a.do === 'move' && session.stages.get(Number(a.stage_id))?.outcome !== 'open'
  })
}

export class Finish {
  result = $state('')
  goal = $state<number | null>(null)
  stage = $state<number | null>(null)
  /** A next task goes along. */
  planned = $state(false)
  next = $state<TaskDraft>({ title: '', kind: 'call', due: null, owner: null })
  defer = $state.raw<Deferral | null>(null)
  /** The sheet that asks until when is open. */
  asking = $state(false)
  deal = $state.raw<Deal | null>(null)
  goals = $state.raw<readonly Goal[]>([])
  ready = $state(false)
  busy = $state(false)
  missing = $state<'result' | 'next' | null>(null)
  problem = $state('')
  #touched = false
  #stages = new Map<number, StageText>()

  constructor(readonly task: Task) {
    this.next = { ...proposal(null, task.kind, clock.now), owner: task.owner_id ?? session.user.id }
  }
  /** Stages of the deal's funnel to which it may go from here. */
  stages = $derived.by(() => {
    const all = this.deal ? (session.funnel(this.deal.funnel_id)?.stages ?? []) : []
    return all.filter((s) => !s.archived).sort((a, b) => a.position - b.position)
  })
  /** The deal goes on after this: somebody has to do something next. */
  get goesOn(): boolean {
    if (this.deal?.status !== 'open') return false
    const to = this.stage === null ? undefined : session.stages.get(this.stage)
    return to === undefined || to.outcome === 'open'
  }
  async open(goal: number | null = null): Promise<void> {
    const { deal_id } = this.task
    if (deal_id === null) {
      this.ready = true
      return
    }
    try {
      this.deal = await get<Deal>(`/api/deals/${deal_id}`)
      const filter = encodeURIComponent(`stage_id = ${this.deal.stage_id} and archived = false`)
      const [goals, stage] = await Promise.all([
        get<List<Goal>>(`/api/goals?limit=50&sort=position&filter=${filter}`),
        this.#text(this.deal.stage_id),
      ])
      this.goals = this.deal.status === 'open' ? goals.items : []
      if (!this.#touched) {
        this.next = { ...proposal(stage, this.task.kind, clock.now), owner: this.next.owner }
        this.planned = this.goesOn && this.deal.open_tasks <= 1
      }
      const wanted = goal === null ? undefined : this.goals[goal]
      if (wanted) this.pick(wanted.id)
    } catch (e) {
      this.problem = failure(e)
    }
    this.ready = true
  }
  async #text(stage: number): Promise<StageText | null> {
    const known = this.#stages.get(stage)
    if (known) return known
    const text = await get<StageText>(`/api/stages/${stage}`).catch(() => null) // the usual proposal does
    if (text) this.#stages.set(stage, text)
    return text
  }
  plan(change: Partial<TaskDraft>): void {
    this.#touched = true
    this.next = { ...this.next, ...change }
    this.missing = null
  }
  pick(goal: number | null): void {
    this.goal = this.goal === goal ? null : goal
    this.stage = null
    const chosen = this.goals.find((g) => g.id === this.goal)
    if (this.deal) this.planned = this.goesOn && !goalPlans(chosen) && this.deal.open_tasks <= 1
  }
  async go(stage: number | null): Promise<void> {
    this.stage = stage === this.deal?.stage_id ? null : stage
    this.goal = null
    if (!this.goesOn) this.planned = false
    else if (this.deal && this.deal.open_tasks <= 1) this.planned = true
    const text = this.stage === null ? null : await this.#text(this.stage)
    if (text?.next_task && !this.#touched)
      this.next = { ...proposal(text, this.task.kind, clock.now), owner: this.next.owner }
  }
  #body(): Body {
    const { title, kind, due: due_at, owner: owner_id } = this.next
    const about = {
      deal_id: this.task.deal_id,
      contact_id: this.task.contact_id,
      company_id: this.task.company_id,
    }
    const known = Object.fromEntries(Object.entries(about).filter(([, v]) => v !== null))
    return {
      result: this.result.trim(),
      ...(this.goal === null ? {} : { goal_id: this.goal }),
      ...(this.stage === null ? {} : { stage_id: this.stage }),
      ...(this.planned && !this.defer
        ? { next: { title: title.trim(), kind, due_at, owner_id, ...known } }
        : {}),
      ...(this.defer ? { defer: this.defer } : {}),
    }
  }
  /** Sends it; what the stages want is asked in their sheet. null: something is still missing, or it was given up. */
  async submit(): Promise<Answer<Finished> | null> {
    this.missing = !this.result.trim() ? 'result' : this.planned && !this.next.title.trim() ? 'next' : null
    if (this.missing || this.busy) return null
    this.busy = true
    this.problem = ''
    const path = `/api/tasks/${this.task.id}/finish`
    const own = this.#body()
    // What the sheet adds are fields of the deal.
    const send = (extra: Body) => {
      const body = Object.keys(extra).length > 0 ? { ...own, deal: extra } : own
      return sync.push<Finished>({ method: 'POST', path, body })
    }
    try {
      return await moves.carry({ ...this.#step(), send, plans: true })
    } catch (e) {
      this.#refused(e)
      return null
    } finally {
      this.busy = false
    }
  }
  #step() {
    const stage = this.stage === null ? null : (session.stages.get(this.stage) ?? null)
    const {
      id = null,
      title = '',
      currency = 'RUB',
      value_minor: value = null,
      funnel_id = 0,
      stage_id = 0,
    } = this.deal ?? {}
    return {
      deal: id,
      title,
      currency,
      value,
      funnel_id,
      from: session.stages.get(stage_id),
      stage,
      body: {},
    }
  }
  /** No open deal without a next step: the server says which one it would take. */
  #refused(e: unknown): void {
    this.problem = failure(e)
    if (!(e instanceof Problem) || e.code !== 'next_task_required') return
    const proposed = e.more.proposed as Proposed | undefined
    this.planned = true
    if (proposed && !this.#touched) {
      const { title, kind = this.next.kind, due_at: due } = proposed
      this.next = { ...this.next, title, kind, due }
    }
    this.missing = 'next'
  }
}
