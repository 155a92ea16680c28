// A change of many at once: first a dry run that counts, then a long operation that can be taken back as a whole.
import { get, request } from '../../lib/api'
import { plural, t } from '../../lib/i18n.svelte'
import { operations, over, type Operation } from '../../lib/operations.svelte'
import { sync } from '../../lib/session.svelte'
import { carryRow } from '../../lib/steps'
import { toasts } from '../../lib/toasts.svelte'
import { failure, undo } from '../../lib/undo.svelte'
import type { ListStore } from './list.svelte'
import type { Row } from './section.svelte'
import type { Selection } from './selection.svelte'

export interface BulkChange {
  set?: Record<string, unknown>
  add?: Record<string, number[]>
  remove?: Record<string, number[]>
  delete?: true
  /** One for each. */
  task?: Record<string, unknown>
}
export interface DryRun {
  matched: number
  would_change: number
  refused: number
  reasons: { code: string; detail: string; count: number; ids: number[] }[]
}

/** Refusals that the sheet of what is missing can answer. */
const asked = new Set([
  ...['gates_unmet', 'reason_required', 'loss_reason_required', 'competitor_required'],
  ...['next_task_required', 'result_required'],
])
/** The rows that were chosen when it was asked: what is confirmed is what was counted. */
type Target = ReturnType<Selection['target']>

export class Bulk {
  /** What is asked before it is done. */
  pending = $state.raw<{ change: BulkChange; about: Target; title: string; dry: DryRun } | null>(null)
  checking = $state(false)
  /** Pressed: a second press is not a second change. */
  starting = $state(false)
  running = $state.raw<number | null>(null)
  operation = $derived(this.running === null ? undefined : operations.known.get(this.running))

  constructor(private list: ListStore) {}

  /** Counts what the change would do to the chosen rows. False: it was refused as a whole, and is told why. */
  async ask(change: BulkChange, title: string): Promise<boolean> {
    if (this.checking) return false
    this.checking = true
    const about = this.list.selection.target()
    try {
      const { data: dry } = await this.#post<DryRun>({ ...about, ...change, dry_run: true })
      this.pending = { change, about, title, dry }
      return true
    } catch (e) {
      toasts.error(failure(e))
      return false
    } finally {
      this.checking = false
    }
  }
  /** Rows that only lack something which can be asked for. */
  get askable(): number[] {
    const { change, dry } = this.pending ?? {}
    const { object } = this.list.of
    const ruled = object === 'deal' ? change?.set : object === 'task' ? (change?.set ?? change?.delete) : null
    return ruled && dry ? dry.reasons.filter((r) => asked.has(r.code)).flatMap((r) => r.ids) : []
  }
  /** `fill`: what the others lack is asked for, one after another, in the sheet of every move. */
  async run(fill = false): Promise<void> {
    if (!this.pending || this.starting) return
    const { change, about, title, dry } = this.pending
    const rest = fill ? this.askable : []
    this.starting = true
    try {
      if (dry.would_change > 0) {
        const { data } = await this.#post<Operation>({ ...about, ...change })
        this.running = data.id
        this.pending = null
        this.#tell(await operations.follow(data), title, change.task ? 'bulk.done_task' : 'bulk.done')
        this.running = null
      }
      this.pending = null
      if (rest.length > 0) await this.#each(rest, change, title)
    } catch (e) {
      toasts.error(failure(e))
    }
    this.starting = false
    this.running = null
    this.list.selection.drop()
    void this.list.refresh()
  }
  /** One by one; closing a sheet leaves that row and those after it. */
  async #each(ids: readonly number[], change: BulkChange, title: string): Promise<void> {
    const { object } = this.list.of
    const changes: number[] = []
    for (const id of ids) {
      const row = await get<Row>(`/api/${this.list.plural}/${id}`)
      const path = `/api/${this.list.plural}/${id}`
      const method = change.delete ? 'DELETE' : 'PATCH'
      const done = await carryRow(object, row, { ...change.set }, (body) =>
        sync.push<Row>({ method, path, object: path.slice(5), ...(change.delete ? {} : { body }) }),
      )
      if (!done) break
      if (done.change !== null) changes.push(done.change)
    }
    if (changes.length > 0) undo.done(`${title}: ${plural('bulk.done', changes.length)}`, changes)
  }
  #tell(o: Operation, title: string, done: 'bulk.done' | 'bulk.done_task'): void {
    const counted = plural(done, o.done_count)
    const text =
      o.failed_count > 0
        ? `${title}: ${counted}, ${plural('bulk.failed', o.failed_count)}`
        : `${title}: ${counted}`
    if (o.state === 'failed') toasts.error(t('bulk.broken', { title }))
    else undo.offer(text, () => this.#back(o, title))
  }
  async #back(o: Operation, title: string): Promise<void> {
    try {
      const undone = await operations.undo(o.id)
      if (over(undone) && undone.state === 'done') toasts.show(t('bulk.undone', { title }))
      else toasts.error(t('bulk.undo_failed', { title }))
    } catch (e) {
      toasts.error(failure(e))
    }
    void this.list.refresh()
  }
  #post<T>(body: Record<string, unknown>) {
    return request<T>('POST', `/api/${this.list.plural}/bulk`, { body, key: crypto.randomUUID() })
  }
}
