// What the keyboard can do with the queue of tasks.
import Check from '@lucide/svelte/icons/circle-check'
import Pencil from '@lucide/svelte/icons/pencil'
import type { Command } from '../../lib/commands.svelte'
import { router } from '../../lib/router.svelte'
import { session } from '../../lib/session.svelte'
import { placeOf } from '../../lib/place'
import type { TaskDesk } from './tasks.svelte'

export function taskCommands(desk: TaskDesk): Command[] {
  const section = 'section.tasks'
  const chosen = () => desk.find(desk.at)
  const may = () => session.canWrite && chosen() !== undefined && !chosen()!.done
  const open = () => {
    const task = chosen()
    const place = task && placeOf(task)
    if (place) router.go(place)
  }
  return [
    {
      ...{ id: 'tasks.next', title: 'task.next', section, keys: ['KeyJ', 'ArrowDown'], keyOnly: true },
      run: () => desk.step(1),
    },
    {
      ...{ id: 'tasks.previous', title: 'task.previous', section, keys: ['KeyK', 'ArrowUp'], keyOnly: true },
      run: () => desk.step(-1),
    },
    {
      ...{ id: 'tasks.open', title: 'task.open_card', section, keys: ['Enter'], keyOnly: true },
      // A button or link that has the focus keeps its Enter.
      when: () => chosen() !== undefined && !document.activeElement?.matches('button, a, [role=menuitem]'),
      run: open,
    },
    {
      ...{ id: 'tasks.finish', title: 'task.finish', section, icon: Check, keys: ['Mod+Enter', 'KeyX'] },
      ...{ when: may, run: () => (desk.mode = 'finish') },
    },
    {
      ...{ id: 'tasks.edit', title: 'task.edit', section, icon: Pencil, keys: ['KeyE'] },
      ...{ when: may, run: () => (desk.mode = 'edit') },
    },
  ]
}
