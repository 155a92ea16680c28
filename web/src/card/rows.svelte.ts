// Small lists that belong to a card (tasks, products), and the long one of all tasks: shown changed at once, put back
// when the server refuses.
import { get, type Answer } from '../lib/api'
import { sync } from '../lib/session.svelte'
import type { List } from '../lib/types'

interface Row {
  id: number
  version: number
}
const PAGE = 500

export class Rows<T extends Row> {
  list = $state.raw<readonly T[]>([])
  loaded = $state(false)
  /** There are more than `most`: the rest is not here. */
  cut = $state(false)
  #temporary = -1
  #sending = 0
  #round = 0
  #missed: 'all' | readonly number[] | null = null
  #begin = (): void => {}
  #begun = new Promise<void>((done) => (this.#begin = done))

  constructor(
    readonly noun: string,
    readonly filter: string,
    readonly sort: string,
    /** No more rows than this are brought. */
    readonly most = 200,
    readonly fields = '',
  ) {}

  async load(signal?: AbortSignal): Promise<void> {
    const round = ++this.#round
    const all: T[] = []
    let cursor: string | null = null
    do {
      const page: List<T> = await get(this.#path(Math.min(PAGE, this.most), this.filter, cursor), signal)
      // What is on its way is newer than this answer; the answer to it brings the list up to date.
      if (round !== this.#round) return
      if (this.#sending > 0) {
        this.#missed = 'all'
        return
      }
      all.push(...page.items)
      cursor = page.next_cursor
      // The first time one sees it grow.
      if (!this.loaded) this.list = [...all]
      this.#begin()
    } while (cursor !== null && all.length < this.most)
    this.cut = cursor !== null
    this.list = all
    this.loaded = true
  }
  /** Resolves when the first of several pages stands. */
  begun(): Promise<void> {
    return this.#begun
  }
  /** Others changed some: they are asked for again, and go when they do not belong here any more. */
  async renew(ids: readonly number[]): Promise<void> {
    const known = `id in (${ids.join(', ')})`
    const filter = this.filter ? `${known} and (${this.filter})` : known
    const { items } = await get<List<T>>(this.#path(PAGE, filter, null))
    if (this.#sending > 0) {
      this.#missed = this.#missed === 'all' ? 'all' : [...(this.#missed ?? []), ...ids]
      return
    }
    const rest = this.list.filter((r) => !ids.includes(r.id))
    this.list = [...rest, ...items]
  }
  #path(limit: number, filter: string, cursor: string | null): string {
    const query = new URLSearchParams({ limit: String(limit), sort: this.sort })
    if (filter) query.set('filter', filter)
    if (this.fields) query.set('fields', this.fields)
    if (cursor !== null) query.set('cursor', cursor)
    return `/api/${this.noun}?${query}`
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
      if (this.#sending === 0) this.#catchUp()
    }
  }
  /** What came while something was on its way is asked for once more. */
  #catchUp(): void {
    const missed = this.#missed
    this.#missed = null
    if (missed !== null) (missed === 'all' ? this.load() : this.renew(missed)).catch(() => {}) // as it was until the next load
  }
  #put(id: number, row: T): void {
    this.list = this.list.map((r) => (r.id === id ? row : r))
  }
  #drop(id: number): void {
    this.list = this.list.filter((r) => r.id !== id)
  }
}
