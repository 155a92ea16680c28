// Which rows are chosen: some by id, or all that fit the filter, however many they are.
import type { ListStore } from './list.svelte'

const RANGE = 5000 // further, "all" is meant

export class Selection {
  ids = $state.raw<ReadonlySet<number>>(new Set())
  all = $state(false)
  count = $derived.by(() => (this.all ? (this.list.totals?.count ?? this.list.length) : this.ids.size))
  #anchor = 0

  constructor(private list: ListStore) {}

  has(id: number): boolean {
    return this.all || this.ids.has(id)
  }
  drop(): void {
    this.ids = new Set()
    this.all = false
  }
  everything(): void {
    this.ids = new Set()
    this.all = true
  }
  toggle(index: number): void {
    const row = this.list.at(index)
    if (!row) return
    // One taken out of "all": what is loaded stays chosen.
    const next = new Set(this.all ? this.#loaded() : this.ids)
    this.all = false
    if (!next.delete(row.id)) next.add(row.id)
    this.ids = next
    this.#anchor = index
  }
  async range(index: number): Promise<void> {
    const first = Math.min(this.#anchor, index)
    const end = Math.min(Math.max(this.#anchor, index) + 1, first + RANGE)
    await this.list.ensure(first, end)
    const next = new Set(this.ids)
    for (let i = first; i < end; i++) {
      const row = this.list.at(i)
      if (row) next.add(row.id)
    }
    this.all = false
    this.ids = next
  }
  /** Of the box in the head: all loaded ones, then none. */
  toggleLoaded(): void {
    if (this.all || this.ids.size > 0) return this.drop()
    this.ids = new Set(this.#loaded())
  }
  /** What a bulk request is about. */
  target(): { filter: string } | { ids: number[] } {
    return this.all ? { filter: this.list.asked } : { ids: [...this.ids] }
  }
  #loaded(): number[] {
    return this.list.sections
      .filter((s) => s.open)
      .flatMap((s) => [...s.pages.values()].flat().map((r) => r.id))
  }
}
