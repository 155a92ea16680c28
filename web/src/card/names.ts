// Names for the timeline: from the catalogue of the session, the card's own lists, and the address book.
import { t } from '../lib/i18n.svelte'
import { names } from '../lib/names.svelte'
import { session } from '../lib/session.svelte'
import type { Change } from '../lib/types'
import type { AnyCard } from './card.svelte'
import type { Names } from './describe'

function fromTimeline(items: readonly Change[], object: string, id: number, field: string): unknown {
  const known = items.find((c) => c.object === object && c.object_id === id && c.set[field])
  const set = known?.set[field]
  return set?.[1] ?? set?.[0]
}
export function namesOf(page: AnyCard): Names {
  const boot = session.boot
  const unknown = (id: number) => `№ ${id}`
  const inList = (list: readonly { id: number; name: string }[] | undefined, id: number) =>
    list?.find((x) => x.id === id)?.name ?? unknown(id)
  const product = (id: number) => inList(boot?.products, id)
  return {
    currency: page.currency,
    user: (id) => session.users.get(id)?.name ?? unknown(id),
    stage: (id) => session.stages.get(id),
    task: (id) => {
      const title = page.tasks.find(id)?.title ?? fromTimeline(page.timeline.items, 'task', id, 'title')
      return typeof title === 'string' ? title : t('timeline.task_unknown', { id })
    },
    row: (id) => {
      const found = page.productOf(id) ?? fromTimeline(page.timeline.items, 'deal-product', id, 'product_id')
      return typeof found === 'number' ? product(found) : t('timeline.product_unknown', { id })
    },
    small: (c) => {
      const of = (field: string) => {
        const set = c.set[field]
        return set?.[1] ?? set?.[0] ?? fromTimeline(page.timeline.items, c.object, c.object_id, field)
      }
      if (c.object === 'deal-member')
        return session.users.get(Number(of('user_id')))?.name ?? unknown(c.object_id)
      if (c.object === 'buyer' && typeof of('contact_id') === 'number')
        return page.book.contacts.name(Number(of('contact_id')))
      if (c.object === 'competitor-offer' && typeof of('competitor_id') === 'number')
        return names.of('competitor', Number(of('competitor_id'))) ?? unknown(c.object_id)
      const name = of('name') ?? of('value')
      return typeof name === 'string' ? name : unknown(c.object_id)
    },
    named: (what, id) => {
      if (what === 'contact') return page.book.contacts.name(id)
      if (what === 'company') return page.book.companies.name(id)
      if (what === 'product') return product(id)
      if (what === 'funnel') return inList(boot?.funnels, id)
      if (what === 'source') return inList(boot?.sources, id)
      if (what === 'campaign') return inList(boot?.campaigns, id)
      if (what === 'tag') return inList(boot?.tags, id)
      if (what === 'loss_reason') return inList(boot?.loss_reasons, id)
      if (what === 'deal_class') return inList(boot?.deal_classes, id)
      return names.of(what, id) ?? unknown(id)
    },
  }
}
/** Ids of people and companies that the changes speak of. */
export function mentioned(items: readonly Change[]): { contacts: number[]; companies: number[] } {
  const contacts = new Set<number>()
  const companies = new Set<number>()
  for (const { set } of items) {
    for (const v of [...(set.contact_id ?? []), ...(set.contact_ids ?? []).flat()])
      if (typeof v === 'number') contacts.add(v)
    for (const v of set.company_id ?? []) if (typeof v === 'number') companies.add(v)
  }
  return { contacts: [...contacts], companies: [...companies] }
}
