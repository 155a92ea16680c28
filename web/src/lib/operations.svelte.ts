// Long operations of this user: bulk changes, imports, merges. How far they are comes over the live stream, and by
// asking when it is silent.
import { get, request } from './api'
import { live } from './live'
import { schema } from './schema.svelte'

export interface Operation {
  id: number
  kind: 'bulk' | 'import' | 'hand_over' | 'merge' | 'undo'
  state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped' | 'undone'
  object: string | null
  title: string | null
  total: number
  done_count: number
  failed_count: number
  undoes_id: number | null
  plan: unknown
  outcome: Record<string, unknown> | null
  started_at: number | null
  finished_at: number | null
}
export const over = (o: Operation): boolean => o.state !== 'waiting' && o.state !== 'running'

class Operations {
  known = $state.raw<ReadonlyMap<number, Operation>>(new Map())
  #waiting = new Map<number, ((o: Operation) => void)[]>()
  #stop: (() => void) | null = null
  #timer: ReturnType<typeof setInterval> | undefined

  /** Follows an operation until it is over. */
  follow(operation: Operation): Promise<Operation> {
    this.#take(operation)
    if (over(operation)) return Promise.resolve(operation)
    this.#stop ??= live('/api/events', -1, {
      operation: (o) => this.#take(o as Operation),
      reset: () => void this.#ask(),
    })
    this.#timer ??= setInterval(() => void this.#ask(), 1000)
    return new Promise((done) => {
      this.#waiting.set(operation.id, [...(this.#waiting.get(operation.id) ?? []), done])
    })
  }
  async stop(id: number): Promise<void> {
    this.#take((await request<Operation>('POST', `/api/operations/${id}/stop`)).data)
  }
  /** Takes the whole operation back; that is an operation too. */
  async undo(id: number): Promise<Operation> {
    return this.follow((await request<Operation>('POST', `/api/operations/${id}/undo`)).data)
  }
  #take(o: Operation): void {
    const old = this.known.get(o.id)
    if (old && over(old) && !over(o)) return
    this.known = new Map([...this.known, [o.id, o]])
    if (!over(o)) return
    for (const done of this.#waiting.get(o.id) ?? []) done(o)
    this.#waiting.delete(o.id)
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#stop?.()
    this.#stop = null
  }
  async #ask(): Promise<void> {
    for (const id of this.#waiting.keys())
      await get<Operation>(`/api/operations/${id}`)
        .then((o) => this.#take(o))
        .catch(() => {}) // asked again in a second
  }
}
export const operations = new Operations()
export const mayBulk = (): boolean => schema.can.has('bulk')
