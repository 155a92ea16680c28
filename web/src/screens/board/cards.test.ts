import { describe, expect, it } from 'vitest'
import { emptyFilter } from '../../lib/filter'
import { compareBy, daysIn, merge, sums, toCards, type Card, type Delta } from './cards'
import { matcher } from './match'

const now = Date.UTC(2026, 10, 21, 12)
const day = 86_400_000

function delta(rows: Partial<Card>[], gone: number[] = []): Delta {
  const contact = [...new Set(rows.map((r) => r.contact ?? ''))].filter(Boolean)
  const company = [...new Set(rows.map((r) => r.company ?? ''))].filter(Boolean)
  const col = <T>(pick: (r: Partial<Card>) => T) => rows.map(pick)
  return {
    ...{ seq: 1, funnel_id: 1, n: rows.length, dict: { contact, company }, gone },
    cols: {
      id: col((r) => r.id!),
      title: col((r) => r.title ?? `Сделка ${r.id}`),
      stage_id: col((r) => r.stage ?? 10),
      value_minor: col((r) => r.value ?? null),
      currency: col(() => 'RUB'),
      owner_id: col((r) => r.owner ?? null),
      contact: col((r) => contact.indexOf(r.contact ?? '')),
      company: col((r) => company.indexOf(r.company ?? '')),
      stage_entered_at: col((r) => r.entered ?? now),
      created_at: col(() => now),
      expected_close_on: col(() => null),
      next_task_at: col((r) => r.task ?? null),
      open_tasks: col((r) => r.tasks ?? 0),
      rank: col((r) => r.rank ?? r.id!),
      version: col((r) => r.version ?? 1),
      source_id: col((r) => r.source ?? null),
      tag_ids: col((r) => r.tags ?? []),
      probability: col(() => null),
    },
  }
}
const cards = (...rows: Partial<Card>[]) => toCards(delta(rows))
const known = (...rows: Partial<Card>[]) => new Map(cards(...rows).map((c) => [c.id, c]))
const nobody = () => false

describe('the snapshot', () => {
  it('becomes cards with names from the dictionary', () => {
    const [a, b] = cards({ id: 1, contact: 'Анна', company: 'Ромашка' }, { id: 2 })
    expect([a?.contact, a?.company, b?.contact]).toEqual(['Анна', 'Ромашка', ''])
  })
})

describe('what others do', () => {
  it('moves their card and names both columns', () => {
    const board = known({ id: 1, stage: 10 }, { id: 2, stage: 10 })
    const { stages, changed } = merge(board, delta([{ id: 1, stage: 11, version: 2 }]), nobody)
    expect([...stages].sort()).toEqual([10, 11])
    expect(changed.map((c) => c.id)).toEqual([1])
    expect(board.get(1)?.stage).toBe(11)
  })
  it('adds and removes cards', () => {
    const board = known({ id: 1 }, { id: 2 })
    const { gone } = merge(board, delta([{ id: 3 }], [2, 99]), nobody)
    expect([...board.keys()]).toEqual([1, 3])
    expect(gone.map((c) => c.id)).toEqual([2])
  })
  it('does not come back as news of my own change', () => {
    const board = known({ id: 1, version: 2 })
    expect(merge(board, delta([{ id: 1, version: 2 }]), nobody).changed).toEqual([])
  })
  it('that is older than what I see is ignored', () => {
    const board = known({ id: 1, version: 5, stage: 12 })
    merge(board, delta([{ id: 1, version: 4, stage: 10, task: 7 }]), nobody)
    expect(board.get(1)?.stage).toBe(12)
  })
  it('to a task of the deal shows although the deal has no new version', () => {
    const board = known({ id: 1, version: 2, task: null })
    expect(merge(board, delta([{ id: 1, version: 2, task: now, tasks: 1 }]), nobody).changed).toHaveLength(1)
  })
  it('waits while my own change of the card is on its way', () => {
    const board = known({ id: 1, version: 1, stage: 11 })
    merge(board, delta([{ id: 1, version: 2, stage: 10 }], [1]), (id) => id === 1)
    expect(board.get(1)?.stage).toBe(11)
  })
})

describe('a column', () => {
  it('counts deals, money and those over the norm', () => {
    const list = cards({ id: 1, value: 100, entered: now - 6 * day }, { id: 2, entered: now - 5 * day })
    expect(sums(list, 'RUB', 5, now)).toEqual({ count: 2, value: 100, foreign: 0, late: 1 })
    expect(sums(list, 'RUB', null, now).late).toBe(0)
    // Roubles and tenge make no sum: a deal in another currency is counted, not added.
    expect(sums(list, 'KZT', 5, now)).toMatchObject({ value: 0, foreign: 1 })
    expect(list.map((c) => daysIn(c, now))).toEqual([6, 5])
  })
  it('is ordered by hand, by task, by value or by age', () => {
    const list = cards(
      { id: 1, rank: 3, task: now, value: 1, entered: now - day },
      { id: 2, rank: 1, value: 5, entered: now },
      { id: 3, rank: 2, task: now - day, entered: now - 9 * day },
    )
    const by = (order: keyof typeof compareBy) => list.toSorted(compareBy[order]).map((c) => c.id)
    expect(by('rank')).toEqual([2, 3, 1])
    expect(by('task')).toEqual([2, 3, 1])
    expect(by('value')).toEqual([2, 1, 3])
    expect(by('age')).toEqual([3, 1, 2])
  })
})

describe('the chips', () => {
  const list = cards(
    { id: 1, owner: 7, value: 100, title: 'Лицензия', company: 'Ёлочка' },
    { id: 2, owner: 8, source: 3, tags: [4], task: now - day },
  )
  const found = (f: Partial<typeof emptyFilter>) =>
    list.filter(matcher({ ...emptyFilter, ...f }, 7, now) ?? (() => true)).map((c) => c.id)
  it('narrow the board by owner, source, tag, value, task and text', () => {
    expect(found({ owner: 'me' })).toEqual([1])
    expect(found({ owner: [8] })).toEqual([2])
    expect(found({ source: [3] })).toEqual([2])
    expect(found({ tag: [4, 5] })).toEqual([2])
    expect(found({ valueFrom: 100 })).toEqual([1])
    expect(found({ valueTo: 99 })).toEqual([])
    expect(found({ task: 'overdue' })).toEqual([2])
    expect(found({ task: 'none' })).toEqual([1])
    expect(found({ text: 'елочка' })).toEqual([1])
    expect(found({})).toEqual([1, 2])
  })
})
