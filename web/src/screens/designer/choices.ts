// What a draft has of its own to choose from: its stages, goals and reasons, new ones among them.
import { session } from '../../lib/session.svelte'
import { schema } from '../../lib/schema.svelte'
import { filterFields } from '../list/fields'
import type { Choices } from '../../rules/choices'
import type { Namer } from '../../rules/words'
import { present, refOf, type Definition } from './definition'

export function draftChoices(doc: Definition, funnel: number): Choices {
  return (object) => {
    if (object === 'stage')
      return [
        ...present(doc.stages).map((s) => ({ id: refOf(s), label: s.name })),
        ...session.funnels
          .filter((f) => f.id !== funnel)
          .flatMap((f) =>
            present(f.stages).map((s) => ({ id: s.id as number | string, label: s.name, hint: f.name })),
          ),
      ]
    if (object === 'goal')
      return present(doc.stages).flatMap((s) =>
        present(s.goals).map((g) => ({ id: refOf(g), label: g.name, hint: s.name })),
      )
    if (object === 'loss-reason')
      return [
        ...present(doc.loss_reasons).map((r) => ({ id: refOf(r), label: r.name })),
        ...session
          .lossReasons(0)
          .filter((r) => r.funnel_id === null)
          .map((r) => ({ id: r.id as number | string, label: r.name })),
      ]
    return undefined
  }
}
/** Names in the draft go before those that are published. */
export function namer(doc: Definition): Namer {
  return (object, id) => {
    const by = (list: readonly { id?: number; key?: string; name: string }[]) =>
      list.find((x) => refOf(x) === id)?.name
    if (object === 'stage') return by(doc.stages)
    if (object === 'goal') return by(doc.stages.flatMap((s) => s.goals))
    if (object === 'loss-reason') return by(doc.loss_reasons)
    return undefined
  }
}
/** Fields that a stage may ask for: those of the deal, and of the client behind it. */
export function gateFields(): { id: string; label: string }[] {
  const shape = schema.object('deal')
  if (!shape) return []
  const apart = new Set(['id', 'created_at', 'updated_at', 'status', 'stage_id', 'funnel_id', 'rank'])
  const derived = (name: string) =>
    /_(entered_at|reason)$|^(open_tasks|next_task_at|returns|overrides)$/.test(name)
  return filterFields(shape)
    .filter(({ path }) => !apart.has(path.split('.').at(-1)!) && !derived(path))
    .map(({ path, label }) => ({ id: path, label }))
}
