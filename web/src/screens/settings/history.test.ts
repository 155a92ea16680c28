import { describe, expect, it } from 'vitest'
import type { Change } from '../../lib/types'
import { grouped } from './history'

const event = (seq: number, change_id: number, undoes: number | null = null): Change & { name: string } => ({
  ...{ seq, change_id, undoes, at: seq, actor_id: 1, via: 'ui', cause: null, name: `№ ${seq}` },
  ...{ kind: 'stage.created', object: 'stage', object_id: seq, set: {} },
})
describe('the history of settings', () => {
  it('shows what one command did as one step, newest first', () => {
    const steps = grouped([event(12, 12), event(11, 10), event(10, 10)])
    expect(steps.map((s) => [s.change, s.events.length])).toEqual([
      [12, 1],
      [10, 2],
    ])
  })
  it('counts what it does not show', () => {
    const many = Array.from({ length: 20 }, (_, i) => event(20 - i, 1))
    expect(grouped(many)[0]).toMatchObject({ more: 14 })
    expect(grouped(many)[0]!.events).toHaveLength(6)
  })
  it('marks what was taken back', () => {
    const steps = grouped([event(15, 15, 10), event(11, 11), event(10, 10)])
    expect(steps.map((s) => s.undone)).toEqual([false, false, true])
  })
})
