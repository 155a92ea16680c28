// What the server says about a draft (docs/api.md, "The designer and the linter").
import { refOf, type Definition, type Gate, type Patch, type Stage } from './definition'

export interface Finding {
  code: string
  level: 'error' | 'warning' | 'hint'
  place: {
    stage?: number | string
    goal?: number | string
    trigger?: number | string
    field?: string
    funnel?: number | string
    [more: string]: unknown
  }
  text: string
  why: string
  fix?: { label: string; patch: Patch[] } | null
}
export interface Check {
  ok?: boolean
  problems?: { code: string; field: string; path: string; detail: string }[]
  findings?: Finding[]
}
export interface Change {
  what: 'added' | 'removed' | 'changed' | 'moved'
  object: string
  id: number | null
  /** Names, as the draft has them. */
  stage: string | null
  name: string | null
  field?: string
  before: unknown
  after: unknown
}
export interface Impact {
  deals: number
  lack: { gate: Gate; path: string; stage: string; count: number; filter: string | null; ids: number[] }[]
  moved: {
    stage: string
    stage_id: number
    to: string | null
    count: number
    filter: string
    ids: number[]
  }[]
}
/** The stage that an answer speaks of: by its id, its key, its name, or its place in the list. */
export function stageNamed(doc: Definition, said: unknown): Stage | undefined {
  if (said === null || said === undefined) return undefined
  return (
    doc.stages.find((s) => refOf(s) === said) ??
    doc.stages.find((s) => s.name === said) ??
    (typeof said === 'object' ? stageNamed(doc, (said as { id?: unknown }).id) : undefined)
  )
}
export const weight = { error: 0, warning: 1, hint: 2 } as const
export const ranked = (list: readonly Finding[]): Finding[] =>
  list.toSorted((a, b) => weight[a.level] - weight[b.level])

/** What stands in the filter, or the deals themselves. */
export function dealsLink(filter: string | null | undefined, ids: readonly number[] | undefined): string {
  const text = filter || (ids && ids.length > 0 ? `id in (${ids.slice(0, 200).join(', ')})` : 'id = 0')
  return `/deals/list?filter=${encodeURIComponent(text)}`
}
