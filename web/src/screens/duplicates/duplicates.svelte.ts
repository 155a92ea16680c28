// Groups of records that seem to be the same, over the whole base, page by page.
import { get } from '../../lib/api'
import { failure } from '../../lib/undo.svelte'
import type { List } from '../../lib/types'
import type { Rec } from '../client/merge'

export interface Group {
  why: string[]
  ids: number[]
  records: (Rec & { name: string })[]
}
export class Duplicates {
  items = $state.raw<readonly Group[]>([])
  cursor = $state<string | null>(null)
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  busy = $state(false)
  #round = 0

  constructor(readonly noun: 'contacts' | 'companies') {}

  async load(): Promise<void> {
    await this.#page(null)
  }
  async more(): Promise<void> {
    if (this.cursor !== null && !this.busy) await this.#page(this.cursor)
  }
  /** After merging: the group is gone, or smaller. */
  async renew(): Promise<void> {
    await this.#page(null)
  }
  async #page(cursor: string | null): Promise<void> {
    const round = ++this.#round
    this.busy = true
    const query = new URLSearchParams({ limit: '30', ...(cursor === null ? {} : { cursor }) })
    try {
      const page = await get<List<Group>>(`/api/${this.noun}/duplicates?${query}`)
      if (round !== this.#round) return // from before the merge: its page would stand twice
      this.items = cursor === null ? page.items : [...this.items, ...page.items]
      this.cursor = page.next_cursor
      this.state = 'ready'
    } catch (e) {
      if (round !== this.#round) return
      this.problem = failure(e)
      if (this.items.length === 0) this.state = 'failed'
    } finally {
      if (round === this.#round) this.busy = false
    }
  }
}
