import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from './i18n.svelte'
import { dueBetween, noticePlace, noticeText, type Notice } from './notices.svelte'
import { title } from './title.svelte'
import type { Task } from './types'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('over')
})
const task = (id: number, due_at: number | null, done = false) => ({ id, due_at, done }) as Task
const notice = (more: Partial<Notice>): Notice => ({
  ...{ id: 1, kind: 'no.such', object: null, object_id: null, params: null, read_at: null, created_at: 1 },
  ...more,
})

describe('notifications', () => {
  it('a task is due once: after the last look, up to now, and not when it is done', () => {
    const all = [task(1, 100), task(2, 200), task(3, 201), task(4, 150, true), task(5, null)]
    expect(dueBetween(all, 100, 200).map((x) => x.id)).toEqual([2])
  })
  it('one that this application does not know still says something', () => {
    expect(noticeText(notice({}))).toContain('no.such')
  })
  it('a change that was noticed reads as words and a date', () => {
    const params = { detector: 'stage_rate', since_at: new Date(2026, 2, 1).getTime() }
    const said = noticeText(notice({ kind: 'finding.new', object: 'finding', object_id: 5, params }))
    expect(said).toContain('Проход этапа')
    expect(said).toContain('2026')
    const told = { ...params, said_ru: 'Шаг «Замер» исчез', said_en: 'The step “Замер” has vanished' }
    expect(noticeText(notice({ kind: 'finding.new', params: told }))).toMatch(/^Шаг «Замер» исчез \(с 1 мар/)
    expect(noticePlace(notice({ object: 'finding', object_id: 5 }))).toBe('/findings')
  })
  it('leads to what it is about', () => {
    expect(noticePlace(notice({ object: 'deal', object_id: 7 }))).toBe('/deals/7')
    expect(noticePlace(notice({ object: 'company', object_id: 3 }))).toBe('/companies/3')
    expect(noticePlace(notice({ object: 'review', object_id: 4 }))).toBe('/reviews/4')
    expect(noticePlace(notice({}))).toBeNull()
  })
  it('the tab of the browser counts', () => {
    title.screen = 'Задачи'
    title.unread = 3
    expect(title.text).toBe('(3) Задачи · Voronka')
    title.unread = 0
    expect(title.text).toBe('Задачи · Voronka')
  })
})
