// A change of many at once: first a dry run that counts, then a long operation that can be taken back as a whole.
import { request } from '../../lib/api'
import { plural, t } from '../../lib/i18n.svelte'
import { operations, over, type Operation } from '../../lib/operations.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { failure, undo } from '../../lib/undo.svelte'
import type { ListStore } from './list.svelte'
import type { Selection } from './selection.svelte'

export interface BulkChange {
  set?: Record<string, unknown>
  add?: Record<string, number[]>
  remove?: Record<string, number[]>
  delete?: true
}
export interface DryRun {
  matched: number
  would_change: number
  refused: number
  reasons: { code: string; detail: string; count: number; ids: number[] }[]
}

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

  /** Counts what the change would do to the chosen rows. */
  async ask(change: BulkChange, title: string): Promise<void> {
    if (this.checking) return
    this.checking = true
    const about = this.list.selection.target()
    try {
      const { data: dry } = await this.#post<DryRun>({ ...about, ...change, dry_run: true })
      this.pending = { change, about, title, dry }
    } catch (e) {
      toasts.error(failure(e))
    }
    this.checking = false
  }
  async run(): Promise<void> {
    if (!this.pending || this.starting) return
    const { change, about, title } = this.pending
    this.starting = true
    try {
      const { data } = await this.#post<Operation>({ ...about, ...change })
      this.running = data.id
      this.pending = null
      const done = await operations.follow(data)
      this.#tell(done, title)
    } catch (e) {
      toasts.error(failure(e))
    }
    this.starting = false
    this.running = null
    this.list.selection.drop()
    void this.list.refresh()
  }
  #tell(o: Operation, title: string): void {
    const counted = plural('bulk.done', o.done_count)
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
