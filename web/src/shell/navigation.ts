// The places of the top bar (on a phone: the bottom bar). Only screens that exist.
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
]
