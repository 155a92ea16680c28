import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { monday, openFirst, reasons, whyText, type ReviewItem } from './review'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('rules')
})
it('a week begins on its Monday', () => {
  expect(monday(new Date(2026, 10, 22, 12).getTime())).toBe('2026-11-16')
  expect(monday(new Date(2026, 10, 16, 0, 1).getTime())).toBe('2026-11-16')
})
it('a deal says why it is looked at, with its numbers', () => {
  expect(whyText({ code: 'stuck', days: 30, norm: 10 })).toBe('стоит 30 дней при норме 10')
  expect(whyText({ code: 'no_task' })).toBe('без задачи')
  expect(whyText({ code: 'something_new' })).toBe('something_new')
})
it('a task that is due today is overdue, not by 0 days', () => {
  expect(whyText({ code: 'overdue', days: 0 })).toBe('задача просрочена')
})
it('the review begins with what is wrong with how many deals', () => {
  const item = (...codes: string[]) => ({ why: codes.map((code) => ({ code })) }) as ReviewItem
  const found = reasons([item('no_task'), item('silent', 'no_task'), item('no_task', 'no_task')])
  expect(found.map((r) => [r.name, r.deals])).toEqual([
    ['без задачи', 3],
    ['давно не было контакта', 1],
  ])
})
it('what has been decided comes last', () => {
  const item = (id: number, decision: string | null) => ({ id, decision }) as ReviewItem
  expect(openFirst([item(1, 'Звоним'), item(2, null), item(3, null)]).map((i) => i.id)).toEqual([2, 3, 1])
})
