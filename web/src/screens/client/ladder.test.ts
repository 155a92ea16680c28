import { describe, expect, it } from 'vitest'
import { choicesOf, type Classifier } from './classifiers'
import { linesOf, scales, type LadderPoint } from './ladder'

const frame = { width: 100, height: 100, left: 0, top: 0 }
const point = (at: number, level: number, more: Partial<LadderPoint> = {}): LadderPoint => ({
  ...{ at, level, deal_id: null, pass: 0, kind: 'up' },
  ...more,
})

describe('the sales ladder', () => {
  it('a level holds until the next climb or fall', () => {
    const lines = linesOf([point(0, 0), point(50, 100), point(100, 50, { kind: 'down' })], frame)
    expect(lines).toHaveLength(1)
    expect(lines[0]!.path).toBe('M0 100H50V0H100V50')
  })
  it('each deal is a line of its own beside the development of the client', () => {
    const lines = linesOf([point(0, 0), point(10, 40, { deal_id: 7, pass: 1 }), point(100, 100)], frame)
    expect(lines.map((l) => l.deal)).toEqual([false, true])
  })
  it('what happened at one moment stands in the middle', () => {
    expect(scales([point(5, 10)], frame).x(5)).toBe(50)
    expect(linesOf([], frame)).toEqual([])
  })
})
it('an archived classifier is offered only where it is set', () => {
  const all = [
    { id: 1, kind: 'depth', archived: false },
    { id: 2, kind: 'depth', archived: true },
    { id: 3, kind: 'loyalty', archived: false },
  ] as Classifier[]
  expect(choicesOf(all, 'depth', null).map((c) => c.id)).toEqual([1])
  expect(choicesOf(all, 'depth', 2).map((c) => c.id)).toEqual([1, 2])
})
