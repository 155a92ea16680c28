// Which triggers of a draft can be tried on what has happened, and as what.
import type { TriggerDraft } from '../../rules/model'
import { present, refOf, type Definition, type Ref, type StageTrigger } from './definition'

export interface Triable {
  key: string
  /** Its place in the draft, as the server finds it. */
  path: string
  stage: string
  trigger: TriggerDraft
  /** Its stage is new: no deal has ever stood there. */
  unlived: boolean
}
/** The trigger as it would stand in the published funnel. */
export function placed(x: StageTrigger, funnel: number, stage: Ref | null): TriggerDraft {
  return {
    ...{ name: x.name, event: x.event, condition: x.condition ?? null, actions: x.actions ?? [] },
    ...{ enabled: x.enabled, funnel_id: funnel, stage_id: typeof stage === 'number' ? stage : null },
  }
}
const same = (a: StageTrigger, b: StageTrigger | undefined) =>
  b !== undefined &&
  JSON.stringify([a.name, a.event, a.condition, a.actions]) ===
    JSON.stringify([b.name, b.event, b.condition, b.actions]) &&
  (!a.enabled || b.enabled)
/** Triggers that work and that are new or were changed since what is published. */
export function triable(doc: Definition, published: Definition | null, funnel: number): Triable[] {
  const known = new Map(
    [...(published?.triggers ?? []), ...(published?.stages ?? []).flatMap((s) => s.triggers)].map((x) => [
      x.id,
      x,
    ]),
  )
  const of = (list: readonly StageTrigger[], at: string, stage: Ref | null, name: string): Triable[] =>
    list
      .map((x, i) => ({ x, path: `${at}triggers[${i}]` }))
      .filter(
        ({ x }) =>
          x.enabled && x.actions.length > 0 && !same(x, x.id === undefined ? undefined : known.get(x.id)),
      )
      .map(({ x, path }) => ({
        ...{ key: String(refOf(x)), path, stage: name, trigger: placed(x, funnel, stage) },
        unlived: typeof stage === 'string',
      }))
  return [
    ...of(doc.triggers, '', null, ''),
    ...doc.stages.flatMap((s, i) =>
      present([s]).flatMap(() => of(s.triggers, `stages[${i}].`, refOf(s), s.name)),
    ),
  ]
}
