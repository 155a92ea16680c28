// What the keyboard can do on the card of a contact or a company.
import ListTodo from '@lucide/svelte/icons/list-todo'
import Note from '@lucide/svelte/icons/sticky-note'
import Plus from '@lucide/svelte/icons/plus'
import type { Command } from '../../lib/commands.svelte'
import { creation } from '../../lib/creation.svelte'
import { session } from '../../lib/session.svelte'
import type { ClientPage } from './client.svelte'

export interface Around {
  go?: (by: 1 | -1) => void
  close?: () => void
}
/** A new deal of this client. */
export function newDeal(page: ClientPage): void {
  const values = {
    [`${page.kind}_id`]: page.id,
    ...(page.contact ? { company_id: page.contact.company_id } : {}),
  }
  creation.open('deal', values)
}
export function clientCommands(page: ClientPage, { go, close }: Around): Command[] {
  const section = 'section.client'
  const may = () => page.state === 'ready' && session.canWrite
  const list: Command[] = [
    {
      ...{ id: 'client.note', title: 'task.tab.note', section, icon: Note, keys: ['KeyN'], when: may },
      run: () => (page.compose = { tab: 'note' }),
    },
    {
      ...{ id: 'client.task', title: 'task.save', section, icon: ListTodo, keys: ['KeyT'], when: may },
      run: () => (page.compose = { tab: 'task' }),
    },
    {
      ...{ id: 'client.deal', title: 'client.new_deal', section, icon: Plus, keys: ['KeyC'], when: may },
      run: () => newDeal(page),
    },
  ]
  if (go)
    list.push(
      { id: 'client.next', title: 'client.next', section, keys: ['KeyJ'], keyOnly: true, run: () => go(1) },
      {
        id: 'client.previous',
        title: 'client.previous',
        section,
        keys: ['KeyK'],
        keyOnly: true,
        run: () => go(-1),
      },
    )
  if (close)
    list.push({
      id: 'client.close',
      title: 'deal.close',
      section,
      keys: ['Escape'],
      keyOnly: true,
      run: close,
    })
  return list
}
