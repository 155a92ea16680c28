// The feed: pages of findings, newest first, and what is thought of each.
import { get, request } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import type { List } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { fresh } from './fresh.svelte'
import type { Finding, State } from './finding'

const PAGE = 50
export class Findings {
  items = $state.raw<readonly Finding[]>([])
  more = $state<string | null>(null)
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  #of: State | null = null
  #round = 0

  async open(of: State | null): Promise<void> {
    this.#of = of
    this.state = 'loading'
    await this.load()
  }
  async load(): Promise<void> {
    const round = ++this.#round
    try {
      const page = await this.#page('')
      if (round !== this.#round) return
      this.items = page.items
      this.more = page.next_cursor
      this.state = 'ready'
    } catch (e) {
      if (round !== this.#round) return
      this.problem = failure(e)
      this.state = 'failed'
    }
  }
  async further(): Promise<void> {
    if (!this.more) return
    const round = this.#round
    const page = await this.#page(this.more)
    if (round !== this.#round) return
    this.items = [...this.items, ...page.items]
    this.more = page.next_cursor
  }
  #page(cursor: string): Promise<List<Finding>> {
    const query = new URLSearchParams({ limit: String(PAGE), sort: '-found_at,-since_at' })
    if (this.#of) query.set('filter', `state = "${this.#of}"`)
    if (cursor) query.set('cursor', cursor)
    return get<List<Finding>>(`/api/findings?${query}`)
  }
  async mark(finding: Finding, state: State): Promise<void> {
    const { data, change } = await request<Finding>('PATCH', `/api/findings/${finding.id}`, {
      body: { state },
    })
    this.items = this.items.map((f) => (f.id === data.id ? data : f))
    void fresh.load()
    const said = t('findings.marked', { state: t(`findings.state.${state}`) })
    undo.done(said, change, () => {
      void this.load()
      void fresh.load()
    })
  }
}
