// Search results as the palette shows them, object by object.
import { get } from '../lib/api'
import { router } from '../lib/router.svelte'

export interface Found {
  object: string
  id: number
  title: string
  subtitle: string | null
  matched: { field: string; text: string } | null
  how: 'exact' | 'typo' | 'layout'
}
export interface SearchAnswer {
  items: Found[]
  /** What was understood. */
  as: string | null
}
export const objects = ['contact', 'company', 'deal', 'task', 'product', 'note'] as const
export type SearchObject = (typeof objects)[number]

export function search(text: string, signal: AbortSignal): Promise<SearchAnswer> {
  return get<SearchAnswer>(`/api/search?${new URLSearchParams({ q: text, limit: '20' })}`, signal)
}
/** Results in the order of the objects; within one as the server has ranked them. */
export function grouped(items: readonly Found[]): Found[] {
  const first = [...new Set(items.map((i) => i.object))]
  return items.toSorted((a, b) => first.indexOf(a.object) - first.indexOf(b.object))
}
/** Opens what was found: a page where it has one, a note and a task where they belong. */
export async function open(object: string, id: number): Promise<void> {
  const pages: Record<string, string> = { deal: 'deals', contact: 'contacts', company: 'companies' }
  const page = pages[object]
  if (page) return router.go(`/${page}/${id}`)
  if (object === 'product') return router.go(`/products?filter=${encodeURIComponent(`id = ${id}`)}`)
  const plural = object === 'task' ? 'tasks' : 'notes'
  const row = await get<Record<string, unknown>>(`/api/${plural}/${id}`)
  for (const [key, where] of [
    ['deal_id', 'deals'],
    ['contact_id', 'contacts'],
    ['company_id', 'companies'],
  ] as const)
    if (typeof row[key] === 'number') return router.go(`/${where}/${row[key]}`)
  router.go(`/tasks/list?filter=${encodeURIComponent(`id = ${id}`)}`)
}
