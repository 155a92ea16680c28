// Rows of a list, or of one group of it: asked for page by page as they come into sight.
import { get } from '../../lib/api'
import type { List } from '../../lib/types'

export interface Row {
  id: number
  version: number
  [field: string]: unknown
}
export interface GroupOf {
  value: unknown
  count: number
  sums: Record<string, number>
}
export const PAGE = 100

export class Section {
  /** Rows by page; a page is replaced, never changed. */
  pages = $state.raw<ReadonlyMap<number, readonly Row[]>>(new Map())
  count = $state(0)
  open = $state(true)
  /** Pages here or on their way, and which question each answer is to belong to. */
  #asked = new Map<number, number>()
  #questions = 0

  constructor(
    readonly group: GroupOf | null,
    /** Filter of the list and of the group. */
    readonly filter: string,
    count: number,
  ) {
    this.count = count
    this.open = group === null
  }
  at(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE]
  }
  find(id: number): number {
    for (const [page, rows] of this.pages) {
      const at = rows.findIndex((r) => r.id === id)
      if (at >= 0) return page * PAGE + at
    }
    return -1
  }
  /** Changes rows that are here; `change` gives null to drop one. */
  change(id: number, change: (row: Row) => Row): void {
    for (const [page, rows] of this.pages)
      if (rows.some((r) => r.id === id)) {
        const next = new Map(this.pages)
        next.set(page, rows.map((r) => (r.id === id ? change(r) : r))) // prettier-ignore
        this.pages = next
        return
      }
  }
  /** Asks for a page unless it is here or on its way; `again` asks for one that is here. */
  async need(
    page: number,
    url: (filter: string, offset: number) => string,
    signal: AbortSignal,
    again = false,
  ): Promise<void> {
    if (this.#asked.has(page) && !again) return
    const question = ++this.#questions
    this.#asked.set(page, question)
    try {
      const { items } = await get<List<Row>>(url(this.filter, page * PAGE), signal)
      // Asked again, or forgotten, meanwhile: this answer is too late.
      if (this.#asked.get(page) !== question) return
      const here = new Map(this.pages.get(page)?.map((r): [number, Row] => [r.id, r]))
      const next = new Map(this.pages)
      // A row changed while the answer was on its way is the newer one.
      next.set(page, items.map((r) => ((here.get(r.id)?.version ?? 0) > r.version ? here.get(r.id)! : r))) // prettier-ignore
      this.pages = next
    } catch (e) {
      if (this.#asked.get(page) === question) this.#asked.delete(page)
      throw e
    }
  }
  /** Others changed something: what is not on the screen is asked for again when it comes into sight. */
  forget(keep: ReadonlySet<number>): void {
    this.pages = new Map([...this.pages].filter(([page]) => keep.has(page)))
    this.#asked = new Map([...this.#asked].filter(([page]) => keep.has(page)))
  }
}
