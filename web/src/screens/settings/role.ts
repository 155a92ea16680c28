// What a role may, as it is shown and as it is kept: what equals the base role is not written down.
import type { Role } from '../../lib/types'

export const objects = ['deal', 'contact', 'company', 'task', 'note', 'product', 'file'] as const
export type Governed = (typeof objects)[number]
export const rights = ['see', 'create', 'edit', 'delete', 'export'] as const
export type Right = (typeof rights)[number]
export const reaches = ['none', 'own', 'team', 'all'] as const
export type Reach = (typeof reaches)[number]
export const cans = [
  ...[
    'reports',
    'import',
    'bulk',
    'merge',
    'share_views',
    'undo_others',
    'settings',
    'users',
    'erase',
    'override',
    'automation',
  ],
] as const
export type Can = string

/** What is said against a funnel or a stage: words with blanks between. */
export const placeWords = ['hidden', 'closed', 'no_leave', 'no_close'] as const
export type PlaceWord = (typeof placeWords)[number]
export type Places = Record<string, string>
export const says = (said: string | undefined, word: PlaceWord): boolean =>
  said?.split(' ').includes(word) ?? false
/** With this word about the place, or without it; nothing else that was said of it is lost. */
export function withPlace(places: Places, id: number, word: PlaceWord, on: boolean): Places {
  const { [id]: said, ...others } = places
  const words = placeWords.filter((w) => (w === word ? on : says(said, w)))
  return words.length > 0 ? { ...others, [id]: words.join(' ') } : others
}

type Cells = Partial<Record<Right, Reach>>
export interface Rights {
  objects?: Record<string, Cells>
  fields?: Record<string, 'hidden' | 'read_only'>
  funnels?: Places
  stages?: Places
  can?: string[]
}
export type Matrix = Record<Governed, Record<Right, Reach>>

const row = (see: Reach, write: Reach, out: Reach): Record<Right, Reach> => ({
  ...{ see, create: write, edit: write, delete: write, export: out },
})
const every = (make: (object: Governed) => Record<Right, Reach>): Matrix =>
  Object.fromEntries(objects.map((o) => [o, make(o)])) as Matrix
/** The same as the server's (crm/rights_role.c). */
export const bases: Record<Role, { matrix: Matrix; can: readonly string[] }> = {
  admin: { matrix: every(() => row('all', 'all', 'all')), can: cans },
  head: {
    matrix: every(() => row('all', 'all', 'all')),
    can: [
      'settings',
      'import',
      'bulk',
      'undo_others',
      'merge',
      'share_views',
      'reports',
      'override',
      'automation',
    ],
  },
  seller: {
    matrix: every((o) => (o === 'product' ? row('all', 'none', 'all') : row('all', 'all', 'own'))),
    can: ['import', 'bulk', 'merge', 'reports'],
  },
  observer: { matrix: every(() => row('all', 'none', 'none')), can: ['reports'] },
}
/** Nobody owns a product: all or nothing. */
export const choicesOf = (object: Governed): readonly Reach[] =>
  object === 'product' ? ['none', 'all'] : reaches

export function matrixOf(base: Role, kept: Rights | null | undefined): Matrix {
  return every((o) => ({ ...bases[base].matrix[o], ...kept?.objects?.[o] }))
}
export function cansOf(base: Role, kept: Rights | null | undefined): string[] {
  return [...(kept?.can ?? bases[base].can)]
}
/** What is kept of it. */
export function toKeep(base: Role, matrix: Matrix, can: readonly string[], rest: Rights): Rights {
  const out: Rights = {}
  const cells: Record<string, Cells> = {}
  for (const o of objects) {
    const changed = rights.filter((r) => matrix[o][r] !== bases[base].matrix[o][r])
    if (changed.length > 0) cells[o] = Object.fromEntries(changed.map((r) => [r, matrix[o][r]]))
  }
  if (Object.keys(cells).length > 0) out.objects = cells
  for (const key of ['fields', 'funnels', 'stages'] as const) {
    const kept = rest[key]
    if (kept && Object.keys(kept).length > 0) out[key] = kept as never
  }
  const same = can.length === bases[base].can.length && can.every((c) => bases[base].can.includes(c))
  if (!same) out.can = [...can]
  return out
}
/** One cell changed, and what follows: nobody may change what they may not see. */
export function withCell(matrix: Matrix, object: Governed, right: Right, reach: Reach): Matrix {
  const cells = { ...matrix[object], [right]: reach }
  const rank = (r: Reach) => reaches.indexOf(r)
  if (right === 'see')
    for (const r of ['edit', 'delete', 'export'] as const) if (rank(cells[r]) > rank(reach)) cells[r] = reach
  if ((right === 'edit' || right === 'delete' || right === 'export') && rank(cells.see) < rank(reach))
    cells.see = reach
  return { ...matrix, [object]: cells }
}
export type Template = 'own' | 'team' | 'lead' | 'reader'
export const templates: Record<Template, { base: Role; rights: Rights }> = {
  own: narrow('seller', 'own', ['reports']),
  team: narrow('seller', 'team', ['reports']),
  lead: narrow('head', 'team', ['import', 'bulk', 'undo_others', 'merge', 'share_views', 'reports']),
  reader: { base: 'observer', rights: {} },
}
function narrow(base: Role, reach: Reach, can: string[]): { base: Role; rights: Rights } {
  const matrix = every((o) => {
    if (o === 'product') return row('all', 'none', 'none')
    // Files and notes follow what they hang on.
    const out = base === 'head' ? reach : 'none'
    return { ...row(reach, reach, out), create: 'all', delete: base === 'head' ? reach : 'own' }
  })
  return { base, rights: toKeep(base, matrix, can, {}) }
}
