// What the keyboard can do on a deal card.
import Check from '@lucide/svelte/icons/circle-check'
import Cross from '@lucide/svelte/icons/circle-x'
import ListTodo from '@lucide/svelte/icons/list-todo'
import Note from '@lucide/svelte/icons/sticky-note'
import Pencil from '@lucide/svelte/icons/pencil'
import type { Command } from '../../lib/commands.svelte'
import { session } from '../../lib/session.svelte'
import type { DealPage } from './deal.svelte'

export interface Around {
  /** In a panel: another deal of the board, and closing. */
  go?: (by: 1 | -1) => void
  close?: () => void
}
export function dealCommands(page: DealPage, root: () => HTMLElement | undefined, around: Around): Command[] {
  const section = 'section.deal'
  const ready = () => page.state === 'ready'
  const may = () => ready() && session.canWrite
  const outcome = (which: 'won' | 'lost') => page.stages.find((s) => s.outcome === which)
  function to(which: 'won' | 'lost'): void {
    const stage = outcome(which)
    if (stage) page.move(stage)
  }
  const { go, close } = around
  return [
    {
      ...{ id: 'deal.note', title: 'task.tab.note', section, icon: Note, keys: ['KeyN'], when: may },
      run: () => (page.compose = { tab: 'note' }),
    },
    {
      ...{ id: 'deal.task', title: 'task.save', section, icon: ListTodo, keys: ['KeyT'], when: may },
      run: () => (page.compose = { tab: 'task' }),
    },
    {
      ...{ id: 'deal.fields', title: 'deal.focus_fields', section, icon: Pencil, keys: ['KeyE'], when: may },
      run: () => root()?.querySelector<HTMLElement>('[data-field="value_minor"] button')?.focus(),
    },
    {
      ...{ id: 'deal.next-stage', title: 'deal.next_stage', section, keys: ['Alt+ArrowRight'], when: may },
      run: () => page.step(1),
    },
    {
      ...{ id: 'deal.previous-stage', title: 'deal.previous_stage', section, keys: ['Alt+ArrowLeft'] },
      ...{ when: may, run: () => page.step(-1) },
    },
    {
      ...{ id: 'deal.win', title: 'board.win', section, icon: Check },
      ...{ when: () => may() && page.deal?.status === 'open' && outcome('won') !== undefined },
      run: () => to('won'),
    },
    {
      ...{ id: 'deal.lose', title: 'board.lose', section, icon: Cross },
      ...{ when: () => may() && page.deal?.status === 'open' && outcome('lost') !== undefined },
      run: () => to('lost'),
    },
    ...(go
      ? ([
          {
            ...{ id: 'deal.next', title: 'deal.next', section, keys: ['KeyJ'], keyOnly: true },
            run: () => go(1),
          },
          {
            ...{ id: 'deal.previous', title: 'deal.previous', section, keys: ['KeyK'], keyOnly: true },
            run: () => go(-1),
          },
        ] satisfies Command[])
      : []),
    ...(close
      ? ([
          {
            ...{ id: 'deal.close', title: 'deal.close', section, keys: ['Escape'], keyOnly: true },
            run: close,
          },
        ] satisfies Command[])
      : []),
  ]
}
