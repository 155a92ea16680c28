// What the keyboard can do in the queue of the day.
import Check from '@lucide/svelte/icons/circle-check'
import CalendarClock from '@lucide/svelte/icons/calendar-clock'
import Pencil from '@lucide/svelte/icons/pencil'
import Play from '@lucide/svelte/icons/play'
import { clock } from '../../lib/clock.svelte'
import type { Command } from '../../lib/commands.svelte'
import { t } from '../../lib/i18n.svelte'
import { placeOf } from '../../lib/place'
import { router } from '../../lib/router.svelte'
import { session } from '../../lib/session.svelte'
import type { Task } from '../../lib/types'
import type { Day } from './day.svelte'

/** The owner asks whoever gave the task; nobody asks himself. */
export const mayAsk = (task: Task): boolean =>
  task.owner_id === session.user.id && task.author_id != null && task.author_id !== session.user.id
export function start(day: Day, task: Task): void {
  const started_at = task.started_at ? null : clock.exact()
  void day.change(task, { started_at }, t(started_at === null ? 'day.stopped' : 'day.begun'))
}
export function dayCommands(day: Day, show: () => void): Command[] {
  const section = 'section.day'
  const ready = () => day.current !== undefined
  const may = () => session.canWrite && ready()
  const busy = () => document.activeElement?.matches('a, button:not([id^=queue-]), [role=menuitem]') === true
  const open = () => {
    const place = day.current && placeOf(day.current.task)
    if (place) router.go(place)
  }
  const turn = (mode: 'finish' | 'defer' | 'edit' | 'ask', goal: number | null = null) => {
    show()
    day.turn(mode, goal)
  }
  return [
    {
      ...{ id: 'day.next', title: 'task.next', section, keys: ['KeyJ', 'ArrowDown'], keyOnly: true },
      run: () => day.step(1),
    },
    {
      ...{ id: 'day.previous', title: 'task.previous', section, keys: ['KeyK', 'ArrowUp'], keyOnly: true },
      run: () => day.step(-1),
    },
    {
      ...{ id: 'day.open', title: 'task.open_card', section, keys: ['Enter'], keyOnly: true },
      ...{ when: () => ready() && !busy(), run: open },
    },
    {
      ...{ id: 'day.finish', title: 'task.finish', section, icon: Check, keys: ['Mod+Enter', 'KeyX'] },
      ...{ when: may, run: () => turn('finish') },
    },
    {
      ...{ id: 'day.goal', title: 'deal.goal_key', section, keyOnly: true },
      keys: Array.from({ length: 9 }, (_, i) => `Digit${i + 1}`),
      ...{ when: may, run: (keys) => turn('finish', Number(keys?.slice(5)) - 1) },
    },
    {
      ...{ id: 'day.defer', title: 'day.defer_key', section, icon: CalendarClock, keys: ['KeyD'] },
      ...{ when: may, run: () => turn('defer') },
    },
    {
      ...{ id: 'day.start', title: 'day.start_key', section, icon: Play, keys: ['KeyS'] },
      ...{ when: may, run: () => start(day, day.current!.task) },
    },
    {
      ...{ id: 'day.edit', title: 'task.edit', section, icon: Pencil, keys: ['KeyE'] },
      ...{ when: may, run: () => turn('edit') },
    },
  ]
}
