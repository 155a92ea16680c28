// What the server tells this person (live), and what this browser works out: a task of one's own has become due.
import { get, request } from './api'
import { clock } from './clock.svelte'
import { date, i18n, t, type Key } from './i18n.svelte'
import { live } from './live'
import { settings } from './settings.svelte'
import { title } from './title.svelte'
import { toasts } from './toasts.svelte'
import { placeOf } from './place'
import { router } from './router.svelte'
import type { List, Task } from './types'
import { failure } from './undo.svelte'

export interface Notice {
  id: number
  kind: string
  object: string | null
  object_id: number | null
  params: Record<string, string | number> | null
  read_at: number | null
  created_at: number
}
/** A task becomes due, or was due lately: its own entry, kept only here. */
export interface Due {
  task: Task
  at: number
}
const AHEAD = 24 * 3_600_000
const BEHIND = 12 * 3_600_000
const SEEN = 'due-seen'

/** Tasks that are due between `from` and `to`. */
export function dueBetween(tasks: readonly Task[], from: number, to: number): Task[] {
  return tasks.filter((x) => !x.done && x.due_at !== null && x.due_at > from && x.due_at <= to)
}
export function noticeText(n: Notice): string {
  const key = `notification.${n.kind}`
  const known = key in i18n.texts ? key : 'notification.unknown'
  return t(known as Key, { kind: n.kind, ...told(n) })
}
/** What the server tells by id or as a moment, in words. */
function told({ kind, params }: Notice): Record<string, string | number> {
  if (kind !== 'finding.new' || !params) return params ?? {}
  const name = i18n.texts[`finding.${params.detector}`]
  const since_at = typeof params.since_at === 'number' ? date(params.since_at, 'dayYear') : ''
  const said = params[`said_${i18n.locale}`] || name || String(params.detector)
  return { ...params, said, since_at }
}

/** Runs when its words are there; without a network what is new stands in the list only. */
const worded = (tell: () => void): Promise<void> => i18n.with('over').then(tell, () => {})

class Notices {
  list = $state.raw<readonly Notice[]>([])
  state = $state<'idle' | 'ready' | 'failed'>('idle')
  problem = $state('')
  /** Quiet: the bell counts, nothing pops up. */
  quiet = $state(settings.recall('quiet') === '1')
  #tasks = $state.raw<readonly Task[]>([])
  #seen = $state.raw<ReadonlySet<string>>(new Set((settings.recall(SEEN) ?? '').split(',').filter(Boolean)))
  #told = 0
  due = $derived(
    dueBetween(this.#tasks, clock.now - BEHIND, clock.now)
      .map((task): Due => ({ task, at: task.due_at! }))
      .sort((a, b) => b.at - a.at),
  )
  unread = $derived(
    this.list.filter((n) => n.read_at === null).length +
      this.due.filter((d) => !this.#seen.has(keyOf(d.task))).length,
  )
  #again: ReturnType<typeof setTimeout> | undefined

  start(): () => void {
    this.#told = clock.exact()
    void this.load()
    void this.#loadTasks()
    let missed = true
    const stop = live('/api/events', -1, {
      change: (c) => {
        if (c.object === 'task') this.#tasksSoon()
      },
      notification: (data) => this.#take(data as Notice),
      reset: () => void this.load(),
      // What came between the list and the stream, or while there was no network, is asked for.
      state: (on) => {
        if (on && missed) void this.load()
        missed = !on
      },
    })
    const hourly = setInterval(() => void this.#loadTasks(), 3_600_000)
    return () => {
      stop()
      clearInterval(hourly)
      clearTimeout(this.#again)
    }
  }
  async load(): Promise<void> {
    try {
      this.list = (await get<List<Notice>>('/api/notifications?limit=50&sort=-created_at')).items
      this.state = 'ready'
    } catch (e) {
      this.state = 'failed'
      this.problem = failure(e)
    }
  }
  /** Called as the clock goes on: tells of what has become due since the last time. */
  tick(now: number): void {
    title.unread = this.unread
    const due = dueBetween(this.#tasks, this.#told, now)
    this.#told = Math.max(this.#told, now)
    if (this.quiet || due.length === 0) return
    void worded(() => {
      for (const task of due.slice(0, 3)) {
        const place = placeOf(task)
        const action = place ? { label: t('notices.open'), run: () => router.go(place) } : undefined
        toasts.show(t('notices.due', { name: task.title }), action ? { action } : {})
      }
    })
  }
  isSeen(task: Task): boolean {
    return this.#seen.has(keyOf(task))
  }
  setQuiet(on: boolean): void {
    this.quiet = on
    settings.remember('quiet', on ? '1' : '')
  }
  async read(ids: readonly number[]): Promise<void> {
    const now = clock.exact()
    const before = this.list
    this.list = before.map((n) => (ids.includes(n.id) && n.read_at === null ? { ...n, read_at: now } : n))
    try {
      await request('POST', '/api/notifications/read', { body: { ids } })
    } catch (e) {
      this.list = before
      toasts.error(failure(e))
    }
  }
  seeDue(task: Task): void {
    this.#keep(new Set([...this.#seen, keyOf(task)]))
  }
  async readAll(): Promise<void> {
    this.#keep(new Set(this.due.map((d) => keyOf(d.task))))
    const before = this.list
    const now = clock.exact()
    this.list = before.map((n) => ({ ...n, read_at: n.read_at ?? now }))
    try {
      await request('POST', '/api/notifications/read', { body: { all: true } })
    } catch (e) {
      this.list = before
      toasts.error(failure(e))
    }
  }
  /** Only what can still be in the list is remembered. */
  #keep(seen: ReadonlySet<string>): void {
    this.#seen = new Set([...seen].slice(-300))
    settings.remember(SEEN, [...this.#seen].join(','))
  }
  #take(n: Notice): void {
    if (this.list.some((x) => x.id === n.id)) {
      this.list = this.list.map((x) => (x.id === n.id ? n : x))
      return
    }
    this.list = [n, ...this.list].slice(0, 100)
    if (!this.quiet && n.read_at === null) void worded(() => toasts.show(noticeText(n)))
  }
  #tasksSoon(): void {
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.#loadTasks(), 1500)
  }
  async #loadTasks(): Promise<void> {
    const now = clock.exact()
    const filter = `owner_id = me and done = false and due_at > ${Math.round(now - BEHIND)} and due_at < ${Math.round(now + AHEAD)}`
    const fields = 'id,version,title,deal_id,contact_id,company_id,due_at,done'
    const query = new URLSearchParams({ limit: '200', sort: 'due_at', fields, filter })
    try {
      this.#tasks = (await get<List<Task>>(`/api/tasks?${query}`)).items
    } catch {
      // The next change of a task, or the next hour, asks again.
    }
  }
}
const keyOf = (task: Task) => `${task.id}@${task.due_at}`
export const notices = new Notices()

/** Where a notification leads. */
export function noticePlace(n: Notice): string | null {
  // A report leads to its figures as they were when it came.
  const place = n.params?.place
  if (typeof place === 'string' && place.startsWith('/reports/')) return place
  if (n.object_id === null) return null
  if (n.object === 'deal') return `/deals/${n.object_id}`
  if (n.object === 'contact') return `/contacts/${n.object_id}`
  if (n.object === 'company') return `/companies/${n.object_id}`
  if (n.object === 'finding') return '/findings'
  if (n.object === 'review') return `/reviews/${n.object_id}`
  return n.object === 'task' ? '/tasks' : null
}
