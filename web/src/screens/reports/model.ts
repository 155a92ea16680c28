// A report as GET /api/reports/{id} gives it (docs/api.md, "Reports"): the same shape for every one of them.
export type CellType =
  'text' | 'int' | 'real' | 'days' | 'hours' | 'rate' | 'points' | 'time' | 'date' | 'money' | 'id'
export type Cell = number | string | null
export interface Column {
  id: string
  type: CellType
  title: string
  about?: string
  drill?: boolean
  ref?: string
}
export type ChartKind = 'bars' | 'stack' | 'lines' | 'steps' | 'dots' | 'funnel' | 'matrix' | 'scatter'
export interface ChartSpec {
  kind: ChartKind
  table?: string
  x?: string
  y?: string
  series?: string
  low?: string
  high?: string
  y2?: string
}
export interface Param {
  name: string
  type: 'funnel' | 'funnel_id' | 'time' | 'int' | 'text' | 'choice' | 'filter' | 'attribute' | 'real'
  choices?: string[]
}
export interface ReportInfo {
  id: string
  question: string
  title: string
  group: string
  chart?: ChartSpec
  params: Param[]
}
export interface Note {
  code: string
  text: string
}
type Summary = Record<string, Cell | Record<string, Cell>[]>
interface Figures {
  params: Record<string, Cell>
  summary: Summary
  columns: Column[]
  rows: Cell[][]
  keys?: number[]
  notes: Note[]
}
export interface Report extends Figures {
  id: string
  question: string
  verdict?: string
  currency?: string
  summary_types: Record<string, CellType>
  summary_titles?: Record<string, string>
  summary_about?: Record<string, string>
  /** Numbers of the summary that lead to what they counted. */
  summary_drill?: string[]
  tables: { id: string; title: string; for_pictures: boolean; columns: Column[]; keys: number[] }[]
  chart?: ChartSpec
  explain: { definition: number; method?: string; source?: string }
  comparison?: Figures
}
/** One table of a report, whichever way it came. */
export interface Table {
  /** "rows", or the id of another table. */
  id: string
  title: string
  columns: Column[]
  rows: Cell[][]
  /** Lead to the deals behind the numbers of a row. */
  keys: number[] | null
}
export const MAIN = 'rows'

export const mainTable = (r: Report): Table => ({
  ...{ id: MAIN, title: r.question, columns: r.columns, rows: r.rows },
  keys: r.keys && r.keys.length === r.rows.length ? r.keys : null,
})
/** The tables that stand in the summary. */
export function moreTables(r: Report, pictures = false): Table[] {
  return r.tables
    .filter((t) => t.for_pictures === pictures)
    .map((t) => tableOf(r, t.id))
    .filter((t) => t !== null)
}
export function tableOf(r: Report, id: string | undefined): Table | null {
  if (!id || id === MAIN) return mainTable(r)
  const shape = r.tables.find((t) => t.id === id)
  const rows = r.summary[id]
  if (!shape || !Array.isArray(rows)) return null
  return {
    ...{ id, title: shape.title, columns: shape.columns },
    rows: rows.map((row) => shape.columns.map((c) => row[c.id] ?? null)),
    keys: shape.keys.length === rows.length && rows.length > 0 ? shape.keys : null,
  }
}
/** The same main table of the other period. */
export function comparedTable(r: Report): Table | null {
  const c = r.comparison
  return c ? mainTable({ ...r, columns: c.columns, rows: c.rows, keys: c.keys }) : null
}
export const columnAt = (t: Pick<Table, 'columns'>, id: string | undefined): number =>
  id === undefined ? -1 : t.columns.findIndex((c) => c.id === id)

/** Columns that are the ends of another one's interval: index of low and high by the index of the value. */
export function intervals(columns: readonly Column[]): Map<number, { low: number; high: number }> {
  const found = new Map<number, { low: number; high: number }>()
  columns.forEach((c, low) => {
    const next = columns[low + 1]
    if (!/(^|_)low$/.test(c.id) || !next || next.id !== c.id.replace(/low$/, 'high')) return
    const stem = c.id.replace(/_?low$/, '')
    const named = [`${stem}_rate`, stem, stem ? `${stem}_share` : 'rate']
      .map((id) => columns.findIndex((v) => v.id === id && v.type === c.type))
      .find((at) => at >= 0)
    const value = named ?? low - 1
    if (value >= 0 && columns[value]!.type === c.type && !found.has(value))
      found.set(value, { low, high: low + 1 })
  })
  return found
}
/** A name and the id column behind it that says where the name leads. */
export function linkOf(columns: readonly Column[], at: number): { at: number; ref: string } | null {
  const next = columns[at + 1]
  return next?.type === 'id' && next.ref ? { at: at + 1, ref: next.ref } : null
}
const pages: Record<string, (id: number) => string> = {
  deals: (id) => `/deals/${id}`,
  contacts: (id) => `/contacts/${id}`,
  companies: (id) => `/companies/${id}`,
  products: (id) => `/products/${id}`,
}
/** The card of a record, where there is one. */
export function pageOf(ref: string, id: Cell): string | null {
  return typeof id === 'number' && id > 0 ? (pages[ref]?.(id) ?? null) : null
}
export const isNumber = (type: CellType): boolean => type !== 'text'

export type Difference = 'up' | 'down' | 'same' | 'unknown'
/** Do two periods truly differ? Only where their intervals do not meet. */
export function differs(now: { low: Cell; high: Cell }, before: { low: Cell; high: Cell }): Difference {
  const { low, high } = now
  if (![low, high, before.low, before.high].every((v) => typeof v === 'number')) return 'unknown'
  if ((low as number) > (before.high as number)) return 'up'
  if ((high as number) < (before.low as number)) return 'down'
  return 'same'
}
/** The number of the summary that a rate's interval belongs to: "mature_low" to "mature_rate". */
export function summaryInterval(s: Summary, key: string): { low: Cell; high: Cell } | null {
  const stem = key.replace(/_rate$/, '')
  for (const name of [key, stem]) {
    const low = s[`${name}_low`]
    const high = s[`${name}_high`]
    if (typeof low === 'number' && typeof high === 'number') return { low, high }
  }
  return null
}
export interface Tile {
  key: string
  type: CellType
  title: string
  about?: string
  value: Cell
  low?: Cell
  high?: Cell
  before?: Cell
  change: Difference
  drill?: boolean
}
/** The numbers of the summary, with their intervals and what they were. */
export function tiles(r: Report): Tile[] {
  return Object.entries(r.summary_types)
    .filter(([key, type]) => type !== 'id' && !/_(low|high)$/.test(key))
    .map(([key, type]): Tile => {
      // "on_time" counts what "on_time_rate" is a share of: the interval is the share's.
      const own = (type === 'rate' || !(`${key}_rate` in r.summary)) && type !== 'text'
      const ends = own ? summaryInterval(r.summary, key) : null
      const then = r.comparison?.summary
      const before = then?.[key]
      const ended = then && own ? summaryInterval(then, key) : null
      return {
        ...{ key, type, title: r.summary_titles?.[key] ?? key, about: r.summary_about?.[key] },
        value: r.summary[key] as Cell,
        ...(ends ?? {}),
        ...(before === undefined || typeof before === 'object' ? {} : { before }),
        change: ends && ended ? differs(ends, ended) : 'unknown',
        ...(r.summary_drill?.includes(key) ? { drill: true } : {}),
      }
    })
}
/** What makes a report's sign in the gallery: a tile that truly changed. */
export const changed = (r: Report): Tile[] => tiles(r).filter((t) => t.change === 'up' || t.change === 'down')

/** Rows in the order of one column; what is not known stands last. */
export function sorted(
  rows: readonly Cell[][],
  at: number,
  down: boolean,
  compare: (a: string, b: string) => number,
): number[] {
  const order = rows.map((_, i) => i)
  const sign = down ? -1 : 1
  return order.sort((i, k) => {
    const a = rows[i]![at] ?? null
    const b = rows[k]![at] ?? null
    if (a === null || b === null) return a === b ? i - k : a === null ? 1 : -1
    const way = typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b))
    return way === 0 ? i - k : way * sign
  })
}
