// Live changes over server-sent events. The browser resumes by Last-Event-ID; after an answer it cannot resume from
// (a proxy error, a restart) we open a new stream from the last number seen.
import type { Change } from './types'

export interface LiveHandlers {
  change?: (change: Change) => void
  board?: (delta: unknown) => void
  /** The gap is too wide: load again. */
  reset: () => void
  state?: (connected: boolean) => void
}
/** `since` -1: from now on. */
export function live(path: string, since: number, on: LiveHandlers): () => void {
  let seq = since
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let failures = 0

  const note = (e: MessageEvent) => {
    const id = Number(e.lastEventId)
    if (id > seq) seq = id
  }
  function open(): void {
    const url = new URL(path, location.origin)
    if (seq >= 0) url.searchParams.set('since', String(seq))
    source = new EventSource(url)
    source.onopen = () => {
      failures = 0
      on.state?.(true)
    }
    source.onerror = () => {
      on.state?.(false)
      if (source?.readyState !== EventSource.CLOSED || closed) return
      timer = setTimeout(open, Math.min(30_000, 1000 * 2 ** failures++))
    }
    source.addEventListener('change', (e) => {
      note(e)
      on.change?.(JSON.parse(e.data))
    })
    source.addEventListener('board', (e) => {
      note(e)
      on.board?.(JSON.parse(e.data))
    })
    source.addEventListener('reset', () => on.reset())
  }
  open()
  return () => {
    closed = true
    clearTimeout(timer)
    source?.close()
  }
}
