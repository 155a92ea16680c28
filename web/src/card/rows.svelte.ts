// Small lists that belong to a deal (tasks, products): shown changed at once, put back when the server refuses.
import { get, type Answer } from '../lib/api'
import { sync } from '../lib/session.svelte'
import type { List } from '../lib/types'

interface Row {
  id: number
  version: number
}
export class Rows<T extends Row> {
  list = $state.raw<readonly T[]>([])
  loaded = $state(false)
  #temporary = -1
  #sending = 0

  constructor(
    readonly noun: string,
    readonly filter: string,
    readonly sort: string,
  ) {}

  async load(signal?: AbortSignal): Promise<void> {
    const query = `limit=200&sort=${this.sort}&filter=${encodeURIComponent(this.filter)}`
    const { items } = await get<List<T>>(`/api/${this.noun}?${query}`, signal)
    // What is on its way is newer than this answer; the answer to it brings the list up to date.
    if (this.#sending > 0) return
    this.list = items
    this.loaded = true
  }
  find(id: number): T | undefined {
    return this.list.find((row) => row.id === id)
  }
  add(body: Partial<T>, shown: Omit<T, 'id' | 'version'>): Promise<Answer<T>> {
    const id = this.#temporary--
    this.list = [...this.list, { ...shown, id, version: 0 } as T]
    return this.#send(
      () => sync.push<T>({ method: 'POST', path: `/api/${this.noun}`, body: { ...body } }),
      ({ data }) => this.#put(id, data),
      () => this.#drop(id),
    )
  }
  /** `shown` is what the server will work out from the change. */
  change(row: T, body: Partial<T>, shown: Partial<T> = {}): Promise<Answer<T>> {
    const object = `${this.noun}/${row.id}`
    const keys = Object.keys(body) as (keyof T & string)[]
    const base = Object.fromEntries(keys.map((k) => [k, row[k]]))
    this.#put(row.id, { ...row, ...shown, ...body })
    const { version } = row
    return this.#send(
      () =>
        sync.push<T>({ method: 'PATCH', path: `/api/${object}`, object, body: { ...body }, base, version }),
      ({ data }) => this.#put(row.id, data),
      () => this.#put(row.id, row),
    )
  }
  remove(row: T): Promise<Answer<null>> {
    const before = this.list
    const object = `${this.noun}/${row.id}`
    this.#drop(row.id)
    return this.#send(
      () => sync.push<null>({ method: 'DELETE', path: `/api/${object}`, object }),
      () => {},
      () => (this.list = before),
    )
  }
  async #send<A>(send: () => Promise<A>, done: (answer: A) => void, failed: () => void): Promise<A> {
    this.#sending++
    try {
      const answer = await send()
      done(answer)
      return answer
    } catch (e) {
      failed()
      throw e
    } finally {
      this.#sending--
    }
  }
  #put(id: number, row: T): void {
    this.list = this.list.map((r) => (r.id === id ? row : r))
  }
  #drop(id: number): void {
    this.list = this.list.filter((r) => r.id !== id)
  }
}
