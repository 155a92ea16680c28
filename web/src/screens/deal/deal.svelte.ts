// The store of one deal card: the deal itself, what belongs to it, and everything that changes it.
import { get, Problem } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { session, sync } from '../../lib/session.svelte'
import { Conflict } from '../../lib/sync.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Change, Deal, DealProduct, Stage, Task } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { Book } from './book.svelte'
import { Rows } from './rows.svelte'
import { Timeline } from './timeline.svelte'

/** A change that cannot be made before some fields are filled. */
export interface Asking {
  body: Partial<Deal>
  fields: string[]
  stage: Stage | null
}
type Part = 'deal' | 'tasks' | 'products'

export class DealPage {
  readonly id: number
  readonly book = new Book()
  readonly tasks: Rows<Task>
  readonly products: Rows<DealProduct>
  readonly timeline: Timeline
  state = $state<'loading' | 'ready' | 'failed' | 'missing' | 'deleted'>('loading')
  problem = $state('')
  asking = $state.raw<Asking | null>(null)
  spoken = $state('')
  /** Which composer is open; commands switch it. */
  compose = $state.raw<{ tab: 'note' | 'task' } | null>(null)

  #server = $state.raw<Deal | null>(null)
  #pending = $state.raw<readonly Partial<Deal>[]>([])
  /** The deal as the user has it: the server's, with the changes that are on their way. */
  deal = $derived(this.#server && Object.assign({}, this.#server, ...this.#pending)) as Deal | null
  stage = $derived(this.deal ? session.stages.get(this.deal.stage_id) : undefined)
  funnel = $derived(this.deal ? session.funnel(this.deal.funnel_id) : undefined)
  stages = $derived(
    (this.funnel?.stages ?? [])
      .filter((s) => !s.archived || s.id === this.deal?.stage_id)
      .sort((a, b) => a.position - b.position),
  )
  openTasks = $derived.by(() =>
    this.tasks.list.filter((x) => !x.done).sort((a, b) => (a.due_at ?? Infinity) - (b.due_at ?? Infinity)),
  )
  #stop: (() => void) | null = null
  #stale = new Set<Part>()
  #renewing: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(id: number) {
    this.id = id
    this.tasks = new Rows<Task>('tasks', `deal_id = ${id}`, 'due_at')
    this.products = new Rows<DealProduct>('deal-products', `deal_id = ${id}`, 'id')
    this.timeline = new Timeline(`/api/deals/${id}/timeline`)
  }

  // ---- loading and live changes

  async load(): Promise<void> {
    if (!this.#stop) this.#listen()
    try {
      this.#take(await get<Deal>(`/api/deals/${this.id}`))
      this.state = 'ready'
    } catch (e) {
      if (e instanceof Problem && e.status === 404) this.state = this.#server ? 'deleted' : 'missing'
      else if (this.state !== 'ready') {
        this.state = 'failed'
        this.problem = failure(e)
      }
      return
    }
    const parts = [this.tasks.load(), this.products.load(), this.timeline.load()]
    const failed = (await Promise.allSettled(parts)).find((p) => p.status === 'rejected')
    if (failed && !this.#closed) toasts.error(failure(failed.reason))
  }
  close(): void {
    this.#closed = true
    this.#stop?.()
    clearTimeout(this.#renewing)
  }
  #listen(): void {
    // The stream may begin a moment after the card was loaded, or come back after a while: what was missed is asked for.
    let missed = true
    this.#stop = live('/api/events', -1, {
      change: (change) => this.heard(change),
      reset: () => void this.load(),
      state: (on) => {
        if (on && missed && this.state === 'ready') this.renew()
        missed = !on
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
    if (object === 'task') this.#stale.add('tasks')
    if (object === 'deal-product') this.#stale.add('products')
    this.#renewSoon()
  }
  #concerns({ object, object_id: id, set }: Change): boolean {
    if (object === 'deal') return id === this.id
    if (!['task', 'note', 'deal-product'].includes(object)) return false
    return (
      set.deal_id?.includes(this.id) === true ||
      this.timeline.items.some((c) => c.object === object && c.object_id === id) ||
      (object === 'task' && this.tasks.find(id) !== undefined) ||
      (object === 'deal-product' && this.products.find(id) !== undefined)
    )
  }
  /** Tasks change a deal's dates and counts too, so the deal is always asked for. */
  #renewSoon(): void {
    clearTimeout(this.#renewing)
    this.#renewing = setTimeout(() => {
      const stale = this.#stale
      this.#stale = new Set()
      const ignore = () => {} // the next change, or coming back online, asks again
      get<Deal>(`/api/deals/${this.id}`).then(
        (deal) => {
          this.#take(deal)
          this.state = 'ready'
        },
        (e) => {
          if (e instanceof Problem && e.status === 404) this.state = 'deleted'
        },
      )
      if (stale.has('tasks')) this.tasks.load().catch(ignore)
      if (stale.has('products')) this.products.load().catch(ignore)
    }, 60)
  }
  #take(deal: Deal): void {
    if (this.#server && this.#server.version > deal.version) return
    this.#server = deal
    sync.seen(`deals/${deal.id}`, deal.version)
    void this.book.contacts.want([deal.contact_id, ...deal.contact_ids])
    void this.book.companies.want([deal.company_id])
  }
  /** After an own change: the journal has it. */
  renew = (): void => {
    void this.timeline.load()
    this.#stale.add('tasks').add('products')
    this.#renewSoon()
  }

  // ---- changing

  /** Shows the change at once and sends it. Rejects when it is refused, after it has been taken back. */
  async patch(body: Partial<Deal>, said?: string): Promise<void> {
    const deal = this.deal
    if (!deal || !this.#server) return
    const keys = Object.keys(body) as (keyof Deal)[]
    const base = Object.fromEntries(keys.map((k) => [k, deal[k]]))
    const object = `deals/${this.id}`
    const { version } = this.#server
    this.#pending = [...this.#pending, body]
    try {
      const change = {
        method: 'PATCH',
        path: `/api/${object}`,
        object,
        body: { ...body },
        base,
        version,
      } as const
      const answer = await sync.push<Deal>(change)
      this.#take(answer.data)
      if (said) undo.done(said, answer.change, this.renew)
      else undo.note(answer.change)
      void this.timeline.load()
    } catch (e) {
      if (e instanceof Conflict) this.#take(e.theirs as unknown as Deal)
      throw e
    } finally {
      this.#pending = this.#pending.filter((p) => p !== body)
    }
  }
  move(stage: Stage): void {
    if (!this.deal || !session.canWrite || stage.id === this.deal.stage_id) return
    const body: Partial<Deal> = { stage_id: stage.id }
    const reasons = session.lossReasons(stage.funnel_id)
    if (stage.outcome === 'lost' && reasons.length > 0)
      this.asking = { body, fields: ['loss_reason_id'], stage }
    else void this.moveTo(body, stage)
  }
  /** Moves; when the server wants fields for that, asks for exactly those and goes on. */
  async moveTo(body: Partial<Deal>, stage: Stage | null): Promise<void> {
    const said = stage ? t('deal.moved', { stage: stage.name }) : t('deal.saved')
    try {
      await this.patch(body, said)
      this.spoken = said
    } catch (e) {
      const fields = missingFields(e)
      if (fields.length > 0) this.asking = { body, fields, stage }
      else toasts.error(failure(e))
    }
  }
  /** One stage on (1) or back (-1), among the open ones. */
  step(by: number): void {
    const open = this.stages.filter((s) => s.outcome === 'open')
    const at = open.findIndex((s) => s.id === this.deal?.stage_id)
    const next = at < 0 ? undefined : open[at + by]
    if (next) this.move(next)
  }
  async remove(after: () => void): Promise<void> {
    const title = this.deal?.title ?? ''
    try {
      const object = `deals/${this.id}`
      const { change } = await sync.push<null>({ method: 'DELETE', path: `/api/${object}`, object })
      undo.done(t('deal.deleted', { title }), change)
      after()
    } catch (e) {
      toasts.error(failure(e))
    }
  }
  /** Runs a write of a list; says what was done, or why not. True when it went through. */
  async run(work: Promise<{ change: number | null }>, said: string | null): Promise<boolean> {
    try {
      const { change } = await work
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

/** The fields that the server misses, when that is all that is wrong. */
export function missingFields(e: unknown): string[] {
  if (!(e instanceof Problem) || e.status !== 422) return []
  const errors =
    e.errors.length > 0 ? e.errors : e.field ? [{ field: e.field, code: e.code, detail: '' }] : []
  return errors.every((x) => /(^|_)required$/.test(x.code)) ? [...new Set(errors.map((x) => x.field))] : []
}
