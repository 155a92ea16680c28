// A layout while it is edited: groups with their fields, and the pool of fields that the card does not show.
export interface Group {
  title: string
  fields: string[]
  collapsed?: boolean
}
export interface Kept extends Group {
  /** Stays the same while titles change. */
  key: number
}
export const POOL = -1

export function begin(groups: readonly Group[]): Kept[] {
  return groups.map((g, i) => ({ ...g, fields: [...g.fields], key: i + 1 }))
}
/** Without what the editor adds; groups without fields and title go. */
export function toKeep(groups: readonly Kept[]): Group[] {
  return groups
    .filter((g) => g.fields.length > 0 || g.title.trim() !== '')
    .map((g) => ({ title: g.title.trim(), fields: g.fields, ...(g.collapsed ? { collapsed: true } : {}) }))
}
export function pool(groups: readonly Group[], all: readonly string[]): string[] {
  const placed = new Set(groups.flatMap((g) => g.fields))
  return all.filter((f) => !placed.has(f))
}
/** The field leaves where it is and stands at `index` of the group (POOL: of none). */
export function put(groups: readonly Kept[], field: string, key: number, index: number): Kept[] {
  return groups.map((g) => {
    const fields = g.fields.filter((f) => f !== field)
    return g.key === key ? { ...g, fields: fields.toSpliced(index, 0, field) } : { ...g, fields }
  })
}
/** Beyond the end of its group a field goes on into the next one. */
export function leave(groups: readonly Kept[], field: string, by: 1 | -1): Kept[] {
  const at = groups.findIndex((g) => g.fields.includes(field))
  const next = groups[at + by]
  if (at < 0 || !next) return [...groups]
  return put(groups, field, next.key, by === 1 ? 0 : next.fields.length)
}
export function shift(groups: readonly Kept[], key: number, by: 1 | -1): Kept[] {
  const at = groups.findIndex((g) => g.key === key)
  const to = at + by
  if (at < 0 || to < 0 || to >= groups.length) return [...groups]
  return groups.toSpliced(at, 1).toSpliced(to, 0, groups[at]!)
}
