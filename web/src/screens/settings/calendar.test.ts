import { describe, expect, it } from 'vitest'
import { ordinary, trouble, weekHours, withDays, yearsOf, type Exception } from './calendar'

describe('the working calendar', () => {
  it('has forty hours in an ordinary week', () => {
    expect(weekHours([ordinary, ordinary, ordinary, ordinary, ordinary, null, null])).toBe(40)
    expect(weekHours([{ from: '10:00', to: '14:30' }, null, null, null, null, null, null])).toBe(4.5)
  })
  it('sees what cannot be', () => {
    expect(trouble(ordinary)).toBeNull()
    expect(trouble({ from: '18:00', to: '09:00' })).toBe('order')
    expect(trouble({ ...ordinary, break_to: '12:00' })).toBe('break')
    expect(trouble({ ...ordinary, break_from: '08:00' })).toBe('break')
    expect(trouble({ from: '09:00', to: '18:00', break_from: '13:00' })).toBe('break')
  })
  it('takes the holidays of a year in and leaves what was written by hand', () => {
    const own: Exception[] = [{ on: '2026-01-02', kind: 'working', name: 'Инвентаризация' }]
    const days: Exception[] = [
      { on: '2026-01-02', kind: 'holiday', name: 'Новогодние каникулы' },
      { on: '2026-01-01', kind: 'holiday', name: 'Новогодние каникулы' },
    ]
    expect(withDays(own, days).map((d) => [d.on, d.kind])).toEqual([
      ['2026-01-01', 'holiday'],
      ['2026-01-02', 'working'],
    ])
    expect(withDays(withDays(own, days), days)).toHaveLength(2)
  })
  it('knows its years, the latest first', () => {
    expect(
      yearsOf([
        { on: '2025-05-01', kind: 'holiday' },
        { on: '2026-01-01', kind: 'holiday' },
      ]),
    ).toEqual([2026, 2025])
  })
})
