// The records of a settings page: loaded whole, changed at once on the screen, every change with its way back.
import { get, type Answer } from '../../lib/api'
import { date, plural as pluralOf, t } from '../../lib/i18n.svelte'
import { parseDay } from '../../lib/dates'
import { session, sync } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { List, Role } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { reorder, type Placed } from './order'

export interface Row {
  id: number
  version: number
  [field: string]: unknown
}
export class Records {
  items = $state.raw<readonly Row[]>([])
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')

  /** `plural` is the name in paths: "loss-reasons". */
  constructor(
    readonly plural: string,
    readonly filter = '',
  ) {}
  get(id: number | null | undefined): Row | undefined {
    return this.items.find((row) => row.id === id)
  }
  name(id: unknown): string {
    const row = this.get(Number(id))
    return row ? title(row) : ''
  }
  async load(): Promise<void> {
    try {
      const all: Row[] = []
      const filter = this.filter ? `&filter=${encodeURIComponent(this.filter)}` : ''
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: List<Row> = await get(`/api/${this.plural}?limit=500&cursor=${cursor}${filter}`)
        all.push(...page.items)
        cursor = page.next_cursor
      }
      this.items = all
      this.state = 'ready'
    } catch (e) {
      this.problem = failure(e)
      if (this.state === 'loading') this.state = 'failed'
      else toasts.error(this.problem)
    }
  }
  /** Rejects with what the form shows beside its fields. */
  async create(body: Record<string, unknown>, said?: string): Promise<Row> {
    const answer = await sync.push<Row>({ method: 'POST', path: `/api/${this.plural}`, body })
    if (!this.get(answer.data.id)) this.items = [...this.items, answer.data]
    this.#done(said ?? t('settings.added', { name: title(answer.data) }), answer.change)
    return answer.data
  }
  /** Rejects likewise; what was on the screen before comes back. */
  async change(row: Row, body: Record<string, unknown>, said?: string): Promise<Row> {
    this.#put({ ...row, ...body })
    try {
      const answer = await this.#patch(row, body)
      this.#done(said ?? t('settings.saved', { name: title(answer.data) }), answer.change)
      return answer.data
    } catch (e) {
      this.#put(row)
      throw e
    }
  }
  /** For buttons without a form: the refusal is told by a message. */
  async set(row: Row, body: Record<string, unknown>, said?: string): Promise<void> {
    await this.change(row, body, said).catch((e) => toasts.error(failure(e)))
  }
  async remove(row: Row): Promise<boolean> {
    try {
      const { change } = await sync.push({ method: 'DELETE', path: `/api/${this.plural}/${row.id}` })
      this.items = this.items.filter((r) => r.id !== row.id)
      this.#done(t('settings.removed', { name: title(row) }), change)
      return true
    } catch (e) {
      toasts.error(failure(e))
      return false
    }
  }
  /** Puts a row at another place among `shown` (a part of the list in its order). */
  async move(shown: readonly Row[], id: number, index: number): Promise<void> {
    const before = this.items
    const changes = reorder(shown as readonly (Row & Placed)[], id, index)
    const to = new Map(changes.map((c) => [c.id, c.position]))
    const rows = changes.map((c) => this.get(c.id)).filter((r) => r !== undefined)
    this.items = this.items.map((r) => (to.has(r.id) ? { ...r, position: to.get(r.id) } : r))
    try {
      const answers = await Promise.all(rows.map((r) => this.#patch(r, { position: to.get(r.id) })))
      const changed = answers.map((a) => a.change).filter((c) => c !== null)
      if (changed.length > 0) this.#done(t('settings.moved', { name: title(this.get(id)!) }), changed)
    } catch (e) {
      this.items = before
      toasts.error(failure(e))
      void this.load()
    }
  }
  /** The newest day first, by position where rows have one, else by name. */
  sorted(rows: readonly Row[] = this.items): Row[] {
    return rows.toSorted(
      (a, b) =>
        String(b.day_on ?? '').localeCompare(String(a.day_on ?? '')) ||
        Number(a.position ?? 0) - Number(b.position ?? 0) ||
        title(a).localeCompare(title(b)) ||
        a.id - b.id,
    )
  }
  async #patch(row: Row, body: Record<string, unknown>): Promise<Answer<Row>> {
    const object = `${this.plural}/${row.id}`
    const base = Object.fromEntries(Object.keys(body).map((k) => [k, row[k]]))
    const { version } = row
    const answer = await sync.push<Row>({
      method: 'PATCH',
      path: `/api/${object}`,
      object,
      body,
      base,
      version,
    })
    this.#put(answer.data)
    return answer
  }
  #put(row: Row): void {
    this.items = this.items.map((r) => (r.id === row.id ? row : r))
  }
  #done(text: string, change: number | null | readonly number[]): void {
    undo.done(text, change, () => {
      void this.load()
      void session.load()
    })
  }
}
export function title(row: Row): string {
  if (typeof row.day_on === 'string') return dated(row, row.day_on)
  // The roles that are always there are called as their reader's language calls them.
  if (row.builtin) return t(`role.${row.base as Role}`)
  return String(row.name ?? row.label ?? row.url ?? row.title ?? `№ ${row.id}`)
}
/** What has a day instead of a name: a rate of a currency, a cost of a campaign. */
function dated(row: Row, on: string): string {
  const day = date(parseDay(on), 'dayYear')
  if ('rate' in row) return t('settings.currency-rates.row', { currency: String(row.currency), day })
  const campaign = session.boot?.campaigns.find((c) => c.id === row.campaign_id)?.name
  return t('settings.ad-costs.row', { campaign: campaign ?? `№ ${Number(row.campaign_id)}`, day })
}
/** How many deals (or other objects) each value of a field has. Empty when the server does not tell. */
export async function dealCounts(
  field: string,
  filter = '',
  of: readonly string[] = ['deals'],
): Promise<Map<number, number>> {
  const query = `by=${field}${filter ? `&filter=${encodeURIComponent(filter)}` : ''}`
  const sums = new Map<number, number>()
  for (const plural of of)
    try {
      const { groups } = await get<{ groups: { value: unknown; count: number }[] }>(
        `/api/${plural}/groups?${query}`,
      )
      for (const g of groups) {
        const id = Number((g.value as { id?: number } | null)?.id ?? g.value)
        sums.set(id, (sums.get(id) ?? 0) + g.count)
      }
    } catch {
      // A figure beside the row, not the row itself.
    }
  return sums
}
export const countOf = (n: number | undefined) => (n ? pluralOf('board.deals', n) : '')
