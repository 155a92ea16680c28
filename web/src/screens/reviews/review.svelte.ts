// One review: its deals with the reasons they are here, decisions, and the tasks that come of them.
import { get, request } from '../../lib/api'
import { i18n, t } from '../../lib/i18n.svelte'
import type { List, Task } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { openFirst, type Changed, type Review, type ReviewDeal, type ReviewItem } from './review'

export interface NextStep {
  title: string
  due_at: number | null
}
interface Page {
  items: { deal_id: number; questions: string[] }[]
  changed: Changed[]
}
export class OneReview {
  review = $state.raw<Review | null>(null)
  items = $state.raw<readonly ReviewItem[]>([])
  deals = $state.raw<ReadonlyMap<number, ReviewDeal>>(new Map())
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')

  /** What to ask about a deal, in words, and what has changed since the review before. */
  questions = $state.raw<ReadonlyMap<number, readonly string[]>>(new Map())
  changed = $state.raw<readonly Changed[]>([])

  constructor(readonly id: number) {}
  get decided(): number {
    return this.items.filter((i) => i.decision).length
  }
  async load(): Promise<void> {
    try {
      this.review = await get<Review>(`/api/reviews/${this.id}`)
      const filter = encodeURIComponent(`review_id = ${this.id}`)
      const items: ReviewItem[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const path = `/api/review-items?filter=${filter}&limit=500&sort=id&cursor=${cursor}`
        const page: List<ReviewItem> = await get<List<ReviewItem>>(path)
        items.push(...page.items)
        cursor = page.next_cursor
      }
      this.items = openFirst(items)
      await this.#loadDeals()
      this.state = 'ready'
      void this.#loadPage()
    } catch (e) {
      this.problem = failure(e)
      this.state = 'failed'
    }
  }
  async #loadPage(): Promise<void> {
    try {
      const page = await get<Page>(`/api/reviews/${this.id}/page?format=json&lang=${i18n.locale}`)
      this.questions = new Map(page.items.map((i) => [i.deal_id, i.questions]))
      this.changed = page.changed
    } catch {
      // The deals and their decisions stand without it.
    }
  }
  async #loadDeals(): Promise<void> {
    const ids = this.items.map((i) => i.deal_id)
    const found = new Map<number, ReviewDeal>()
    for (let i = 0; i < ids.length; i += 200) {
      const query = new URLSearchParams({
        ...{ limit: '200', filter: `id in (${ids.slice(i, i + 200).join(', ')})` },
        fields: 'id,title,value_minor,currency,stage_id,owner_id,funnel_id',
      })
      for (const d of (await get<List<ReviewDeal>>(`/api/deals?${query}`)).items) found.set(d.id, d)
    }
    this.deals = found
  }
  /** Keeps the decision, and makes the task that follows from it. Rejects with the reason. */
  async decide(item: ReviewItem, decision: string, next: NextStep | null): Promise<void> {
    const deal = this.deals.get(item.deal_id)
    let task_id = item.task_id
    const changes: number[] = []
    if (next?.title.trim()) {
      const body = {
        ...{ title: next.title.trim(), deal_id: item.deal_id, kind: 'todo' },
        ...(next.due_at ? { due_at: next.due_at } : {}),
        ...(deal?.owner_id ? { owner_id: deal.owner_id } : {}),
      }
      const made = await request<Task>('POST', '/api/tasks', { body, key: crypto.randomUUID() })
      task_id = made.data.id
      if (made.change) changes.push(made.change)
    }
    const body = { decision: decision.trim() || null, ...(task_id === item.task_id ? {} : { task_id }) }
    const { data, change } = await request<ReviewItem>('PATCH', `/api/review-items/${item.id}`, { body })
    if (change) changes.push(change)
    this.items = this.items.map((i) => (i.id === item.id ? data : i))
    undo.done(
      t('review.decided', { name: deal?.title ?? `№ ${item.deal_id}` }),
      changes,
      () => void this.load(),
    )
  }
  async close(closed: boolean): Promise<void> {
    const { data, change } = await request<Review>('PATCH', `/api/reviews/${this.id}`, { body: { closed } })
    this.review = data
    undo.done(t(closed ? 'review.closed' : 'review.opened'), change, () => void this.load())
  }
}
