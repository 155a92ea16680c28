// The records behind a number: what they are called and where they lead.
export interface Item {
  id: number
  title?: string
  name?: string
  text?: string
  stage_id?: number
  owner_id?: number | null
  value_minor?: number | null
  currency?: string
  created_at: number
  deal_id?: number | null
  company_id?: number | null
  contact_id?: number | null
}
const cards = new Set(['deals', 'contacts', 'companies', 'products'])
const lists: Record<string, string> = {
  ...{ deals: '/deals/list', contacts: '/contacts', companies: '/companies', tasks: '/tasks/list' },
}

export const nameOf = (x: Item): string => x.title ?? x.name ?? x.text ?? `#${x.id}`
/** Its card; a task or a note stands on the card of its deal or client. */
export function pageOfItem(noun: string, x: Item): string | null {
  if (cards.has(noun)) return `/${noun}/${x.id}`
  if (x.deal_id) return `/deals/${x.deal_id}`
  if (x.company_id) return `/companies/${x.company_id}`
  return x.contact_id ? `/contacts/${x.contact_id}` : null
}
/** The list that can show them all. */
export const listOf = (noun: string): string | undefined => lists[noun]
