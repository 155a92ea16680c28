// What a list of each object shows at first, and where its quick search looks.
import Building from '@lucide/svelte/icons/building-2'
import CheckSquare from '@lucide/svelte/icons/square-check-big'
import Contact from '@lucide/svelte/icons/contact-round'
import Footprints from '@lucide/svelte/icons/footprints'
import Handshake from '@lucide/svelte/icons/handshake'
import Package from '@lucide/svelte/icons/package'
import type { Component } from 'svelte'
import type { Key, PluralKey } from '../../lib/i18n.svelte'

export interface ListOf {
  object: string
  path: string
  icon: Component
  title: Key
  count: PluralKey
  /** The column by which a row is known; it stays in sight. */
  main: string
  columns: string[]
  sort: string
  search: string[]
  /** Text in the search field. */
  hint: Key
  create: Key
  empty: Key
  emptyText: Key
}
export const lists: Record<string, ListOf> = {
  deals: {
    ...{ object: 'deal', path: '/deals/list', icon: Handshake, title: 'list.deals', count: 'list.deals_n' },
    main: 'title',
    columns: [
      'title',
      'stage_id',
      'value_minor',
      'owner_id',
      'company_id',
      'contact_id',
      'next_task_at',
      'created_at',
    ],
    sort: '-created_at',
    search: ['title', 'contact_id.name', 'company_id.name'],
    ...{
      hint: 'list.find_deals',
      create: 'list.create_deal',
      empty: 'list.empty_deals',
      emptyText: 'list.empty_text',
    },
  },
  contacts: {
    ...{
      object: 'contact',
      path: '/contacts',
      icon: Contact,
      title: 'list.contacts',
      count: 'list.contacts_n',
    },
    main: 'name',
    columns: ['name', 'position', 'company_id', 'phone', 'email', 'owner_id', 'tag_ids', 'created_at'],
    sort: 'name',
    search: ['name', 'phone', 'email', 'company_id.name'],
    ...{
      hint: 'list.find_contacts',
      create: 'list.create_contact',
      empty: 'list.empty_contacts',
      emptyText: 'list.empty_text',
    },
  },
  companies: {
    ...{
      object: 'company',
      path: '/companies',
      icon: Building,
      title: 'list.companies',
      count: 'list.companies_n',
    },
    main: 'name',
    columns: ['name', 'inn', 'phone', 'email', 'industry', 'owner_id', 'tag_ids', 'created_at'],
    sort: 'name',
    search: ['name', 'inn', 'phone', 'email'],
    ...{
      hint: 'list.find_companies',
      create: 'list.create_company',
      empty: 'list.empty_companies',
      emptyText: 'list.empty_text',
    },
  },
  tasks: {
    ...{ object: 'task', path: '/tasks/list', icon: CheckSquare, title: 'list.tasks', count: 'list.tasks_n' },
    main: 'title',
    columns: ['title', 'kind', 'due_at', 'owner_id', 'deal_id', 'contact_id', 'done', 'result'],
    sort: 'due_at',
    search: ['title', 'result', 'deal_id.title'],
    ...{
      hint: 'list.find_tasks',
      create: 'list.create_task',
      empty: 'list.empty_tasks',
      emptyText: 'list.empty_text',
    },
  },
  touches: {
    ...{
      object: 'touch',
      path: '/touches',
      icon: Footprints,
      title: 'list.touches',
      count: 'list.touches_n',
    },
    main: 'kind',
    columns: [
      'kind',
      'at',
      'deal_id',
      'contact_id',
      'source_id',
      'campaign_id',
      'utm_source',
      'utm_campaign',
      'tracking_number',
    ],
    sort: '-at',
    search: ['utm_source', 'utm_campaign', 'tracking_number', 'roistat', 'deal_id.title'],
    ...{
      hint: 'list.find_touches',
      create: 'list.create_touch',
      empty: 'list.empty_touches',
      emptyText: 'list.empty_touches_text',
    },
  },
  products: {
    ...{
      object: 'product',
      path: '/products',
      icon: Package,
      title: 'list.products',
      count: 'list.products_n',
    },
    main: 'name',
    columns: ['name', 'sku', 'price_minor', 'currency', 'active', 'created_at'],
    sort: 'name',
    search: ['name', 'sku'],
    ...{
      hint: 'list.find_products',
      create: 'list.create_product',
      empty: 'list.empty_products',
      emptyText: 'list.empty_text',
    },
  },
}
/** Which list stands at this path; the deals answer at /deals too. */
export function listAt(path: string): [string, ListOf] | null {
  return Object.entries(lists).find(([name, l]) => path === l.path || path === `/${name}`) ?? null
}
