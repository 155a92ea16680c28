// The history of plans: a plan has no name of its own, it is of a measure, a period and somebody.
import { SvelteMap } from 'svelte/reactivity'
import { get } from '../../lib/api'
import { formatDay } from '../../lib/dates'
import { session } from '../../lib/session.svelte'
import type { Change, List } from '../../lib/types'
import type { Told } from '../settings/history'
import { loadPeople, whoseText, type People } from './people'
import { periodText, valueText, type Measure, type Plan } from './plan'

type Known = Pick<
  Plan,
  'measure' | 'period' | 'starts_on' | 'team_id' | 'user_id' | 'funnel_id' | 'product_id'
>
const DAY = 86_400_000

/** Of the event in which it came into being. */
function made(c: Change): Known {
  const of = <T>(field: string) => (c.set[field]?.[1] ?? null) as T
  const days = of<number>('starts_on') * DAY
  return {
    ...{ measure: of('measure'), period: of('period') },
    starts_on: formatDay(days + new Date(days).getTimezoneOffset() * 60_000),
    ...{ team_id: of('team_id'), user_id: of('user_id') },
    ...{ funnel_id: of('funnel_id'), product_id: of('product_id') },
  }
}

export class PlanHistory implements Told {
  readonly fields = ['target']
  #known = new SvelteMap<number, Known>()
  #measures = $state.raw<readonly Measure[]>([])
  #people = $state.raw<People>({ teams: [], people: [] })

  learn = (items: readonly Change[]): void => {
    for (const c of items) if (c.kind === 'plan.created') this.#known.set(c.object_id, made(c))
    const rest = [...new Set(items.map((c) => c.object_id))].filter((id) => !this.#known.has(id))
    void this.#load(rest).catch(() => {}) // they are told by their numbers then
  }
  async #load(ids: readonly number[]): Promise<void> {
    if (this.#measures.length === 0)
      [this.#measures, this.#people] = await Promise.all([get<Measure[]>('/api/measures'), loadPeople()])
    if (ids.length === 0) return
    const query = new URLSearchParams({ filter: `id in (${ids.join(', ')})`, limit: '500' })
    for (const p of (await get<List<Plan>>(`/api/plans?${query}`)).items) this.#known.set(p.id, p)
    // Those that are gone: what they were when they came.
    for (const id of ids.filter((x) => !this.#known.has(x))) {
      const page = await get<List<Change>>(`/api/history?objects=plan&id=${id}&limit=500`)
      const first = page.items.find((c) => c.kind === 'plan.created')
      if (first) this.#known.set(id, made(first))
    }
  }
  name = (c: Change): string | undefined => {
    const p = this.#known.get(c.object_id)
    if (!p) return undefined
    return [
      this.#measures.find((m) => m.id === p.measure)?.title ?? p.measure,
      periodText(p.period, p.starts_on),
      whoseText(this.#people, p),
      p.funnel_id ? session.funnel(p.funnel_id)?.name : '',
      p.product_id ? session.boot?.products?.find((x) => x.id === p.product_id)?.name : '',
    ]
      .filter(Boolean)
      .join(', ')
  }
  value = (c: Change, field: string, v: unknown): string | undefined => {
    const measure = this.#known.get(c.object_id)?.measure
    const type = this.#measures.find((m) => m.id === measure)?.type
    return field === 'target' && typeof v === 'number' && type
      ? valueText(v, type, session.currency)
      : undefined
  }
}
