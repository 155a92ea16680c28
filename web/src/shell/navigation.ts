// The places of the top bar (on a phone: the bottom bar). Only screens that exist.
import Building from '@lucide/svelte/icons/building-2'
import ChartColumn from '@lucide/svelte/icons/chart-column'
import Contact from '@lucide/svelte/icons/contact-round'
import ListTodo from '@lucide/svelte/icons/list-todo'
import Kanban from '@lucide/svelte/icons/square-kanban'
import type { Component } from 'svelte'
import type { Key } from '../lib/i18n.svelte'

export interface Place {
  path: string
  title: Key
  command: Key
  keys: string
  icon: Component
  /** Other paths of the same place. */
  also?: string[]
}
export const navigation: Place[] = [
  {
    ...{ path: '/day', title: 'nav.day', command: 'nav.to_day', keys: 'KeyG KeyD', icon: ListTodo },
    also: ['/tasks'],
  },
  {
    ...{ path: '/board', title: 'nav.deals', command: 'nav.to_deals', keys: 'KeyG KeyB', icon: Kanban },
    also: ['/deals'],
  },
  {
    ...{ path: '/contacts', title: 'nav.contacts', command: 'nav.to_contacts' },
    ...{ keys: 'KeyG KeyC', icon: Contact },
  },
  {
    ...{ path: '/companies', title: 'nav.companies', command: 'nav.to_companies' },
    ...{ keys: 'KeyG KeyO', icon: Building },
  },
  {
    ...{ path: '/reports', title: 'nav.reports', command: 'nav.to_reports' },
    ...{ keys: 'KeyG KeyR', icon: ChartColumn },
    also: ['/findings', '/plans', '/kpi', '/pay'],
  },
]
/** Places without room in the bar: reached by keys, by the palette and from their neighbours. */
export const further: Omit<Place, 'icon' | 'title'>[] = [
  { path: '/deals/list', command: 'nav.to_deal_list', keys: 'KeyG KeyL' },
  { path: '/tasks', command: 'nav.to_tasks', keys: 'KeyG KeyT' },
  { path: '/tasks/list', command: 'nav.to_task_list', keys: 'KeyG KeyA' },
  { path: '/products', command: 'nav.to_products', keys: 'KeyG KeyU' },
  { path: '/touches', command: 'nav.to_touches', keys: 'KeyG KeyV' },
  { path: '/reports/subscriptions', command: 'nav.to_subscriptions', keys: 'KeyG KeyN' },
  { path: '/health', command: 'nav.to_health', keys: 'KeyG KeyH' },
  { path: '/reviews', command: 'nav.to_reviews', keys: 'KeyG KeyW' },
  { path: '/automation', command: 'nav.to_automation', keys: 'KeyG KeyM' },
  { path: '/plans', command: 'nav.to_plans', keys: 'KeyG KeyP' },
  { path: '/kpi', command: 'nav.to_kpi', keys: 'KeyG KeyK' },
  { path: '/findings', command: 'nav.to_findings', keys: 'KeyG KeyF' },
  { path: '/import', command: 'nav.to_import', keys: 'KeyG KeyI' },
]
