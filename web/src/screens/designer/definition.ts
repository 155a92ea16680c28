// The definition document of a funnel (docs/funnel.md), and what a designer does with it. Documents are never changed in
// place: each step makes a new one, so that a step can be taken back.
import type { Action, EventSpec } from '../../rules/model'

/** A record of the published funnel has an id; what is new has a key. Both are referred to the same way. */
export type Ref = number | string
export interface Part {
  id?: number
  key?: string
}
export interface Gate extends Part {
  kind: 'field' | 'check' | 'artefact' | 'goal' | 'coverage' | 'waiting'
  at: 'enter' | 'leave'
  name?: string | null
  field?: string | null
  artefact?: string | null
  goal_id?: Ref | null
  least?: number | null
  deal_class_id?: number | null
  archived?: boolean
}
export interface Goal extends Part {
  name: string
  kind: 'positive' | 'refusal' | 'deferral'
  actions: Action[] | null
  archived?: boolean
}
export interface StageTrigger extends Part {
  name: string
  event: EventSpec
  condition: string | null
  actions: Action[]
  enabled: boolean
}
export interface NextTask {
  title: string
  kind?: string
  due_hours?: number | null
  working?: boolean
}
export interface Stage extends Part {
  name: string
  colour?: string | null
  phase?: string | null
  norm_days?: number | null
  outcome: 'open' | 'won' | 'lost'
  probability?: number | null
  archived?: boolean
  entry_result?: string | null
  aim?: string | null
  steps?: string | null
  scripts?: { title: string; text: string }[] | null
  links?: { title: string; url: string }[] | null
  role_id?: number | null
  wait_hours?: number | null
  next_task?: NextTask | null
  gates: Gate[]
  goals: Goal[]
  triggers: StageTrigger[]
}
export interface LossReason extends Part {
  name: string
  archived?: boolean
  wants_competitor?: boolean
  timeout?: boolean
}
export interface Involvement extends Part {
  stage_id: Ref
  role_id?: number | null
  team_id?: number | null
  task_kind?: string | null
  note?: string | null
}
export interface Remap {
  from: number
  to?: Ref
  split?: { condition?: string; to: Ref }[]
}
export interface Definition {
  id?: number
  version?: number
  name: string
  kind: string
  currency: string
  archived?: boolean
  task_rule?: string
  back_reason?: boolean
  response_hours?: number | null
  unprofitable_percent?: number
  entry_rule?: string | null
  loss_reasons: LossReason[]
  stages: Stage[]
  triggers: StageTrigger[]
  involvements: Involvement[]
  remap?: Remap[]
}
export const refOf = (part: Part): Ref => part.id ?? part.key ?? ''
/** As it stands in an address. */
export const stageOf = (doc: Definition, ref: string | null): Stage | undefined =>
  doc.stages.find((s) => String(refOf(s)) === ref)

let made = 0
export function newKey(doc: Definition, of: string): string {
  const known = JSON.stringify(doc)
  for (;;) {
    const key = `${of}-${++made}`
    if (!known.includes(`"${key}"`)) return key
  }
}
export const present = <T extends { archived?: boolean }>(list: readonly T[] | null | undefined): T[] =>
  (list ?? []).filter((x) => !x.archived)

export function freshStage(doc: Definition, name: string, phase: string | null = null): Stage {
  return {
    ...{ key: newKey(doc, 'stage'), name, phase, outcome: 'open', norm_days: null, probability: null },
    ...{ gates: [], goals: [], triggers: [] },
  }
}
/** Behind a stage; an open stage always before the ends of the funnel. */
export function addStage(doc: Definition, stage: Stage, after: Ref | null): Definition {
  const stages = [...doc.stages]
  const at = after === null ? -1 : stages.findIndex((s) => refOf(s) === after)
  const firstEnd = stages.findIndex((s) => s.outcome !== 'open' && !s.archived)
  const end = firstEnd < 0 ? stages.length : firstEnd
  stages.splice(at < 0 || stages[at]!.outcome !== 'open' ? end : at + 1, 0, stage)
  return { ...doc, stages }
}
export function changeStage(doc: Definition, ref: Ref, more: Partial<Stage>): Definition {
  return { ...doc, stages: doc.stages.map((s) => (refOf(s) === ref ? { ...s, ...more } : s)) }
}
/** Puts a stage at a place among those that are not archived. */
export function moveStage(doc: Definition, ref: Ref, index: number): Definition {
  const moved = doc.stages.find((s) => refOf(s) === ref)
  if (!moved) return doc
  const others = doc.stages.filter((s) => s !== moved)
  const shown = present(others)
  const before = shown[index]
  const at = before ? others.indexOf(before) : others.length
  return { ...doc, stages: others.toSpliced(at, 0, moved) }
}
/** Where open deals of a stage that goes shall go. */
function sendOn(doc: Definition, from: Ref, to: Ref | null): Remap[] {
  const others = (doc.remap ?? []).filter((r) => r.from !== from)
  return to !== null && typeof from === 'number' ? [...others, { from, to }] : others
}
/** The stage goes: one that was published is put away, a new one has never been. Its deals go to `to`. */
export function dropStage(doc: Definition, ref: Ref, to: Ref | null): Definition {
  const stage = doc.stages.find((s) => refOf(s) === ref)
  if (!stage) return doc
  const kept = redirect(doc, ref, to)
  if (stage.id === undefined) return { ...kept, stages: kept.stages.filter((s) => refOf(s) !== ref) }
  return { ...changeStage(kept, ref, { archived: true }), remap: sendOn(kept, ref, to) }
}
/** What led to a stage that goes leads to the other one. */
function redirect(doc: Definition, from: Ref, to: Ref | null): Definition {
  if (to === null) return doc
  const actions = <T extends { actions: Action[] | null }>(x: T): T => ({
    ...x,
    actions: x.actions?.map((a) => (a.stage_id === from ? { ...a, stage_id: to } : a)) ?? x.actions,
  })
  return {
    ...doc,
    triggers: doc.triggers.map(actions),
    involvements: doc.involvements.map((i) => (i.stage_id === from ? { ...i, stage_id: to } : i)),
    stages: doc.stages.map((s) => ({ ...s, goals: s.goals.map(actions), triggers: s.triggers.map(actions) })),
    remap: doc.remap?.map((r) => (r.to === from ? { ...r, to } : r)),
  }
}
export function bringBack(doc: Definition, ref: Ref): Definition {
  return { ...changeStage(doc, ref, { archived: false }), remap: sendOn(doc, ref, null) }
}
/** One stage takes the place of several; their gates and goals are those of the one that stays. */
export function mergeStages(doc: Definition, gone: readonly Ref[], into: Ref): Definition {
  return gone.filter((ref) => ref !== into).reduce((d, ref) => dropStage(d, ref, into), doc)
}
/** A new stage behind the old one, which gets the open deals that fit the condition. */
export function splitStage(doc: Definition, ref: Ref, name: string, condition: string): Definition {
  const old = doc.stages.find((s) => refOf(s) === ref)
  if (!old) return doc
  const stage: Stage = { ...freshStage(doc, name, old.phase ?? null), norm_days: old.norm_days ?? null }
  const next = addStage(doc, stage, ref)
  if (old.id === undefined) return next
  const others = (doc.remap ?? []).filter((r) => r.from !== old.id)
  const split = condition ? [{ condition, to: stage.key! }, { to: old.id }] : []
  return { ...next, remap: split.length > 0 ? [...others, { from: old.id, split }] : others }
}
/** Stages in their order, those of one phase that stand together as a group. */
export function phases(stages: readonly Stage[]): { phase: string; stages: Stage[] }[] {
  const groups: { phase: string; stages: Stage[] }[] = []
  for (const stage of stages) {
    const phase = stage.phase ?? ''
    const last = groups.at(-1)
    if (last && last.phase === phase) last.stages.push(stage)
    else groups.push({ phase, stages: [stage] })
  }
  return groups
}

// ---- the linter's one-click proposals

export interface Patch {
  path: string
  value?: unknown
}
/** "stages[2].name" or "/stages/2/name" as steps. */
export function steps(path: string): (string | number)[] {
  const parts = path.startsWith('/')
    ? path.slice(1).split('/')
    : path.replace(/\[(\d+|-)\]/g, '.$1').split('.')
  return parts.filter(Boolean).map((p) => (/^\d+$/.test(p) ? Number(p) : p))
}
/** Sets what the patch says; "-" (or the place behind the last one) adds to a list, no value takes away. */
export function applyPatch<T>(doc: T, patch: readonly Patch[]): T {
  const copy = structuredClone(doc)
  for (const { path, value } of patch) {
    const way = steps(path)
    const last = way.pop()
    let at: unknown = copy
    for (const step of way) at = (at as Record<string | number, unknown> | undefined)?.[step]
    if (last === undefined || !at || typeof at !== 'object') continue
    if (Array.isArray(at)) {
      if (last === '-') at.push(value)
      else if (value === undefined) at.splice(Number(last), 1)
      else at[Number(last)] = value
    } else if (value === undefined) delete (at as Record<string, unknown>)[last]
    else (at as Record<string, unknown>)[last] = value
  }
  return copy
}
