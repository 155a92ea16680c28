// The store of one card, whatever it is of: the object itself, what belongs to it, and everything that changes it.
import { get, Offline, Problem, type Answer } from '../lib/api'
import { t, type Key } from '../lib/i18n.svelte'
import { live } from '../lib/live'
import { session, sync } from '../lib/session.svelte'
import { Conflict } from '../lib/sync.svelte'
import { toasts } from '../lib/toasts.svelte'
import type { Change, Task } from '../lib/types'
import { failure, undo } from '../lib/undo.svelte'
import { Book } from './book.svelte'
import type { Finished } from './finish.svelte'
import { Files } from './files.svelte'
import { Rows } from './rows.svelte'
import { Timeline } from './timeline.svelte'

export type CardObject = 'deal' | 'contact' | 'company'
export const plurals = { deal: 'deals', contact: 'contacts', company: 'companies' } as const

interface Row {
  id: number
  version: number
}
/** A list that belongs to the card, and the noun whose changes concern it. */
interface Part {
  object: string
  rows: { load(): Promise<void>; find(id: number): unknown }
}

/** Any card, for what is the same on all of them. */
export type AnyCard = Card<Row>

export abstract class Card<T extends Row> {
  readonly noun: string
  readonly book = new Book()
  readonly tasks: Rows<Task>
  readonly timeline: Timeline
  readonly files: Files
  state = $state<'loading' | 'ready' | 'failed' | 'missing' | 'deleted'>('loading')
  problem = $state('')
  spoken = $state('')
  /** Which composer is open; commands switch it. */
  compose = $state.raw<{ tab: 'note' | 'task' } | null>(null)

  /** Somebody else is to take over: the sheet that asks why is open. */
  handing = $state.raw<{ owner: number | null } | null>(null)

  protected server = $state.raw<T | null>(null)
  #pending = $state.raw<readonly Partial<T>[]>([])
  /** The object as the user has it: the server's, with the changes that are on their way. */
  row = $derived(this.server && Object.assign({}, this.server, ...this.#pending)) as T | null
  openTasks = $derived.by(() =>
    this.tasks.list.filter((x) => !x.done).sort((a, b) => (a.due_at ?? Infinity) - (b.due_at ?? Infinity)),
  )
  protected parts: Part[]
  #stop: (() => void) | null = null
  #stale = new Set<string>()
  #renewing: ReturnType<typeof setTimeout> | undefined
  #closed = false
  /** Something may have happened, or did not come, while there was no network. */
  #missed = true

  constructor(
    readonly object: CardObject,
    readonly id: number,
    tasks: string = `${object}_id = ${id}`,
  ) {
    this.noun = plurals[object]
    this.tasks = new Rows<Task>('tasks', tasks, 'due_at')
    this.timeline = new Timeline(`/api/${this.noun}/${id}/timeline`)
    this.files = new Files(object, id, this.renew)
    this.parts = [
      { object: 'task', rows: this.tasks },
      { object: 'file', rows: this.files.rows },
    ]
  }
  /** How the object is called in messages. */
  abstract get title(): string
  /** What a new task or note of this card is about. */
  abstract get about(): Partial<Task>
  /** Whose the object is: the usual owner of its tasks. */
  abstract get owner(): number | null
  /** The currency of its sums. */
  get currency(): string {
    return session.currency
  }
  /** The product of a row of products. */
  productOf(row: number): number | undefined {
    void row
    return undefined
  }
  /** Whether a card without an open task asks for the next one. */
  get unfinished(): boolean {
    return false
  }
  finished(_: Task, answer: Answer<Finished>, said: string): void {
    this.spoken = said
    undo.done(said, answer.change, this.renew)
    this.#stale.add('task')
    this.renew()
  }
  /** The object has come: loads what it points to. */
  protected came(row: T): void {
    void row
  }

  // ---- loading and live changes

  async load(): Promise<void> {
    if (!this.#stop) this.#listen()
    try {
      this.take(await get<T>(`/api/${this.noun}/${this.id}`))
      this.state = 'ready'
    } catch (e) {
      if (e instanceof Problem && e.status === 404) this.state = this.server ? 'deleted' : 'missing'
      else if (this.state !== 'ready') {
        this.state = 'failed'
        this.problem = failure(e)
      }
      return
    }
    const parts = [...this.parts.map((p) => p.rows.load()), this.timeline.load()]
    const failed = (await Promise.allSettled(parts)).find((p) => p.status === 'rejected')
    if (!failed || this.#closed) return
    // The stream comes back with the network, and then all of it is asked for again.
    if (failed.reason instanceof Offline) this.#missed = true
    else toasts.error(failure(failed.reason))
  }
  close(): void {
    this.#closed = true
    this.#stop?.()
    clearTimeout(this.#renewing)
  }
  #listen(): void {
    // The stream may begin a moment after the card was loaded, or come back after a while: what was missed is asked for.
    this.#missed = true
    this.#stop = live('/api/events', -1, {
      change: (change) => this.heard(change),
      reset: () => void this.load(),
      state: (on) => {
        if (on && this.state === 'failed') void this.load()
        else if (on && this.#missed && this.state === 'ready') this.renew()
        this.#missed = !on
      },
    })
  }
  /** A change anywhere in the company: keeps those of this card. */
  heard(change: Change): void {
    const { object, object_id: id } = change
    if (object === 'contact') void this.book.contacts.renew(id)
    if (object === 'company') void this.book.companies.renew(id)
    if (!this.#concerns(change)) return
    this.timeline.take(change)
    this.#stale.add(object)
    this.#renewSoon()
  }
  #concerns({ object, object_id: id, set }: Change): boolean {
    if (object === this.object) return id === this.id
    const part = this.parts.find((p) => p.object === object)
    if (!part && object !== 'note') return false
    return (
      set[`${this.object}_id`]?.includes(this.id) === true ||
      this.timeline.items.some((c) => c.object === object && c.object_id === id) ||
      part?.rows.find(id) !== undefined
    )
  }
  /** What belongs to an object can change its dates and counts too, so the object itself is always asked for. */
  #renewSoon(): void {
    clearTimeout(this.#renewing)
    this.#renewing = setTimeout(() => {
      const stale = this.#stale
      this.#stale = new Set()
      get<T>(`/api/${this.noun}/${this.id}`).then(
        (row) => {
          this.take(row)
          this.state = 'ready'
        },
        (e) => {
          if (e instanceof Problem && e.status === 404) this.state = 'deleted'
        },
      )
      for (const { object, rows } of this.parts) {
        if (stale.has(object)) rows.load().catch(() => {}) // the next change, or coming back online, asks again
      }
    }, 60)
  }
  protected take(row: T): void {
    if (this.server && this.server.version > row.version) return
    this.server = row
    sync.seen(`${this.noun}/${row.id}`, row.version)
    this.came(row)
  }
  /** After an own change: the journal has it. */
  renew = (): void => {
    void this.timeline.load()
    for (const { object } of this.parts) this.#stale.add(object)
    this.#renewSoon()
  }

  // ---- changing

  /** Shows the change at once and sends it. Rejects when it is refused, after it has been taken back. `extra` goes along
   * without being a field (the reason of a change). */
  async patch(
    body: Partial<T>,
    said?: string,
    extra: Record<string, unknown> = {},
  ): Promise<Answer<T> | null> {
    const row = this.row
    if (!row || !this.server) return null
    const keys = Object.keys(body) as (keyof T)[]
    const base = Object.fromEntries(keys.map((k) => [k, row[k]]))
    const object = `${this.noun}/${this.id}`
    const { version } = this.server
    this.#pending = [...this.#pending, body]
    try {
      const sent = { ...body, ...extra }
      const answer = await sync.push<T>({
        ...({ method: 'PATCH', path: `/api/${object}` } as const),
        ...{ object, body: sent, base, version },
      })
      this.take(answer.data)
      if (said) undo.done(said, answer.change, this.renew)
      else undo.note(answer.change)
      void this.timeline.load()
      return answer
    } catch (e) {
      if (e instanceof Conflict) this.take(e.theirs as unknown as T)
      throw e
    } finally {
      this.#pending = this.#pending.filter((p) => p !== body)
    }
  }
  /** The first owner is simply set; a change of hands asks for its reason. */
  async setOwner(owner: number | null): Promise<void> {
    if (this.owner === null) return this.giveTo(owner, '')
    this.handing = { owner }
  }
  async giveTo(owner: number | null, reason: string): Promise<void> {
    const said = t('deal.field_saved', { field: t('deal.owner_id') })
    await this.patch(
      { owner_id: owner } as unknown as Partial<T>,
      said,
      reason ? { owner_reason: reason } : {},
    )
  }
  async remove(after: () => void): Promise<void> {
    const title = this.title
    try {
      const object = `${this.noun}/${this.id}`
      const { change } = await sync.push<null>({ method: 'DELETE', path: `/api/${object}`, object })
      undo.done(t(`${this.object}.deleted` as Key, { title }), change)
      after()
    } catch (e) {
      toasts.error(failure(e))
    }
  }
  /** Runs a write of a list; says what was done, or why not. True when it went through. */
  async run(work: Promise<Pick<Answer<unknown>, 'change'> | null>, said: string | null): Promise<boolean> {
    try {
      const answer = await work
      if (!answer) return false
      const { change } = answer
      if (said === null) undo.note(change)
      else undo.done(said, change, this.renew)
      this.renew()
      return true
    } catch (e) {
      toasts.error(failure(e))
      return false
    }
  }
}
