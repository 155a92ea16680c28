// The store of a list: what is shown of an object, in which order and groups; rows come as they are scrolled to.
import { get, Problem } from '../../lib/api'
import { both, textToken } from '../../lib/conditions'
import { creation, type Created } from '../../lib/creation.svelte'
import { quote } from '../../lib/quote'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { names } from '../../lib/names.svelte'
import { router } from '../../lib/router.svelte'
import { schema, type SchemaField, type SchemaObject } from '../../lib/schema.svelte'
import { session, sync } from '../../lib/session.svelte'
import { carryRow } from '../../lib/steps'
import { toasts } from '../../lib/toasts.svelte'
import type { Change, List as Page } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { pages } from '../../lib/window'
import type { ListOf } from './objects'
import { PAGE, Section, type GroupOf, type Row } from './section.svelte'
import { Selection } from './selection.svelte'
import { fromView, readState, writeSort, writeState, type ListState, type ViewQuery } from './state'

/** Types by whose values a list can be grouped. */
const groupable = new Set(['ref', 'enum', 'bool', 'currency', 'date'])
export interface Place {
  section: Section
  /** Of the section; -1: the head of a group. */
  row: number
}
export interface Totals {
  count: number
  sums: Record<string, number>
  /** Sums of money by currency, when the object has one. */
  byCurrency: Map<string, Record<string, number>> | null
}

export class ListStore {
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  filterProblem = $state('')
  shown = $state.raw<ListState>({ filter: '', q: '', sort: [], columns: [], group: null, view: null })
  sections = $state.raw<readonly Section[]>([])
  totals = $state.raw<Totals | null>(null)
  /** The cell that the keyboard is on. */
  row = $state(0)
  column = $state(0)
  editing = $state.raw<{ id: number; field: string } | null>(null)
  peeked = $state<number | null>(null)
  creating = $state(false)
  filtering = $state(false)
  spoken = $state('')
  readonly selection: Selection

  columns = $derived(this.shown.columns.map((c) => this.field(c)).filter((f) => f !== undefined))
  /** Heads and rows of open groups, one after another. */
  length = $derived(this.sections.reduce((n, s) => n + (s.group ? 1 : 0) + (s.open ? s.count : 0), 0))
  asked = $derived(both(this.shown.filter, this.quick(this.shown.q)))

  #abort = new AbortController()
  #seen: [number, number] = [0, 0]
  #again: ReturnType<typeof setTimeout> | undefined
  #wanting: ReturnType<typeof setTimeout> | undefined
  #sending = 0
  #named = new WeakSet<readonly Row[]>()
  #followed = false
  #closed = false
  #stopLive: () => void

  constructor(
    readonly plural: string,
    readonly of: ListOf,
    readonly shape: SchemaObject,
  ) {
    this.selection = new Selection(this)
    this.#stopLive = live('/api/events', -1, { change: (c) => this.#heard(c), reset: () => this.#later() })
  }
  close(): void {
    this.#closed = true
    this.#abort.abort()
    this.#stopLive()
    clearTimeout(this.#again)
    clearTimeout(this.#wanting)
  }

  // ---- fields

  field(name: string): SchemaField | undefined {
    return this.shape.fields.find((f) => f.name === name)
  }
  get groupFields(): SchemaField[] {
    return this.shape.fields.filter((f) => groupable.has(f.type) && f.filter !== false && f.name !== 'id')
  }
  get defaults() {
    return { sort: this.of.sort, columns: this.of.columns }
  }
  currency(row: Row): string {
    return typeof row.currency === 'string' ? row.currency : session.currency
  }
  /** Quick search as a filter. */
  quick(text: string): string {
    const want = text.trim()
    const fields = this.of.search.filter((f) => this.field(f.split('.')[0]!))
    return want === '' ? '' : fields.map((f) => `${f} ~ ${quote(want)}`).join(' or ')
  }

  // ---- the URL

  follow(query: URLSearchParams): void {
    const next = readState(query, this.defaults, (f) => this.field(f) !== undefined)
    // The column by which a row is known stays, and stays first.
    next.columns = [this.of.main, ...next.columns.filter((c) => c !== this.of.main)]
    if (this.#followed && JSON.stringify(next) === JSON.stringify(this.shown)) return
    this.#followed = true
    const asks = (s: ListState) => JSON.stringify([s.filter, s.q, s.sort, s.group, s.columns.toSorted()])
    const same = asks(next) === asks(this.shown) && this.phase === 'ready'
    this.shown = next
    if (!same) void this.load()
  }
  change(change: Partial<ListState>, how: { replace?: boolean } = {}): void {
    router.set(writeState({ ...this.shown, ...change }, this.defaults), how)
  }
  openView(id: number | null, query: ViewQuery): void {
    this.change(
      id === null
        ? { ...fromView({}, 0, this.defaults), view: null, q: '' }
        : fromView(query, id, this.defaults),
    )
  }
  exportUrl(format: 'csv' | 'xlsx', filter = this.asked): string {
    const query = new URLSearchParams({
      ...{ format, filter, sort: writeSort(this.shown.sort), fields: this.shown.columns.join(',') },
    })
    return `/api/${this.plural}/export?${query}`
  }

  // ---- loading

  #url = (filter: string, offset: number): string => {
    const fields = new Set(['id', 'version', this.of.main, ...this.shown.columns])
    for (const more of ['currency', 'funnel_id']) if (this.field(more)) fields.add(more)
    const query = new URLSearchParams({
      ...{ filter, sort: writeSort(this.shown.sort), limit: String(PAGE), offset: String(offset) },
      fields: [...fields].join(','),
    })
    return `/api/${this.plural}?${query}`
  }
  async load(): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    try {
      const sections = await this.#sections(signal)
      if (signal.aborted) return
      this.sections = sections
      this.filterProblem = ''
      this.phase = 'ready'
      this.row = Math.min(this.row, Math.max(0, this.length - 1))
      this.selection.drop()
      this.need(0, 40)
    } catch (e) {
      if (signal.aborted) return
      if (e instanceof Problem && e.code === 'bad_filter' && this.phase !== 'failed') {
        this.filterProblem = e.message
        this.filtering = true
        this.phase = 'ready'
      } else if (this.phase !== 'ready') {
        this.phase = 'failed'
        this.problem = failure(e)
      } else toasts.error(failure(e))
    }
  }
  async #sections(signal: AbortSignal): Promise<Section[]> {
    const { group } = this.shown
    const filter = this.asked
    const totals = this.#total(filter, signal)
    totals.catch(() => {}) // who waits for it hears of it; a short list does not wait
    if (group !== null) {
      const query = new URLSearchParams({ by: group, filter, sum: this.sums().join(',') })
      const { groups } = await get<{ groups: GroupOf[] }>(`/api/${this.plural}/groups?${query}`, signal)
      await totals
      const field = this.field(group)!
      const open = new Set(
        this.sections.filter((s) => s.group && s.open).map((s) => JSON.stringify(s.group!.value)),
      )
      return groups.map((g) => {
        const made = new Section(g, both(filter, only(field, g.value)), g.count)
        made.open = open.has(JSON.stringify(g.value))
        return made
      })
    }
    const section = new Section(null, filter, 0)
    await section.need(0, this.#url, signal)
    this.#expectNames([section])
    const first = section.pages.get(0)?.length ?? 0
    // A short list is its own count; a long one waits for the count while its first page is there already.
    section.count = first
    if (first === PAGE) section.count = (await totals).count
    return [section]
  }
  sums(): string[] {
    return this.columns.filter((f) => f.sum).map((f) => f.name)
  }
  async #total(filter: string, signal: AbortSignal): Promise<Totals> {
    const sums = this.sums()
    const query = new URLSearchParams({ filter, limit: '1', count: '1', fields: 'id', sum: sums.join(',') })
    if (sums.length === 0) query.delete('sum')
    const made: Totals = { count: 0, sums: {}, byCurrency: null }
    const answer = await get<Page<Row>>(`/api/${this.plural}?${query}`, signal)
    made.count = answer.count ?? 0
    made.sums = answer.sums ?? {}
    const money = this.columns.filter((f) => f.sum && f.type === 'money')
    if (money.length > 0 && this.field('currency')) {
      const by = new URLSearchParams({ by: 'currency', filter, sum: money.map((f) => f.name).join(',') })
      const { groups } = await get<{ groups: GroupOf[] }>(`/api/${this.plural}/groups?${by}`, signal)
      // Sums of different currencies are never one number.
      made.byCurrency = new Map(groups.map((g) => [String(g.value), g.sums]))
    }
    if (!signal.aborted) this.totals = made
    return made
  }
  /** Rows first..end are on the screen (of all lines, heads among them). */
  need(first: number, end: number): void {
    this.#seen = [first, end]
    clearTimeout(this.#wanting)
    this.#wanting = setTimeout(() => void this.#fetchSeen(), 30)
  }
  /** Pages of the sections that these lines lie on. */
  #pagesOf([first, end]: readonly [number, number]): Map<Section, Set<number>> {
    const seen = new Map<Section, Set<number>>()
    let at = 0
    for (const section of this.sections) {
      if (section.group) at++
      const count = section.open ? section.count : 0
      const from = Math.max(0, first - at)
      const to = Math.min(count, end - at)
      if (to > from) seen.set(section, new Set(pages(from, to, PAGE)))
      at += count
      if (at > end) break
    }
    return seen
  }
  async #fetchSeen(again = false, lines: readonly [number, number] = this.#seen): Promise<void> {
    const { signal } = this.#abort
    const asks = [...this.#pagesOf(lines)].flatMap(([section, wanted]) =>
      [...wanted].map((page) => section.need(page, this.#url, signal, again)),
    )
    const results = await Promise.allSettled(asks)
    this.#expectNames()
    const failed = results.find((r) => r.status === 'rejected')
    if (failed && !signal.aborted) toasts.error(failure(failed.reason))
  }
  /** The names that a page which has come speaks of are asked for at once, not line by line as it is scrolled. */
  #expectNames(sections = this.sections): void {
    const fields = this.columns.filter((f) => f.ref)
    for (const page of sections.flatMap((s) => [...s.pages.values()])) {
      if (this.#named.has(page)) continue
      this.#named.add(page)
      for (const f of fields) names.expect(f, page.flatMap((row) => (row[f.name] ?? []) as number | number[])) // prettier-ignore
    }
  }
  toggleGroup(section: Section): void {
    section.open = !section.open
    this.need(...this.#seen)
  }

  // ---- rows

  locate(index: number): Place | null {
    let at = index
    for (const section of this.sections) {
      if (section.group && at-- === 0) return { section, row: -1 }
      const count = section.open ? section.count : 0
      if (at < count) return { section, row: at }
      at -= count
    }
    return null
  }
  at(index: number): Row | undefined {
    const place = this.locate(index)
    return place && place.row >= 0 ? place.section.at(place.row) : undefined
  }
  /** Its place among all lines, -1 when it is not loaded. */
  indexOf(id: number): number {
    let at = 0
    for (const section of this.sections) {
      if (section.group) at++
      const found = section.open ? section.find(id) : -1
      if (found >= 0) return at + found
      at += section.open ? section.count : 0
    }
    return -1
  }
  /** Loads rows that are not here yet, so that a range can be chosen. */
  async ensure(first: number, end: number): Promise<void> {
    await this.#fetchSeen(false, [first, end])
  }
  get current(): Row | undefined {
    return this.at(this.row)
  }
  mayEdit(field: SchemaField): boolean {
    return session.canWrite && schema.editable(field)
  }
  async patch(row: Row, field: SchemaField, value: unknown): Promise<void> {
    const old = row[field.name]
    if (JSON.stringify(old ?? null) === JSON.stringify(value ?? null)) return
    const object = `${this.plural}/${row.id}`
    const set = (next: Partial<Row>) =>
      this.sections.forEach((s) => s.change(row.id, (r) => ({ ...r, ...next }) as Row))
    set({ [field.name]: value })
    this.#sending++
    try {
      const answer = await carryRow(this.of.object, row, { [field.name]: value }, (body) =>
        sync.push<Row>({
          ...{ method: 'PATCH', path: `/api/${object}`, object, body, base: { [field.name]: old } },
          // What the sheet adds was read a moment ago: it is not compared with what the list knows.
          version: Object.keys(body).length === 1 ? row.version : null,
        }),
      )
      if (!answer) return set({ [field.name]: old })
      set(answer.data)
      undo.done(t('deal.field_saved', { field: field.label }), answer.change, () => this.#later(0))
    } catch (e) {
      set({ [field.name]: old })
      toasts.error(failure(e))
    } finally {
      this.#sending--
    }
  }

  // ---- live

  #heard({ object }: Change): void {
    if (object === this.of.object) this.#later()
  }
  /** What is on the screen is asked for again, at most every second or so. */
  #later(after = 800): void {
    if (this.#again !== undefined || this.#closed) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      void this.refresh()
    }, after)
  }
  async refresh(): Promise<void> {
    if (this.#closed) return
    if (this.phase !== 'ready' || this.#sending > 0 || this.editing) return this.#later()
    const { signal } = this.#abort
    const here = this.current?.id
    try {
      if (this.shown.group !== null) {
        const sections = await this.#sections(signal)
        if (!signal.aborted) this.sections = sections
        await this.#fetchSeen()
      } else {
        const { count } = await this.#total(this.asked, signal)
        const section = this.sections[0]
        if (!section || signal.aborted) return
        section.forget(this.#pagesOf(this.#seen).get(section) ?? new Set())
        await this.#fetchSeen(true)
        section.count = count
        this.need(...this.#seen)
      }
    } catch {
      return // what is shown stays; the next change or a reload brings the new state
    }
    const now = here === undefined ? -1 : this.indexOf(here)
    if (now >= 0) this.row = now
    else this.row = Math.min(this.row, Math.max(0, this.length - 1))
  }
  create(): void {
    const { object } = this.of
    if (object === 'product') this.creating = true
    else creation.open(object as Created, {}, (id) => this.made(id))
  }
  made(id: number): void {
    this.creating = false
    void this.refresh()
    this.peeked = id
  }
  say(text: string): void {
    this.spoken = text
  }
}
/** Only rows with this value. */
export function only(field: SchemaField, value: unknown): string {
  if (value === null || value === undefined) return `${field.name} is null`
  if (typeof value === 'number' || typeof value === 'boolean') return `${field.name} = ${value}`
  return `${field.name} = ${textToken(String(value))}`
}
