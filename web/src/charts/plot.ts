// A table of figures as a picture: which cells are its marks, in which order, by which names.
import type { Cell, CellType, ChartKind, ChartSpec, Column, Table } from '../screens/reports/model'
import { columnAt } from '../screens/reports/model'

export interface PlotPoint {
  /** Place along x: the value, or the position of its name. */
  x: number
  y: number
  low: number | null
  high: number | null
  /** Only in scatter: the size, and what the dot is called. */
  size: number | null
  /** In a funnel: the share that stands beside it. */
  share: number | null
  name: string
  /** Not observed yet: completed from older ones. */
  young: boolean
  /** The row of the table. */
  row: number
  /** The column whose deals it leads to; -1: none. */
  drill: number
}
export interface PlotSeries {
  name: string
  points: PlotPoint[]
}
export interface Plot {
  kind: ChartKind
  /** Names along x; empty when x is a number. */
  names: string[]
  xType: CellType
  yType: CellType
  xTitle: string
  yTitle: string
  sizeTitle: string
  seriesTitle: string
  /** What the thin line or the band beside a value says; '': there is none. */
  range: string
  sizeType: CellType
  series: PlotSeries[]
  /** Series and names that found no room; the table has them. */
  hidden: number
}
type Text = (value: Cell, type: CellType) => string
const number = (v: Cell | undefined): number | null =>
  typeof v === 'number' && Number.isFinite(v) ? v : null
/** Of `range`: the two ends are of a 95 % interval. */
export const INTERVAL = '95 %'
const MOST_NAMES = 40 // as many rows as one looks at
const most: Record<ChartKind, number> = {
  ...{ bars: 4, stack: 8, lines: 6, steps: 6, dots: 4, funnel: 4, matrix: 60, scatter: 6 },
}

/** null: there is nothing that could be drawn. */
export function plotOf(table: Table, spec: ChartSpec, text: Text): Plot | null {
  const { columns, rows } = table
  const at = (id: string | undefined) => columnAt(table, id)
  const y = at(spec.y)
  const x = at(spec.x)
  if (y < 0 || x < 0 || rows.length === 0) return null
  const [s, low, high, size] = [at(spec.series), at(spec.low), at(spec.high), at(spec.y2)]
  const xType = columns[x]!.type
  // Dots over time stand beside each other.
  const along =
    ['lines', 'steps', 'scatter'].includes(spec.kind) || (spec.kind === 'dots' && xType !== 'text')
  const numeric = along && xType !== 'text'
  const names: string[] = []
  const groups = new Map<string, PlotPoint[]>()
  const basis = at('basis')
  // Two numbers of one name: they stand on or beside each other.
  const second = ['bars', 'stack'].includes(spec.kind) && s < 0 ? at(spec.y2) : -1
  const leads = (column: number) => (columns[column]!.drill && table.keys ? column : -1)
  const title = columns.findIndex((c) => c.type === 'text')
  const share = spec.kind === 'funnel' && columns[y + 1]?.type === 'rate' ? y + 1 : -1
  rows.forEach((row, i) => {
    const value = number(row[y])
    const name = text(row[x] ?? null, xType)
    const place = numeric ? number(row[x]) : names.indexOf(name)
    if (value === null || place === null) return
    const group = s >= 0 ? text(row[s] ?? null, columns[s]!.type) : second >= 0 ? columns[y]!.title : ''
    const into = (group: string) => groups.get(group) ?? groups.set(group, []).get(group)!
    const point: PlotPoint = {
      ...{ x: place < 0 && !numeric ? names.push(name) - 1 : place, y: value, row: i },
      ...{
        low: number(row[low]),
        high: number(row[high]),
        size: second >= 0 ? null : number(row[size]),
        share: number(row[share]),
      },
      name: spec.kind === 'scatter' && title >= 0 ? String(row[title] ?? '') : name,
      young: row[basis] === 'estimate',
      drill: leads(y),
    }
    into(group).push(point)
    const other = number(row[second])
    if (other !== null)
      into(columns[second]!.title).push({
        ...{ ...point, y: other, low: null, high: null, share: null },
        drill: leads(second),
      })
  })
  const all = [...groups].map(([name, points]): PlotSeries => ({ name, points }))
  if (all.every((g) => g.points.length === 0)) return null
  const weight = (g: PlotSeries) => g.points.reduce((n, p) => n + Math.abs(p.y), 0)
  const limit = most[spec.kind]
  const strongest = new Set(
    all.length <= limit ? all : all.toSorted((a, b) => weight(b) - weight(a)).slice(0, limit),
  )
  const series = all.filter((g) => strongest.has(g))
  const room = numeric || along ? Infinity : MOST_NAMES
  if (numeric && spec.kind !== 'scatter') for (const g of series) g.points.sort((a, b) => a.x - b.x)
  return {
    kind: spec.kind,
    names: numeric ? [] : names.slice(0, room),
    ...{
      xType,
      yType: columns[y]!.type,
      xTitle: columns[x]!.title,
      yTitle: yTitle(columns[y]!, columns[second]),
    },
    sizeTitle: columns[size]?.title ?? '',
    seriesTitle: columns[s]?.title ?? '',
    range: rangeOf(columns[low], columns[high]),
    sizeType: columns[size]?.type ?? 'int',
    series: series.map((g) => ({ ...g, points: g.points.filter((p) => numeric || p.x < room) })),
    hidden: all.length - series.length + Math.max(0, names.length - room),
  }
}

/** Of two numbers beside each other both. */
const yTitle = (one: Column, other: Column | undefined) =>
  other ? `${one.title} / ${other.title}` : one.title
/** What lies between two ends: a 95 % interval, or what the columns of the ends are called. */
function rangeOf(low: Column | undefined, high: Column | undefined): string {
  if (!high) return ''
  if (low && /(^|_)low$/.test(low.id)) return INTERVAL
  return low ? `${low.title} – ${high.title}` : high.title
}
/** Round steps of a scale between two values, both ends within. */
export function ticks(from: number, to: number, count = 4): number[] {
  const span = to - from
  if (!(span > 0)) return [from]
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((m) => m >= raw * 0.999)!
  const list: number[] = []
  for (let i = Math.floor(from / step + 1e-9); i * step < to - step * 1e-6; i++) list.push(i * step)
  list.push((Math.floor((to - step * 1e-6) / step) + 1) * step)
  return list
}
/** The ends of the scale of y: from nothing where that does not flatten the picture. */
export function domain(series: readonly PlotSeries[], zero: boolean): [number, number] {
  const values = series.flatMap((g) => g.points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]))
  const low = Math.min(...values)
  const high = Math.max(...values)
  if (!zero && low > 0 && high - low < high * 0.25) return [low - (high - low) * 0.2, high]
  return low === 0 && high === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)]
}
/** Shares end at all of it, but for those of what was before: these may grow threefold. */
export const top = (type: CellType, high: number): number =>
  type === 'rate' && high < 1.05 ? Math.min(1, high) : high
/** How high each name's pile is. */
export function piles(plot: Plot): number[] {
  const sums = plot.names.map(() => 0)
  for (const g of plot.series) for (const p of g.points) sums[p.x] = (sums[p.x] ?? 0) + Math.max(0, p.y)
  return sums
}
/** As many of the names as there is room for, evenly. */
export const every = (n: number, room: number): number => Math.max(1, Math.ceil(n / Math.max(1, room)))
export function short(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, Math.max(1, most - 1))}…` : name
}
