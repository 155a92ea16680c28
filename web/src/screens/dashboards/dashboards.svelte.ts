// Reports side by side: one's own, one's team's, everyone's.
import { get } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { schema } from '../../lib/schema.svelte'
import { session, sync } from '../../lib/session.svelte'
import type { List } from '../../lib/types'
import { undo } from '../../lib/undo.svelte'
import { preset, presetIds, presetOf, type PresetId } from '../reports/ask'
import type { Sharing } from '../../ui/SharingChoice.svelte'

export type { Sharing }
export type Show = 'chart' | 'table' | 'number'
/** `period` among the parameters is a preset: this month is another one next month. */
export interface Item {
  report: string
  params: Record<string, string>
  show: Show
  /** Which number of the summary. */
  number?: string
  title?: string
  w: number
  h: number
}
export interface Dashboard {
  id: number
  version: number
  name: string
  sharing: Sharing
  owner_id: number | null
  items: Item[]
  position: number
}
export const WIDEST = 4
export const TALLEST = 3
export const fitted = (n: number, most: number) => Math.max(1, Math.min(most, Math.round(n)))

/** What a report was asked, to be asked again later: a period that is a preset moves with the calendar. */
export function kept(params: URLSearchParams, now: number): Record<string, string> {
  const out = Object.fromEntries(params)
  const period = presetOf(out.from ?? null, out.to ?? null, now)
  if (period === null) return out
  const { from: _from, to: _to, ...rest } = out
  return period === 'all' ? rest : { ...rest, period }
}
/** The same as it is asked now. */
export function current(params: Record<string, string> | null, now = clock.now): Record<string, string> {
  const { period, ...rest } = params ?? {}
  if (!period || !presetIds.includes(period as PresetId)) return rest
  const { from, to } = preset(period as PresetId, now)
  return { ...rest, ...(from ? { from } : {}), ...(to ? { to } : {}) }
}
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  if (to < 0 || to >= list.length || from === to) return [...list]
  const rest = list.filter((_, i) => i !== from)
  return [...rest.slice(0, to), list[from]!, ...rest.slice(to)]
}

class Dashboards {
  list = $state.raw<readonly Dashboard[]>([])
  ready = $state(false)
  #again: ReturnType<typeof setTimeout> | undefined
  #users = 0
  #stop = () => {}

  /** While a screen shows them they are kept up to date. */
  follow(): () => void {
    if (this.#users++ === 0) {
      this.#stop = live('/api/events', -1, {
        change: (c) => {
          if (c.object !== 'dashboard') return
          clearTimeout(this.#again)
          this.#again = setTimeout(() => void this.load(), 300)
        },
        reset: () => void this.load(),
      })
    }
    void this.load()
    void schema.load().catch(() => {}) // only says whether one may share
    return () => {
      if (--this.#users === 0) this.#stop()
    }
  }
  async load(): Promise<void> {
    try {
      this.list = (await get<List<Dashboard>>('/api/dashboards?sort=position,id&limit=100')).items
    } catch {
      // The starting one is shown; the next change asks again.
    }
    this.ready = true
  }
  get(id: number | null): Dashboard | undefined {
    return this.list.find((d) => d.id === id)
  }
  mayShare(): boolean {
    return schema.can.has('share_views')
  }
  mayChange(d: Dashboard): boolean {
    return d.owner_id === session.user.id || (d.sharing !== 'mine' && session.user.role === 'admin')
  }
  async create(name: string, sharing: Sharing, items: Item[]): Promise<Dashboard> {
    const body = { name, sharing, items }
    const { data, change } = await sync.push<Dashboard>({ method: 'POST', path: '/api/dashboards', body })
    undo.done(t('dashboard.created', { name }), change, () => void this.load())
    await this.load()
    return data
  }
  async change(
    d: Dashboard,
    set: Partial<Pick<Dashboard, 'name' | 'sharing' | 'items'>>,
    said = t('dashboard.saved'),
  ): Promise<void> {
    const before = this.list
    this.list = before.map((x) => (x.id === d.id ? { ...x, ...set } : x))
    try {
      const { change } = await sync.push({
        ...{ method: 'PATCH' as const, path: `/api/dashboards/${d.id}`, body: set },
        object: `dashboards/${d.id}`,
        version: d.version,
      })
      undo.done(said, change, () => void this.load())
    } catch (e) {
      this.list = before
      throw e
    }
    await this.load()
  }
  async remove(d: Dashboard): Promise<void> {
    const { change } = await sync.push({ method: 'DELETE', path: `/api/dashboards/${d.id}` })
    undo.done(t('dashboard.removed', { name: d.name }), change, () => void this.load())
    await this.load()
  }
}
export const dashboards = new Dashboards()
