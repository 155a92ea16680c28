// The one stream of everything that happened to a deal, newest first, page by page.
import { get } from '../lib/api'
import type { Change, List } from '../lib/types'
import { failure } from '../lib/undo.svelte'

const PAGE = 50

/** Both lists in one, newest first, each change once. */
export function mergeBySeq(a: readonly Change[], b: readonly Change[]): Change[] {
  const all = new Map([...a, ...b].map((c) => [c.seq, c]))
  return [...all.values()].sort((x, y) => y.seq - x.seq)
}

export class Timeline {
  items = $state.raw<readonly Change[]>([])
  cursor = $state<string | null>(null)
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  loadingMore = $state(false)
  /** Changes that came while the card was open. */
  fresh = $state.raw<ReadonlySet<number>>(new Set())

  constructor(readonly path: string) {}

  /** Loads the newest page and puts it over what is known. */
  async load(): Promise<void> {
    try {
      const page = await get<List<Change>>(`${this.path}?limit=${PAGE}`)
      const oldest = page.items.at(-1)?.seq ?? 0
      const newest = this.items[0]?.seq ?? 0
      if (this.items.length === 0 || (page.next_cursor !== null && newest < oldest)) {
        this.items = page.items
        this.cursor = page.next_cursor
      } else this.items = mergeBySeq(this.items, page.items)
      this.state = 'ready'
      this.problem = ''
    } catch (e) {
      if (this.state === 'ready') return // what is shown stays; the next change, or coming back online, asks again
      this.state = 'failed'
      this.problem = failure(e)
    }
  }
  async more(): Promise<void> {
    if (this.cursor === null || this.loadingMore) return
    this.loadingMore = true
    try {
      const cursor = encodeURIComponent(this.cursor)
      const page = await get<List<Change>>(`${this.path}?limit=${PAGE}&cursor=${cursor}`)
      this.items = mergeBySeq(this.items, page.items)
      this.cursor = page.next_cursor
      this.problem = ''
    } catch (e) {
      this.problem = failure(e)
    } finally {
      this.loadingMore = false
    }
  }
  take(change: Change): void {
    if (this.state !== 'ready' || this.items.some((c) => c.seq === change.seq)) return
    this.fresh = new Set([...this.fresh, change.seq])
    this.items = mergeBySeq([change], this.items)
  }
}
