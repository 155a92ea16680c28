// Live changes over server-sent events. A browser allows six connections to one server over all its tabs, so a tab has
// one stream for all that listen, and gives it back while nobody looks at the tab. What was missed comes by number.
import type { Change } from './types'

export interface LiveHandlers {
  change?: (change: Change) => void
  board?: (delta: unknown) => void
  /** Of one's own: how far a long operation is; something to tell its user. */
  operation?: (operation: unknown) => void
  notification?: (notification: unknown) => void
  /** The gap is too wide: load again. */
  reset: () => void
  state?: (connected: boolean) => void
}
interface Listener {
  path: string
  on: LiveHandlers
}
const HIDDEN_FOR = 30_000

const listeners = new Set<Listener>()
let source: EventSource | null = null
let open = '' // the path of the stream
let seq = -1 // the last number heard of, -1 when none
let failures = 0
let timer: ReturnType<typeof setTimeout> | undefined
let hiding: ReturnType<typeof setTimeout> | undefined

/** Listens from the number `since` on (-1: from now). A path with a board also tells what changes on it. */
export function live(path: string, since: number, on: LiveHandlers): () => void {
  if (typeof EventSource === 'undefined') return () => {}
  const listener = { path, on }
  listeners.add(listener)
  // Where all can go on: the others may hear something twice then, which they can take.
  if (since >= 0) seq = seq < 0 || listeners.size === 1 ? since : Math.min(seq, since)
  if (since >= 0 && open === path) disconnect()
  // The plain stream waits a moment: a board is likely to come, and its stream tells the same.
  soon(path.includes('?') ? 0 : 400)
  return () => {
    if (listeners.delete(listener)) soon(0)
  }
}
/** A stream with a board tells everything that the plain one does. */
function wanted(): string {
  let path = ''
  for (const l of listeners) if (path === '' || l.path.includes('?')) path = l.path
  return document.hidden && hiding === undefined ? '' : path
}
function soon(after: number): void {
  clearTimeout(timer)
  timer = setTimeout(connect, after)
}
function disconnect(): void {
  source?.close()
  source = null
  open = ''
}
function connect(): void {
  const path = wanted()
  if (path === open && source?.readyState !== EventSource.CLOSED) return
  disconnect()
  if (path === '') return
  const url = new URL(path, location.origin)
  if (seq >= 0) url.searchParams.set('since', String(seq))
  open = path
  const stream = new EventSource(url)
  source = stream
  stream.onopen = () => {
    failures = 0
    each((on) => on.state?.(true))
  }
  stream.onerror = () => {
    each((on) => on.state?.(false))
    // The browser tries again by itself, except after an answer that is no stream (a proxy's error, a restart).
    if (stream === source && stream.readyState === EventSource.CLOSED)
      soon(Math.min(30_000, 1000 * 2 ** failures++))
  }
  const hear = (name: string, tell: (on: LiveHandlers, data: string) => void) =>
    stream.addEventListener(name, (e) => {
      if (stream !== source) return
      // What is only for this person has no number, and must not be taken for the beginning of the journal.
      const id = Number((e as MessageEvent).lastEventId || -1)
      if (id > seq) seq = id
      each((on) => tell(on, (e as MessageEvent).data))
    })
  hear('change', (on, data) => on.change?.(JSON.parse(data)))
  hear('gone', (on, data) => on.change?.(outOfSight(JSON.parse(data))))
  hear('board', (on, data) => on.board?.(JSON.parse(data)))
  hear('operation', (on, data) => on.operation?.(JSON.parse(data)))
  hear('notification', (on, data) => on.notification?.(JSON.parse(data)))
  hear('reset', (on) => on.reset())
}
/** Whoever may not see a record any more is told as of one that was deleted: that is how it looks to them. */
function outOfSight(gone: Pick<Change, 'seq' | 'object' | 'object_id'>): Change {
  const rest = { at: Date.now(), actor_id: null, via: 'ui', change_id: 0, cause: null, undoes: null, set: {} }
  return { ...gone, ...rest, kind: `${gone.object}.deleted` }
}
function each(run: (on: LiveHandlers) => void): void {
  for (const l of [...listeners]) run(l.on)
}
if (typeof document !== 'undefined') {
  // A stream that was cut off may not know it yet, and the browser takes its time to try again.
  addEventListener('online', () => {
    if (open === '') return
    each((on) => on.state?.(false))
    disconnect()
    connect()
  })
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding)
    hiding = undefined
    if (!document.hidden) return connect()
    hiding = setTimeout(() => {
      hiding = undefined
      connect()
    }, HIDDEN_FOR)
  })
}
