// The table of plans: one measure and period, cell by cell; every change goes to the server at once and can be undone.
import { get, request } from '../../lib/api'
import { plural, t } from '../../lib/i18n.svelte'
import type { List } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { loadPeople, rowsOf, type People, type Row } from './people'
import { columnsOf, keyOf, step, type Measure, type Period, type Plan } from './plan'

export interface Asked {
  measure: string
  period: Period
  /** First day of the first column. */
  from: string
  funnel_id: number | null
  product_id: number | null
}
/** What a plan consists of before it has an id. */
export type Wanted = Omit<Plan, 'id' | 'version'>

export class Plans {
  measures = $state.raw<readonly Measure[]>([])
  people = $state.raw<People>({ teams: [], people: [] })
  items = $state.raw<readonly Plan[]>([])
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  asked = $state.raw<Asked | null>(null)
  rows = $derived<Row[]>(rowsOf(this.people))
  columns = $derived.by((): string[] => {
    const a = this.asked
    return a ? Array.from({ length: columnsOf[a.period] }, (_, i) => step(a.period, a.from, i)) : []
  })
  #cells = $derived(new Map(this.items.map((p) => [`${keyOf(p)} ${p.starts_on}`, p])))
  #round = 0

  get measure(): Measure | undefined {
    return this.measures.find((m) => m.id === this.asked?.measure)
  }
  at(row: string, column: string): Plan | undefined {
    return this.#cells.get(`${row} ${column}`)
  }
  async open(asked: Asked): Promise<void> {
    this.asked = asked
    await this.load()
  }
  async load(): Promise<void> {
    const round = ++this.#round
    try {
      if (this.measures.length === 0)
        [this.measures, this.people] = await Promise.all([get<Measure[]>('/api/measures'), loadPeople()])
      const found = await this.#plans()
      if (round !== this.#round) return
      this.items = found
      this.state = 'ready'
    } catch (e) {
      if (round !== this.#round) return
      this.problem = failure(e)
      this.state = 'failed'
    }
  }
  async #plans(): Promise<Plan[]> {
    const { measure, period, funnel_id, product_id } = this.asked!
    const is = (name: string, id: number | null) => (id ? `${name} = ${id}` : `${name} is null`)
    const filter = [
      ...[`measure = ${JSON.stringify(measure)}`, `period = "${period}"`],
      ...[`starts_on >= "${step(period, this.asked!.from, -1)}"`, `starts_on <= "${this.columns.at(-1)}"`],
      ...[is('funnel_id', funnel_id), is('product_id', product_id)],
    ].join(' and ')
    const all: Plan[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = new URLSearchParams({ filter, limit: '500', sort: 'id', ...(cursor ? { cursor } : {}) })
      const page: List<Plan> = await get<List<Plan>>(`/api/plans?${query}`)
      all.push(...page.items)
      cursor = page.next_cursor
    }
    return all
  }
  wanted(row: Row, column: string, target: number): Wanted {
    const { measure, period, funnel_id, product_id } = this.asked!
    return {
      ...{ measure, period, starts_on: column, funnel_id, product_id, parent_id: null, target },
      ...{ team_id: row.team_id, user_id: row.user_id },
    }
  }
  /** Keeps what stands in a cell; null takes the plan away. Rejects with the reason. */
  async set(row: Row, column: string, target: number | null, called: string): Promise<void> {
    const was = this.at(row.key, column)
    if ((was?.target ?? null) === target) return
    const after = () => void this.load()
    if (target === null) {
      const { change } = await request('DELETE', `/api/plans/${was!.id}`)
      this.items = this.items.filter((p) => p.id !== was!.id)
      return undo.done(t('plans.removed', { what: called }), change, after)
    }
    const { data, change } = was
      ? await request<Plan>('PATCH', `/api/plans/${was.id}`, { body: { target } })
      : await request<Plan>('POST', '/api/plans', {
          body: this.wanted(row, column, target),
          key: crypto.randomUUID(),
        })
    this.items = [...this.items.filter((p) => p.id !== data.id), data]
    undo.done(t('plans.saved', { what: called }), change, after)
  }
  /** Makes many at once: one undo takes all of them back. */
  async make(wanted: readonly Wanted[], said: 'plans.copied' | 'plans.spread_done'): Promise<void> {
    const { change } = await request('POST', '/api/plans/spread', {
      body: { plans: wanted },
      key: crypto.randomUUID(),
    })
    await this.load()
    undo.done(plural(said, wanted.length), change, () => void this.load())
  }
  /** Targets of the period before, where this one has none yet. */
  async copy(column: string): Promise<number> {
    const before = step(this.asked!.period, column, -1)
    const wanted = this.rows.flatMap((row) => {
      const was = this.at(row.key, before)
      return was && !this.at(row.key, column) ? [this.wanted(row, column, was.target)] : []
    })
    if (wanted.length > 0) await this.make(wanted, 'plans.copied')
    return wanted.length
  }
  /** What the rows below add up to; null where none of them has a plan. */
  below(row: Row, column: string): number | null {
    const plans = row.parts.flatMap((key): number[] => {
      const own = this.at(key, column)?.target
      const part = this.rows.find((r) => r.key === key)
      const deeper = own ?? (part ? this.below(part, column) : null)
      return deeper === null || deeper === undefined ? [] : [deeper]
    })
    return plans.length > 0 ? plans.reduce((a, b) => a + b, 0) : null
  }
}
