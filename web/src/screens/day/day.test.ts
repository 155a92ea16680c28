import { beforeEach, describe, expect, it, vi } from 'vitest'
import { goalPlans, proposal } from '../../card/finish.svelte'
import { i18n } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { Boot, Goal, Task } from '../../lib/types'
import { Day } from './day.svelte'
import { countdown, linesOf, type Item, type Kind } from './queue'

vi.mock('../../lib/live', () => ({ live: () => () => {} }))
const item = (id: number, kind: Kind, left_ms: number | null = null): Item => ({
  ...{ task: { id, title: `Задача ${id}` } as Task, deal: null, kind, left_ms },
})
beforeEach(async () => {
  await i18n.use('ru')
  await i18n.with('work')
  session.boot = {
    user: { id: 4, role: 'seller' },
    funnels: [
      {
        ...{ id: 1, name: 'Входящие' },
        stages: [
          { id: 1, outcome: 'open' },
          { id: 9, outcome: 'lost' },
        ],
      },
    ],
  } as unknown as Boot
})

describe('the queue', () => {
  it('keeps the order of the server within sections, and sections in their own', () => {
    const list = [item(5, 'later'), item(3, 'lead'), item(1, 'urgent'), item(4, 'lead')]
    const lines = linesOf(list, { lead: 40 }, new Set())
    expect(lines.map((l) => (l.kind === 'head' ? l.section : l.item.task.id))).toEqual([
      ...['urgent', 1, 'lead', 3, 4, 'later', 5],
    ])
    expect(lines[2]).toMatchObject({ section: 'lead', count: 40 })
  })
  it('a folded section keeps its heading', () => {
    const lines = linesOf([item(1, 'today'), item(2, 'later')], {}, new Set(['today']))
    expect(lines.map((l) => l.key)).toEqual(['today', 'later', 't2'])
  })
  it('counts down as a clock does', () => {
    expect(countdown(38_000)).toBe('0:38')
    expect(countdown(3 * 3_600_000 + 5 * 60_000 + 9_000)).toBe('3:05:09')
    expect(countdown(-720_000)).toBe('−12:00')
  })
})
describe('working through it', () => {
  it('the next task is at hand when one is done, with its form when one works on', () => {
    const day = new Day()
    day.items = [item(1, 'overdue'), item(2, 'overdue'), item(3, 'today')]
    day.counts = { overdue: 2, today: 1 }
    day.at = 2
    day.left(2, true)
    expect(day.order).toEqual([1, 3])
    expect(day).toMatchObject({ at: 3, mode: 'finish', counts: { overdue: 1, today: 1 } })
    day.left(3, true)
    expect(day).toMatchObject({ at: 1, mode: 'finish' })
    day.left(1, true)
    expect(day).toMatchObject({ at: null, mode: 'look' })
    day.close()
  })
})
describe('the next step', () => {
  const now = new Date(2026, 10, 18, 12).getTime()
  it('is what the stage proposes', () => {
    const stage = { next_task: { title: 'Узнать решение', kind: 'call', due_hours: 24 } } as const
    expect(proposal(stage, 'mail', now)).toEqual({
      title: 'Узнать решение',
      kind: 'call',
      due: now + 86_400_000,
    })
  })
  it('else like the task that is done, tomorrow at ten', () => {
    expect(proposal({ next_task: null }, 'mail', now)).toEqual({
      ...{ title: 'Написать', kind: 'mail', due: new Date(2026, 10, 19, 10).getTime() },
    })
  })
  it('is not asked for where the goal makes it or ends the deal', () => {
    const goal = (actions: Goal['actions']) => ({ actions }) as Goal
    expect(goalPlans(goal([{ do: 'task', title: 'x' }]))).toBe(true)
    expect(goalPlans(goal([{ do: 'move', stage_id: 9 }]))).toBe(true)
    expect(goalPlans(goal([{ do: 'move', stage_id: 1 }]))).toBe(false)
    expect(goalPlans(undefined)).toBe(false)
  })
})
