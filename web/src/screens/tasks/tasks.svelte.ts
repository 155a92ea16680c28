// The store of the tasks screen: whose tasks, which of them, the one at hand, and what is planned after it.
import type { TaskHost } from '../../card/host'
import { Rows } from '../../card/rows.svelte'
import type { Finished } from '../../card/finish.svelte'
import type { Answer } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { live } from '../../lib/live'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Change, Task, TaskKind } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { teamOf } from './team'
import { linesOf, onDay, shiftDay, type Line, type Section } from './groups'

export type Who = 'mine' | 'team' | 'all' | number
export type View = 'list' | 'month' | 'week'
export interface Asked {
  who: Who
  kind: TaskKind | null
  /** Only what is done, the latest first. */
  done: boolean
}
export const MOST = 10_000
const DONE_MOST = 500
const FIELDS = 'id,version,title,deal_id,contact_id,company_id,owner_id,due_at,kind,done,result,done_at'

export function filterOf({ who, kind, done }: Asked, team: readonly number[]): string {
  const parts = [`done = ${done}`]
  if (who === 'mine') parts.push('owner_id = me')
  else if (who === 'team') parts.push(`owner_id in (${team.join(', ')})`)
  else if (typeof who === 'number') parts.push(`owner_id = ${who}`)
  if (kind) parts.push(`kind = "${kind}"`)
  return parts.join(' and ')
}

export class TaskDesk implements TaskHost {
  rows = $state.raw(new Rows<Task>('tasks', '', 'due_at'))
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  folded = $state.raw<ReadonlySet<Section>>(new Set())
  /** The task at hand, and what is done with it. */
  at = $state<number | null>(null)
  mode = $state<'look' | 'finish' | 'edit'>('look')
  /** Bring it into view and give it the focus. */
  wanted = $state.raw<{ id: number } | null>(null)
  spoken = $state('')
  asked = $state.raw<Asked>({ who: 'mine', kind: null, done: false })

  lines = $derived<Line[]>(linesOf(this.rows.list.filter((x) => x.done === this.asked.done), clock.now, this.folded)) // prettier-ignore
  order = $derived(this.lines.flatMap((l) => (l.kind === 'task' ? [l.task.id] : [])))
  #stop: (() => void) | null = null
  #changed = new Set<number>()
  #round = 0
  #soon: ReturnType<typeof setTimeout> | undefined

  get tasks() {
    return this.rows
  }
  async open(asked: Asked): Promise<void> {
    const round = ++this.#round
    this.asked = asked
    this.state = 'loading'
    this.#listen()
    try {
      const team = asked.who === 'team' ? await teamOf(session.user.id) : []
      if (round !== this.#round) return
      const sort = asked.done ? '-done_at' : 'due_at'
      const most = asked.done ? DONE_MOST : MOST
      const rows = new Rows<Task>('tasks', filterOf(asked, team), sort, most, FIELDS)
      this.rows = rows
      const loading = rows.load()
      await Promise.race([loading, rows.begun()])
      if (round !== this.#round) return
      this.state = 'ready'
      await loading
    } catch (e) {
      if (round !== this.#round) return
      this.state = 'failed'
      this.problem = failure(e)
    }
  }
  close(): void {
    this.#stop?.()
    clearTimeout(this.#soon)
  }
  #listen(): void {
    this.#stop ??= live('/api/events', -1, {
      change: (c) => this.#heard(c),
      reset: () => void this.rows.load().catch(() => {}), // what is shown stays until the network is back
    })
  }
  #heard({ object, object_id: id }: Change): void {
    if (object !== 'task') return
    this.#changed.add(id)
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => {
      const ids = [...this.#changed]
      this.#changed.clear()
      // Many at once (a bulk change, an import) come as a whole.
      const asked = ids.length > 200 ? this.rows.load() : this.rows.renew(ids)
      asked.catch(() => {}) // the next change asks again
    }, 80)
  }
  fold(section: Section): void {
    const next = new Set(this.folded)
    if (!next.delete(section)) next.add(section)
    this.folded = next
  }
  find(id: number | null): Task | undefined {
    return id === null ? undefined : this.rows.find(id)
  }
  /** The next (1) or previous (-1) task of the list. */
  step(by: 1 | -1): void {
    const now = this.at === null ? -1 : this.order.indexOf(this.at)
    const next = this.order[now < 0 ? 0 : Math.max(0, Math.min(this.order.length - 1, now + by))]
    if (next !== undefined) this.select(next)
  }
  select(id: number): void {
    this.at = id
    this.mode = 'look'
    this.wanted = { id }
  }

  // ---- changing

  finished(task: Task, answer: Answer<Finished>, said: string): void {
    // The next one in the queue is at hand at once.
    const place = this.order.indexOf(task.id)
    const following = this.order[place + 1] ?? this.order[place - 1] ?? null
    this.rows.list = this.rows.list.filter((x) => x.id !== task.id)
    this.at = following
    this.mode = 'look'
    if (following !== null) this.wanted = { id: following }
    this.spoken = said
    undo.done(said, answer.change, () => void this.rows.load().catch(() => {}))
    const made = [task.id, ...(answer.data.next ? [answer.data.next.id] : [])]
    this.rows.renew(made).catch(() => {}) // the next change asks again
  }
  /** To another day at the same time of day. */
  move(task: Task, day: number, said: string): void {
    const due_at = onDay(task.due_at, day)
    if (due_at === task.due_at) return
    this.spoken = said
    void this.run(this.rows.change(task, { due_at }), said)
  }
  moveBy(task: Task, days: number, say: (day: number) => string): void {
    if (task.due_at === null) return
    const day = shiftDay(task.due_at, days)
    this.move(task, day, say(day))
    this.wanted = { id: task.id }
  }
  async run(work: Promise<Pick<Answer<unknown>, 'change'> | null>, said: string | null): Promise<boolean> {
    try {
      const answer = await work
      if (!answer) return false
      const { change } = answer
      if (said === null) undo.note(change)
      else undo.done(said, change, () => void this.rows.load().catch(() => {}))
      return true
    } catch (e) {
      toasts.error(failure(e))
      return false
    }
  }
}
