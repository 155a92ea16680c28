import { beforeAll, describe as group, expect, it } from 'vitest'
import { DAY, dayNumber } from '../lib/dates'
import { i18n } from '../lib/i18n.svelte'
import type { Change, Stage } from '../lib/types'
import { schema } from '../lib/schema.svelte'
import { cause, dayTitle, describe, duration, stageTimes, undone, type Names } from './describe'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('card')
  await i18n.with('work')
})
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')
const stage = (id: number, name: string, outcome: Stage['outcome'] = 'open'): Stage => ({
  ...{ id, funnel_id: 1, name, position: id, colour: null, phase: null, norm_days: 5, outcome },
  ...{ probability: null, archived: false },
})
const stages = [
  stage(1, 'Заявка получена'),
  stage(2, 'КП отправлено'),
  stage(8, 'Оплачено', 'won'),
  stage(9, 'Отказ', 'lost'),
]
const names: Names = {
  currency: 'RUB',
  user: (id) => (id === 4 ? 'Анна Кравцова' : `№ ${id}`),
  stage: (id) => stages.find((s) => s.id === id),
  task: () => 'Позвонить',
  row: () => 'Курс',
  small: () => 'договор.pdf',
  named: (what, id) => (what === 'tag' ? ['', 'VIP', 'срочно'][id]! : `${what} ${id}`),
}
let seq = 100
function change(kind: string, set: Change['set'], more: Partial<Change> = {}): Change {
  seq++
  const [object] = kind.split('.')
  const base = { seq, at: seq * DAY, actor_id: 4, via: 'ui', kind, object: object!, object_id: 7 }
  return { ...base, change_id: seq, cause: null, undoes: null, set, ...more }
}

group('what happened to a deal, in words', () => {
  it('a field has its name, its old and its new value', () => {
    const entry = describe(change('deal.updated', { value_minor: [10_000_000, 12_550_000] }), names)
    expect(entry.title).toBe('Сумма')
    expect(plain(entry.lines[0]!.from)).toBe('100 000 ₽')
    expect(plain(entry.lines[0]!.to)).toBe('125 500 ₽')
  })
  it('several fields come together, and what follows from others stays out', () => {
    const set: Change['set'] = {
      owner_id: [null, 4],
      tag_ids: [[1], [1, 2]],
      expected_close_on: [null, 20788],
      closed_at: [1, null],
    }
    const entry = describe(change('deal.updated', set), names)
    expect(entry.title).toBe('Изменены 3 поля')
    expect(entry.lines.map((l) => plain(l.to))).toEqual(['Анна Кравцова', 'VIP, срочно', '1 дек. 2026 г.'])
    expect(entry.lines[1]!.from).toBe('VIP')
  })
  it("the company's own fields have their labels and read by their types", () => {
    const field = { name: 'cf_3', type: 'bool', label: 'Нужен выезд', custom: true, object: 'deal' } as const
    schema.objects = new Map([
      ['deal', { object: 'deal', plural: 'deals', may: {} as never, fields: [field] }],
    ])
    const entry = describe(change('deal.updated', { cf_3: [null, true] }), names)
    expect(entry).toMatchObject({ title: 'Нужен выезд', lines: [{ from: '', to: 'Да' }] })
    schema.objects = new Map()
  })
  it('a move names both stages', () => {
    const entry = describe(change('deal.moved', { stage_id: [1, 2] }), names)
    expect(entry).toMatchObject({ icon: 'stage', title: 'Этап' })
    expect(entry.stages?.to?.name).toBe('КП отправлено')
  })
  it('a loss tells its reason and comment, a win and a new beginning are told as such', () => {
    const set: Change['set'] = {
      stage_id: [2, 9],
      status: ['open', 'lost'],
      loss_reason_id: [null, 3],
      loss_comment: [null, 'Ушли к соседям'],
    }
    const lost = describe(change('deal.moved', set), names)
    expect(lost).toMatchObject({ icon: 'lost', title: 'Сделка проиграна', body: 'Ушли к соседям' })
    expect(lost.lines).toEqual([{ label: 'Причина проигрыша', from: '', to: 'loss_reason 3' }])
    expect(describe(change('deal.moved', { stage_id: [2, 8] }), names).title).toBe('Сделка выиграна')
    expect(describe(change('deal.moved', { stage_id: [9, 1] }), names).title).toBe('Сделка открыта снова')
  })
  it('tasks and notes read as they were written', () => {
    const done = describe(change('task.done', { done: [false, true], result: [null, 'Согласны'] }), names)
    expect(done).toMatchObject({ icon: 'done', title: 'Выполнено: Позвонить', body: 'Согласны', lines: [] })
    const set: Change['set'] = { title: [null, 'Позвонить'], kind: [null, 'call'], owner_id: [null, 4] }
    expect(describe(change('task.created', set), names).body).toBe('Звонок · Анна Кравцова')
    const note = describe(change('note.created', { text: [null, 'Ждут решения'], deal_id: [null, 7] }), names)
    expect(note).toMatchObject({ title: 'Заметка', body: 'Ждут решения' })
  })
  it('a message says whether it came from the client or went to them', () => {
    const title = (direction: string) => {
      const set: Change['set'] = { channel: [null, 'mail'], direction: [null, direction] }
      return describe(change('note.created', set), names).title
    }
    expect(title('in')).toMatch(/: от клиента$/)
    expect(title('out')).toMatch(/: клиенту$/)
  })
  it('a product tells how its sum comes about', () => {
    const set: Change['set'] = {
      product_id: [null, 11],
      quantity: [null, 22],
      price_minor: [null, 340_000],
      discount_percent: [null, 5],
      sum_minor: [null, 7_106_000],
    }
    const entry = describe(change('deal-product.created', set), names)
    expect(entry.title).toBe('Продукт: product 11')
    expect(plain(entry.body)).toBe('22 × 3 400 ₽ − 5 % = 71 060 ₽')
  })
  it('says what it was when not a person at this screen', () => {
    expect(cause(change('deal.moved', {}, { via: 'import' }))).toBe('импорт')
    expect(cause(change('deal.moved', {}, { via: 'undo' }))).toBe('отмена')
    expect(cause(change('deal.moved', {}))).toBe('')
  })
})
group('time in stages', () => {
  const at = (day: number) => day * DAY
  const created = change('deal.created', { stage_id: [null, 1] }, { at: at(0) })
  const moved = change('deal.moved', { stage_id: [1, 2] }, { at: at(3) })
  it('is counted from the move before', () => {
    const won = change('deal.moved', { stage_id: [2, 8] }, { at: at(12) })
    const times = stageTimes([won, moved, created])
    expect(times.get(moved.seq)).toBe(3 * DAY)
    expect(times.get(won.seq)).toBe(9 * DAY)
  })
  it('goes on as before when a move was undone', () => {
    const back = change('deal.moved', { stage_id: [2, 1] }, { at: at(4), via: 'undo', undoes: moved.seq })
    const again = change('deal.moved', { stage_id: [1, 2] }, { at: at(10) })
    const times = stageTimes([again, back, moved, created])
    expect(times.get(again.seq)).toBe(10 * DAY)
    expect(times.has(back.seq)).toBe(false)
    expect(undone([again, back, moved, created])).toEqual(new Set([moved.seq]))
  })
  it('is not guessed while the beginning is not loaded', () => {
    expect(stageTimes([moved]).size).toBe(0)
  })
  it('reads in the unit that fits', () => {
    expect(duration(3 * DAY)).toBe('3 дня')
    expect(duration(5 * 3_600_000)).toBe('5 часов')
    expect(duration(20_000)).toBe('1 минута')
  })
})
it('days have names that people use', () => {
  const now = new Date(2026, 10, 21, 12).getTime()
  expect(dayTitle(now, now, dayNumber)).toBe('Сегодня')
  expect(dayTitle(now - DAY, now, dayNumber)).toBe('Вчера')
  expect(dayTitle(new Date(2026, 10, 12).getTime(), now, dayNumber)).toBe('четверг, 12 ноября')
  expect(dayTitle(new Date(2025, 10, 12).getTime(), now, dayNumber)).toContain('2025')
})
group('goals and rules set aside', () => {
  const plainly = (kind: string, set: Record<string, unknown>) => change(kind, set as Change['set'])
  it('a goal has its name', () => {
    const entry = describe(plainly('deal.reached', { goal_id: 3 }), names)
    expect(entry).toMatchObject({ icon: 'goal', title: 'Цель достигнута: goal 3' })
  })
  it('a move around the rules says to where and why', () => {
    const set = { reason: 'Договорились лично', stage_id: 2, missing: [] }
    const entry = describe(plainly('deal.overridden', set), names)
    expect(entry.title).toContain('КП отправлено')
    expect(entry.body).toBe('Договорились лично')
    expect(stageTimes([plainly('deal.overridden', set)]).size).toBe(0)
  })
  it('a step back keeps its reason beside the stages', () => {
    const entry = describe(change('deal.moved', { stage_id: [2, 1], move_reason: [null, 'Ошиблись'] }), names)
    expect(entry.body).toBe('Ошиблись')
    expect(entry.lines).toEqual([])
  })
})
