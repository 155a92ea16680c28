import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { monday, openFirst, whyText, type ReviewItem } from './review'

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
it('what has been decided comes last', () => {
  const item = (id: number, decision: string | null) => ({ id, decision }) as ReviewItem
  expect(openFirst([item(1, 'Звоним'), item(2, null), item(3, null)]).map((i) => i.id)).toEqual([2, 3, 1])
})
