// The store of "My day": one queue in the server's order, the task at hand, and what is done with it.
import type { TaskDraft } from '../../card/drafts'
import type { Finished } from '../../card/finish.svelte'
import { get, type Answer } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { sync } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Change, Task } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { linesOf, type Item, type Kind, type Line } from './queue'

interface Page {
  items: Item[]
  counts: Partial<Record<Kind, number>>
  next_cursor: string | null
}
const PAGE = 500
export type Mode = 'look' | 'finish' | 'defer' | 'ask' | 'edit'

export class Day {
  items = $state.raw<readonly Item[]>([])
  counts = $state.raw<Partial<Record<Kind, number>>>({})
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  folded = $state.raw<ReadonlySet<Kind>>(new Set())
  /** The task at hand, and what is done with it. */
  at = $state<number | null>(null)
  mode = $state<Mode>('look')
  /** The goal that was asked for by its number, from 0. */
  goal = $state<number | null>(null)
  /** Bring it into view; with `focus` it gets the focus too. */
  wanted = $state.raw<{ id: number; focus: boolean } | null>(null)
  spoken = $state('')
  done = $state(0)
  who = $state<number | null>(null)
  more = $state(false)

  lines = $derived<Line[]>(linesOf(this.items, this.counts, this.folded))
  order = $derived(this.lines.flatMap((l) => (l.kind === 'task' ? [l.item.task.id] : [])))
  total = $derived(Object.values(this.counts).reduce((sum, n) => sum + n, 0))
  current = $derived(this.items.find((x) => x.task.id === this.at))
  #cursor: string | null = null
  #round = 0
  #stop: (() => void) | null = null
  #soon: ReturnType<typeof setTimeout> | undefined
  #reading = false

  open(who: number | null): void {
    this.who = who
    this.state = 'loading'
    this.at = null
    this.#stop ??= live('/api/events', -1, { change: (c) => this.#heard(c), reset: () => this.#later() })
    void this.load()
  }
  close(): void {
    this.#stop?.()
    clearTimeout(this.#soon)
  }
  #heard({ object }: Change): void {
    if (object === 'task' || object === 'deal') this.#later()
  }
  #later(): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.load(), 500)
  }
  #path(cursor: string | null): string {
    const query = new URLSearchParams({ limit: String(PAGE) })
    if (this.who !== null) query.set('owner_id', String(this.who))
    if (cursor !== null) query.set('cursor', cursor)
    return `/api/queue?${query}`
  }
  /** Asks for as much as is shown, at least a page. What stood there stays until then. */
  async load(): Promise<void> {
    const round = ++this.#round
    const wanted = Math.max(PAGE, this.items.length)
    const all: Item[] = []
    try {
      let cursor: string | null = null
      let counts = this.counts
      do {
        const page: Page = await get<Page>(this.#path(cursor))
        if (round !== this.#round) return
        all.push(...page.items.map(timed))
        if (cursor === null) counts = page.counts
        cursor = page.next_cursor
      } while (cursor !== null && all.length < wanted)
      this.#cursor = cursor
      this.more = cursor !== null
      this.items = all
      this.counts = counts
      this.state = 'ready'
      if (this.at === null || !this.current) this.#first()
    } catch (e) {
      if (round !== this.#round) return
      if (this.state === 'ready') return // shown as it was; the next change asks again
      this.state = 'failed'
      this.problem = failure(e)
    }
  }
  /** The next page: one has scrolled near the end of what is here. */
  async further(): Promise<void> {
    if (this.#cursor === null || this.#reading) return
    this.#reading = true
    const round = this.#round
    try {
      const page = await get<Page>(this.#path(this.#cursor))
      if (round !== this.#round) return
      const known = new Set(this.items.map((x) => x.task.id))
      this.items = [...this.items, ...page.items.filter((x) => !known.has(x.task.id)).map(timed)]
      this.#cursor = page.next_cursor
      this.more = page.next_cursor !== null
    } catch {
      // asked again by the next scroll
    } finally {
      this.#reading = false
    }
  }
  #first(): void {
    this.at = this.order[0] ?? null
    this.mode = 'look'
  }
  fold(kind: Kind): void {
    const next = new Set(this.folded)
    if (!next.delete(kind)) next.add(kind)
    this.folded = next
  }
  step(by: 1 | -1): void {
    const now = this.at === null ? -1 : this.order.indexOf(this.at)
    const next = this.order[now < 0 ? 0 : Math.max(0, Math.min(this.order.length - 1, now + by))]
    if (next !== undefined) this.select(next)
  }
  select(id: number, focus = true): void {
    if (this.at !== id) this.mode = 'look'
    this.at = id
    this.wanted = { id, focus }
  }
  turn(mode: Mode, goal: number | null = null): void {
    if (this.current === undefined) return
    this.goal = goal
    this.mode = mode
    if (mode === 'look' && this.at !== null) this.wanted = { id: this.at, focus: true }
  }

  // ---- changing

  /** The task has left the queue: the next one is at hand, with its form open when one works on. */
  left(id: number, on: boolean): void {
    const place = this.order.indexOf(id)
    const following = this.order[place + 1] ?? this.order[place - 1] ?? null
    const gone = this.items.find((x) => x.task.id === id)
    this.items = this.items.filter((x) => x.task.id !== id)
    if (gone) this.counts = { ...this.counts, [gone.kind]: Math.max(0, (this.counts[gone.kind] ?? 1) - 1) }
    this.at = following
    this.goal = null
    this.mode = on && following !== null ? 'finish' : 'look'
    if (following !== null) this.wanted = { id: following, focus: !on }
    this.#later()
  }
  finished(task: Task, answer: Answer<Finished>, said: string): void {
    this.done++
    this.spoken = said
    undo.done(said, answer.change, () => void this.load())
    this.left(task.id, true)
  }
  async change(task: Task, body: Partial<Task>, said: string): Promise<boolean> {
    const put = (next: Partial<Task>) =>
      (this.items = this.items.map((x) =>
        x.task.id === task.id ? { ...x, task: { ...x.task, ...next } } : x,
      ))
    put(body)
    const base = Object.fromEntries(Object.keys(body).map((k) => [k, task[k as keyof Task]]))
    const object = `tasks/${task.id}`
    return this.#run(
      sync.push<Task>({
        method: 'PATCH',
        path: `/api/${object}`,
        object,
        version: task.version,
        base,
        body: { ...body },
      }),
      said,
      () => put(base),
    )
  }
  edit(task: Task, { title, kind, due: due_at, owner: owner_id }: TaskDraft): void {
    this.turn('look')
    void this.change(task, { title, kind, due_at, owner_id }, t('task.edited'))
  }
  /** Puts the deal off; its task goes along with it. */
  async defer(item: Item, to: { until: number } | { wait_id: number }): Promise<void> {
    this.turn('look')
    if (!item.deal) {
      if ('until' in to) void this.change(item.task, { due_at: to.until }, t('task.edited'))
      return
    }
    const body = 'until' in to ? { deferred_until: to.until } : { wait_id: to.wait_id }
    const path = `/api/deals/${item.deal.id}`
    if (await this.#run(sync.push({ method: 'PATCH', path, body }), t('move.deferred'))) void this.load()
  }
  async ask(task: Task, due_at: number, reason: string): Promise<void> {
    this.turn('look')
    const path = `/api/tasks/${task.id}/ask-due`
    await this.#run(sync.push({ method: 'POST', path, body: { due_at, reason } }), t('day.asked'))
    void this.load()
  }
  async answer(task: Task, accept: boolean): Promise<boolean> {
    const path = `/api/tasks/${task.id}/answer-due`
    return this.#run(
      sync.push({ method: 'POST', path, body: { accept } }),
      t(accept ? 'day.allowed' : 'day.denied'),
    )
  }
  async #run(work: Promise<Answer<unknown>>, said: string, back = () => {}): Promise<boolean> {
    try {
      const { change } = await work
      undo.done(said, change, () => void this.load())
      this.#later()
      return true
    } catch (e) {
      back()
      toasts.error(failure(e))
      return false
    }
  }
}
/** What is left becomes a moment, so that it can be counted down. */
function timed(item: Item): Item {
  return item.left_ms === null || item.left_ms === undefined
    ? item
    : { ...item, until: clock.exact() + item.left_ms }
}
