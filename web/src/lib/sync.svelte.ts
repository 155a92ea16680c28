// The queue of writes. The screen changes at once; the queue sends changes in order, waits while there is no network,
// survives a reload, and merges with what others changed meanwhile when the fields differ.
import { Offline, Problem, request, type Answer } from './api'

export interface Mutation {
  id: string // idempotency key: sending twice counts once
  method: 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: Record<string, unknown>
  /** The object this is about ("deals/7"): gives If-Match and merging. */
  object?: string
  version?: number | null
  /** Values of the fields before this change: who else changed one of them means a conflict. */
  base?: Record<string, unknown>
}
export type NewMutation = Omit<Mutation, 'id'>

/** The other side changed the same field: both values are needed to decide. */
export class Conflict extends Error {
  constructor(
    readonly mutation: Mutation,
    readonly theirs: Record<string, unknown>,
    readonly fields: string[],
  ) {
    super('conflict')
  }
}
export interface Shelf {
  all(): Promise<Mutation[]>
  put(mutation: Mutation): Promise<void>
  remove(id: string): Promise<void>
}
export type Send = typeof request
interface Waiting {
  mutation: Mutation
  done: (answer: Answer<unknown>) => void
  failed: (e: unknown) => void
}
const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

export class Sync {
  pending = $state(0)
  offline = $state(false)
  #queue: Waiting[] = []
  #versions = new Map<string, number>()
  #running = false
  #wake: (() => void) | null = null

  constructor(
    private shelf: Shelf,
    private send: Send = request,
    private delay: (attempt: number) => number = (n) => Math.min(15_000, 1000 * 2 ** n),
  ) {}

  /** Resolves when the server has it; rejects with Problem or Conflict when it never will. */
  push<T>(change: NewMutation): Promise<Answer<T>> {
    const mutation: Mutation = { ...change, id: crypto.randomUUID() }
    // The secret of a webhook is not written into the browser's storage.
    if (!('secret' in (change.body ?? {}))) void this.shelf.put(mutation)
    return this.#add<T>(mutation)
  }
  /** Sends what an earlier page could not. */
  async restore(failed: (e: unknown) => void): Promise<void> {
    const known = new Set(this.#queue.map((w) => w.mutation.id))
    for (const mutation of await this.shelf.all()) {
      if (!known.has(mutation.id)) this.#add(mutation).catch(failed)
    }
  }
  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#running) await new Promise((go) => setTimeout(go, 5))
  }
  /** The network is back: do not wait for the timer. */
  retryNow(): void {
    this.#wake?.()
  }
  seen(object: string, version: number): void {
    this.#versions.set(object, Math.max(version, this.#versions.get(object) ?? 0))
  }
  #add<T>(mutation: Mutation): Promise<Answer<T>> {
    return new Promise((done, failed) => {
      this.#queue.push({ mutation, done: done as (a: Answer<unknown>) => void, failed })
      this.pending = this.#queue.length
      void this.#run()
    })
  }
  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      try {
        const answer = await this.#deliver(first.mutation)
        first.done(answer)
      } catch (e) {
        if (e instanceof Problem && e.status === 401) {
          this.#part(e)
          break
        }
        first.failed(e)
      }
      this.#queue.shift()
      this.pending = this.#queue.length
      void this.shelf.remove(first.mutation.id)
    }
    this.#running = false
  }
  /** The session has ended: what is not sent stays on the shelf until the same user signs in again. */
  #part(e: Problem): void {
    const left = this.#queue
    this.#queue = []
    this.pending = 0
    for (const w of left) w.failed(e)
  }
  async #deliver(mutation: Mutation): Promise<Answer<unknown>> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#once(mutation)
        this.offline = false
        return answer
      } catch (e) {
        const wait = e instanceof Offline || (e instanceof Problem && [429, 502, 503, 504].includes(e.status))
        if (!wait) {
          this.offline = false
          throw e
        }
        this.offline = true
        const after = e instanceof Problem && e.retryAfter ? e.retryAfter * 1000 : this.delay(attempt)
        await new Promise<void>((go) => {
          const timer = setTimeout(go, after)
          this.#wake = () => (clearTimeout(timer), go())
        })
        this.#wake = null
      }
    }
  }
  async #once(m: Mutation): Promise<Answer<unknown>> {
    const known = m.object ? this.#versions.get(m.object) : undefined
    // After an own change the server's version is ahead of the one this change was made on.
    const version = m.version ? Math.max(m.version, known ?? 0) : null
    try {
      return this.#remember(m, await this.send(m.method, m.path, { body: m.body, version, key: m.id }))
    } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'stale_version' || !m.object) throw e
      return await this.#merge(m)
    }
  }
  /** Another one was faster. Different fields: both changes stand. The same field: the user decides. */
  async #merge(m: Mutation): Promise<Answer<unknown>> {
    const theirs = await this.send<Record<string, unknown>>('GET', `/api/${m.object}`)
    const fields = Object.keys(m.body ?? {}).filter(
      (f) => !same(theirs.data[f], m.base?.[f]) && !same(theirs.data[f], m.body?.[f]),
    )
    if (fields.length > 0) throw new Conflict(m, theirs.data, fields)
    // A new key: to the server this is another request than the refused one.
    const key = `${m.id}.${theirs.version}`
    return this.#remember(
      m,
      await this.send(m.method, m.path, { body: m.body, version: theirs.version, key }),
    )
  }
  #remember(m: Mutation, answer: Answer<unknown>): Answer<unknown> {
    if (m.object && answer.version) this.seen(m.object, answer.version)
    return answer
  }
}
