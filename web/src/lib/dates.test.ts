import { describe, expect, it } from 'vitest'
import { daysBetween, formatDay, parseDay, taskState } from './dates'

const at = (text: string) => new Date(text).getTime()
describe('the next task', () => {
  const now = at('2026-11-21T12:00:00')
  it('is one of four states', () => {
    expect(taskState(null, now)).toBe('none')
    expect(taskState(at('2026-11-20T18:00:00'), now)).toBe('overdue')
    expect(taskState(at('2026-11-21T09:00:00'), now)).toBe('overdue')
    expect(taskState(at('2026-11-21T18:00:00'), now)).toBe('today')
    expect(taskState(at('2026-11-22T00:00:00'), now)).toBe('later')
  })
  it('counts days of the calendar, not of 24 hours', () => {
    expect(daysBetween(at('2026-11-20T23:59:00'), at('2026-11-21T00:01:00'))).toBe(1)
    expect(daysBetween(at('2026-11-21T00:01:00'), at('2026-11-21T23:59:00'))).toBe(0)
    expect(daysBetween(now, at('2026-11-19T12:00:00'))).toBe(-2)
  })
  it('keeps a day a day', () => {
    expect(formatDay(parseDay('2026-03-29'))).toBe('2026-03-29')
  })
})
