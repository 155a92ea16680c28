// A list as its URL says it: filter, search, order, columns, grouping, view. The same link shows the same list.
export interface Order {
  field: string
  down: boolean
}
export interface ListState {
  filter: string
  /** Quick search. */
  q: string
  sort: Order[]
  columns: string[]
  group: string | null
  view: number | null
}
/** What a saved view keeps (docs/api.md, view.query). */
export interface ViewQuery {
  filter?: string
  sort?: string
  columns?: string[]
  group?: string | null
  mode?: 'list' | 'board'
}
export interface Defaults {
  sort: string
  columns: string[]
}
export function readSort(text: string): Order[] {
  return text
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
    .map((s) => (s.startsWith('-') ? { field: s.slice(1), down: true } : { field: s, down: false }))
}
export const writeSort = (sort: readonly Order[]): string =>
  sort.map((o) => (o.down ? '-' : '') + o.field).join(',')

export function readState(
  query: URLSearchParams,
  given: Defaults,
  known: (field: string) => boolean,
): ListState {
  const columns = (query.get('columns') ?? '').split(',').filter((c) => c !== '' && known(c))
  const sort = readSort(query.get('sort') ?? '').filter((o) => known(o.field))
  const group = query.get('group')
  return {
    filter: query.get('filter') ?? '',
    q: query.get('q') ?? '',
    sort: sort.length > 0 ? sort : readSort(given.sort).filter((o) => known(o.field)),
    columns: columns.length > 0 ? [...new Set(columns)] : given.columns.filter(known),
    group: group && known(group) ? group : null,
    view: Number(query.get('view')) || null,
  }
}
/** Parameters of the URL; what is as given stays out of it. */
export function writeState(s: ListState, given: Defaults): Record<string, string | null> {
  const sort = writeSort(s.sort)
  const columns = s.columns.join(',')
  return {
    filter: s.filter.trim() || null,
    q: s.q || null,
    sort: sort === given.sort ? null : sort,
    columns: columns === given.columns.join(',') ? null : columns,
    group: s.group,
    view: s.view === null ? null : String(s.view),
  }
}
export function toView(s: ListState): ViewQuery {
  return {
    filter: s.filter.trim(),
    sort: writeSort(s.sort),
    columns: s.columns,
    group: s.group,
    mode: 'list',
  }
}
export function fromView(query: ViewQuery, id: number, given: Defaults): ListState {
  const asked = new URLSearchParams({
    ...{ filter: query.filter ?? '', sort: query.sort ?? '', columns: (query.columns ?? []).join(',') },
    group: query.group ?? '',
  })
  return { ...readState(asked, given, () => true), view: id }
}
/** Has the list been changed since the view was chosen? */
export function differs(s: ListState, query: ViewQuery, given: Defaults): boolean {
  const saved = toView(fromView(query, 0, given))
  return JSON.stringify(toView(s)) !== JSON.stringify(saved)
}
/** A click on a header: by this column only, or (with Shift) by this one too; again turns it round, then drops it. */
export function nextSort(sort: readonly Order[], field: string, add: boolean): Order[] {
  const old = sort.find((o) => o.field === field)
  if (!add) return [{ field, down: old !== undefined && sort.length === 1 ? !old.down : false }]
  if (!old) return [...sort, { field, down: false }]
  if (!old.down) return sort.map((o) => (o.field === field ? { field, down: true } : o))
  return sort.filter((o) => o.field !== field)
}
/** Puts a column before another one (null: at the end). */
export function moveColumn(columns: readonly string[], name: string, before: string | null): string[] {
  if (name === before) return [...columns]
  const rest = columns.filter((c) => c !== name)
  const at = before === null ? rest.length : rest.indexOf(before)
  return at < 0 ? [...columns] : [...rest.slice(0, at), name, ...rest.slice(at)]
}
