import { describe, expect, it } from 'vitest'
import type { Task } from '../../lib/types'
import { daysOf, linesOf, onDay, sectionOf, shiftDay, turn } from './groups'
import { filterOf } from './tasks.svelte'
import { membersOf } from './team'
import { lineAt, offsets, seen } from './window'

// A Wednesday, at noon.
const now = new Date(2026, 10, 18, 12).getTime()
const at = (day: number, hour = 10) => new Date(2026, 10, day, hour).getTime()
const task = (id: number, due_at: number | null, more: Partial<Task> = {}) =>
  ({ id, due_at, done: false, done_at: null, title: `Задача ${id}`, ...more }) as Task

describe('the sections of the queue', () => {
  it('a moment that has passed today is overdue already', () => {
    expect(sectionOf(at(18, 9), now)).toBe('overdue')
    expect(sectionOf(at(18, 18), now)).toBe('today')
  })
  it('the week ends on Sunday', () => {
    expect(sectionOf(at(19), now)).toBe('tomorrow')
    expect(sectionOf(at(22), now)).toBe('week')
    expect(sectionOf(at(23), now)).toBe('later')
    expect(sectionOf(null, now)).toBe('none')
  })
  it('stand in their order, tasks by due date, folded ones without their tasks', () => {
    const lines = linesOf(
      [task(1, null), task(2, at(30)), task(3, at(25)), task(4, at(1))],
      now,
      new Set(['none']),
    )
    expect(lines.map((l) => (l.kind === 'head' ? l.section : l.task.id))).toEqual([
      'overdue',
      4,
      'later',
      3,
      2,
      'none',
    ])
  })
  it('what is done comes with the latest first', () => {
    const lines = linesOf(
      [task(1, null, { done: true, done_at: 5 }), task(2, null, { done: true, done_at: 9 })],
      now,
      new Set(),
    )
    expect(lines.map((l) => (l.kind === 'head' ? l.section : l.task.id))).toEqual(['done', 2, 1])
  })
})
describe('the calendar', () => {
  it('a month is whole weeks from Monday', () => {
    const days = daysOf('month', now)
    expect(days.length % 7).toBe(0)
    expect(new Date(days[0]!).getDay()).toBe(1)
    expect(days).toContain(new Date(2026, 10, 30).getTime())
  })
  it('a task keeps its time of day on another day', () => {
    expect(onDay(at(18, 15), at(20, 0))).toBe(at(20, 15))
    expect(onDay(null, at(20, 0))).toBe(at(20, 10))
    expect(shiftDay(at(18, 15), 7)).toBe(at(25, 15))
  })
  it('turns by months and weeks', () => {
    expect(new Date(turn('month', at(30), 1)).getMonth()).toBe(11)
    expect(turn('week', at(18, 0), -1)).toBe(at(11, 0))
  })
})
describe('the window over a long list', () => {
  const o = offsets(Array.from({ length: 10_000 }, (_, i) => (i % 10 === 0 ? 40 : 50)))
  it('finds the line under a height', () => {
    expect(lineAt(o, 0)).toBe(0)
    expect(lineAt(o, 41)).toBe(1)
    expect(lineAt(o, 1e9)).toBe(9999)
  })
  it('shows only what is seen', () => {
    const { from, to } = seen(o, 250_000, 800)
    expect(to - from).toBeLessThan(40)
    expect(o.at[from]!).toBeLessThan(250_000)
    expect(o.at[to]!).toBeGreaterThan(250_800)
  })
  it('an empty list shows nothing', () => expect(seen(offsets([]), 0, 800)).toEqual({ from: 0, to: 0 }))
})
describe('whose tasks', () => {
  it('a head has the team and the teams below it, a seller the own team', () => {
    const people = [
      { id: 1, team_id: null },
      { id: 2, team_id: 10 },
      { id: 3, team_id: 11 },
      { id: 4, team_id: 12 },
    ]
    const teams = [
      { id: 10, head_id: 1, parent_id: null },
      { id: 11, head_id: 2, parent_id: 10 },
      { id: 12, head_id: null, parent_id: null },
    ]
    expect(membersOf(1, people, teams)).toEqual([1, 2, 3])
    expect(membersOf(4, people, teams)).toEqual([4])
  })
  it('the filter says it', () => {
    expect(filterOf({ who: 'mine', kind: 'call', done: false }, [])).toBe(
      'done = false and owner_id = me and kind = "call"',
    )
    expect(filterOf({ who: 'team', kind: null, done: false }, [1, 2])).toBe(
      'done = false and owner_id in (1, 2)',
    )
    expect(filterOf({ who: 7, kind: null, done: true }, [])).toBe('done = true and owner_id = 7')
  })
})
