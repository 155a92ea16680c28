// Saved views of an object: mine, my team's, everyone's.
import { get } from '../../lib/api'
import { quote } from '../../lib/quote'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { schema } from '../../lib/schema.svelte'
import { session, sync } from '../../lib/session.svelte'
import type { List } from '../../lib/types'
import { undo } from '../../lib/undo.svelte'
import type { ViewQuery } from './state'
import type { Sharing } from '../../ui/SharingChoice.svelte'

export type { Sharing }
export interface View {
  id: number
  version: number
  object: string
  name: string
  sharing: Sharing
  query: ViewQuery
  owner_id: number | null
  position: number
}

export class Views {
  all = $state.raw<readonly View[]>([])
  /** Those of this kind of screen. */
  list = $derived(this.all.filter((v) => (v.query.mode ?? 'list') === this.mode))
  #stop: () => void
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly object: string,
    readonly mode: 'list' | 'board',
  ) {
    void this.load()
    this.#stop = live('/api/events', -1, {
      change: (c) => {
        if (c.object !== 'view') return
        clearTimeout(this.#again)
        this.#again = setTimeout(() => void this.load(), 300)
      },
      reset: () => void this.load(),
    })
  }
  close(): void {
    clearTimeout(this.#again)
    this.#stop()
  }
  async load(): Promise<void> {
    const query = new URLSearchParams({
      filter: `object = ${quote(this.object)}`,
      sort: 'position,id',
      limit: '200',
    })
    try {
      this.all = (await get<List<View>>(`/api/views?${query}`)).items
    } catch {
      // Tabs are a comfort: the list works without them, and the next change asks again.
    }
  }
  get(id: number | null): View | undefined {
    return this.all.find((v) => v.id === id)
  }
  mayShare(): boolean {
    return schema.can.has('share_views')
  }
  mayChange(view: View): boolean {
    return (
      view.owner_id === session.user.id ||
      (view.sharing !== 'mine' && this.mayShare() && session.user.role === 'admin')
    )
  }
  async save(name: string, sharing: Sharing, query: ViewQuery): Promise<View> {
    const body = { object: this.object, name, sharing, query: { ...query, mode: this.mode } }
    const { data, change } = await sync.push<View>({ method: 'POST', path: '/api/views', body })
    undo.done(t('view.saved', { name }), change, () => void this.load())
    await this.load()
    return data
  }
  async change(
    view: View,
    body: Partial<Pick<View, 'name' | 'sharing' | 'query' | 'position'>>,
  ): Promise<void> {
    const object = `views/${view.id}`
    const query = body.query ? { query: { ...body.query, mode: this.mode } } : {}
    const { change } = await sync.push<View>({
      method: 'PATCH',
      path: `/api/${object}`,
      body: { ...body, ...query },
    })
    undo.done(t('view.saved', { name: body.name ?? view.name }), change, () => void this.load())
    await this.load()
  }
  async remove(view: View): Promise<void> {
    const { change } = await sync.push<View>({ method: 'DELETE', path: `/api/views/${view.id}` })
    undo.done(t('view.removed', { name: view.name }), change, () => void this.load())
    await this.load()
  }
}
