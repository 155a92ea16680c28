// What is said of a client in one word each: the kinds, their fields, and the values to choose from.
import { get } from '../../lib/api'
import type { List } from '../../lib/types'

export interface Classifier {
  id: number
  kind: string
  name: string
  colour: string | null
  position: number
  archived: boolean
}
/** Fields in the order in which they are read; two of them have values of one kind. */
export const fields = [
  { field: 'development_id', kind: 'development' },
  { field: 'next_development_id', kind: 'development' },
  { field: 'depth_id', kind: 'depth' },
  { field: 'reaction_id', kind: 'reaction' },
  { field: 'loyalty_id', kind: 'loyalty' },
  { field: 'prospect_id', kind: 'prospect' },
  { field: 'importance_id', kind: 'importance' },
] as const
export type ClassifierField = (typeof fields)[number]['field']

export async function classifiers(): Promise<Classifier[]> {
  return (await get<List<Classifier>>('/api/classifiers?limit=500&sort=position')).items
}
/** Values of a kind that can be chosen; the one that is set stays though it is archived. */
export function choicesOf(all: readonly Classifier[], kind: string, now: number | null): Classifier[] {
  return all.filter((c) => c.kind === kind && (!c.archived || c.id === now))
}
