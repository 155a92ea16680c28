// The people and companies that a deal speaks of: loaded by need, found as one types, created in passing.
import { get, type Answer } from '../lib/api'
import { quote } from '../lib/quote'
import { sync } from '../lib/session.svelte'
import type { Company, Contact, List } from '../lib/types'

class Shelf<T extends { id: number; version: number; name: string }> {
  known = $state.raw<ReadonlyMap<number, T>>(new Map())
  #asked = new Set<number>()

  constructor(readonly noun: 'contacts' | 'companies') {}

  /** Loads those that are not known yet. One that cannot be found stays a number. */
  async want(ids: readonly (number | null)[]): Promise<void> {
    const missing = [...new Set(ids)].filter((id): id is number => id !== null && !this.#asked.has(id))
    if (missing.length === 0) return
    missing.forEach((id) => this.#asked.add(id))
    try {
      await this.#load(`id in (${missing.join(', ')})`)
    } catch {
      missing.forEach((id) => this.#asked.delete(id)) // asked again when the card needs them next time
    }
  }
  async search(text: string, signal: AbortSignal): Promise<T[]> {
    const filter = text.trim() ? `name ~ ${quote(text.trim())}` : ''
    const sort = text.trim() ? 'name' : '-updated_at'
    const query = `limit=12&sort=${sort}&filter=${encodeURIComponent(filter)}`
    return this.#take((await get<List<T>>(`/api/${this.noun}?${query}`, signal)).items)
  }
  async create(body: Record<string, unknown>): Promise<Answer<T>> {
    const answer = await sync.push<T>({ method: 'POST', path: `/api/${this.noun}`, body })
    this.#take([answer.data])
    return answer
  }
  async change(row: T, body: Partial<T>): Promise<Answer<T>> {
    const object = `${this.noun}/${row.id}`
    const keys = Object.keys(body) as (keyof T & string)[]
    const base = Object.fromEntries(keys.map((k) => [k, row[k]]))
    this.#take([{ ...row, ...body }])
    try {
      const { version } = row
      const change = {
        method: 'PATCH',
        path: `/api/${object}`,
        object,
        body: { ...body },
        base,
        version,
      } as const
      const answer = await sync.push<T>(change)
      this.#take([answer.data])
      return answer
    } catch (e) {
      this.#take([row])
      throw e
    }
  }
  /** Somebody changed it elsewhere. */
  async renew(id: number): Promise<void> {
    if (this.known.has(id)) await this.#load(`id = ${id}`).catch(() => {}) // shown as it was until the next load
  }
  name(id: number): string {
    return this.known.get(id)?.name ?? `№ ${id}`
  }
  async #load(filter: string): Promise<void> {
    const query = `limit=200&filter=${encodeURIComponent(filter)}`
    this.#take((await get<List<T>>(`/api/${this.noun}?${query}`)).items)
  }
  #take(rows: T[]): T[] {
    this.known = new Map([...this.known, ...rows.map((r): [number, T] => [r.id, r])])
    rows.forEach((r) => this.#asked.add(r.id))
    return rows
  }
}
export class Book {
  readonly contacts = new Shelf<Contact>('contacts')
  readonly companies = new Shelf<Company>('companies')
}
export type { Shelf }
