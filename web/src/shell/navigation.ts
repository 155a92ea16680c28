// The places of the top bar (on a phone: the bottom bar). Only screens that exist.
import ChartColumn from '@lucide/svelte/icons/chart-column'
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
}
export const navigation: Place[] = [
  { path: '/board', title: 'nav.deals', command: 'nav.to_deals', keys: 'KeyG KeyB', icon: Kanban },
  { path: '/tasks', title: 'nav.tasks', command: 'nav.to_tasks', keys: 'KeyG KeyT', icon: ListTodo },
  {
    ...{ path: '/reports', title: 'nav.reports', command: 'nav.to_reports' },
    ...{ keys: 'KeyG KeyR', icon: ChartColumn },
  },
]
