import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../../lib/api'
import { i18n } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { Boot, Change, Deal, DealProduct, Stage } from '../../lib/types'
import { moves, refusal } from '../../lib/moves.svelte'
import { DealPage } from './deal.svelte'
import { readNumber, rowSum, total } from './products'
import { fromInput, quickTimes, toInput } from '../../card/times'
import { mergeBySeq } from '../../card/timeline.svelte'

vi.mock('../../lib/live', () => ({ live: () => () => {} }))

type Answer = { status?: number; body?: unknown; change?: number }
let answers: Record<string, Answer | ((body: Record<string, unknown>) => Answer)>
let asked: { method: string; path: string; body: Record<string, unknown> }[]
const stage = (id: number, outcome: Stage['outcome'] = 'open'): Stage => ({
  ...{ id, funnel_id: 1, name: `Этап ${id}`, position: id, colour: null, phase: null, norm_days: null },
  ...{ outcome, probability: null, archived: false },
})
const deal = (more: Partial<Deal> = {}) =>
  ({
    ...{ id: 7, version: 3, title: 'Поставка', funnel_id: 1, stage_id: 1, value_minor: 100, currency: 'RUB' },
    ...{ contact_id: null, company_id: null, contact_ids: [], tag_ids: [], status: 'open' },
    ...more,
  }) as Deal
const list = { body: { items: [], next_cursor: null } }

beforeEach(async () => {
  await i18n.use('ru')
  asked = []
  answers = {
    'GET /api/deals/7': { body: deal() },
    'GET /api/tasks': list,
    'GET /api/deal-products': list,
    'GET /api/deals/7/timeline': list,
  }
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const path = new URL(url, 'http://x').pathname
    const body = init.body ? JSON.parse(String(init.body)) : {}
    const method = init.method ?? 'GET'
    asked.push({ method, path, body })
    const found = answers[`${method} ${path}`] ?? { status: 404, body: { code: 'not_found' } }
    const { status = 200, body: data, change } = typeof found === 'function' ? found(body) : found
    const headers: Record<string, string> = change ? { 'Voronka-Change': String(change) } : {}
    return new Response(JSON.stringify(data), { status, headers })
  })
  session.boot = {
    user: { id: 4, role: 'seller' },
    funnels: [{ id: 1, name: 'Входящие', stages: [stage(1), stage(2), stage(9, 'lost')] }],
    ...{ users: [], sources: [], campaigns: [], tags: [], products: [], deal_classes: [] },
    loss_reasons: [{ id: 5, name: 'Дорого', funnel_id: null }],
  } as unknown as Boot
})
afterEach(() => vi.unstubAllGlobals())

async function open(): Promise<DealPage> {
  const page = new DealPage(7)
  await page.load()
  return page
}
const problem = (code: string, field: string) => ({
  status: 422,
  body: { code, field, errors: [{ field, code, detail: 'Нужно поле' }] },
})

describe('a deal card', () => {
  it('shows a change at once and keeps what the server made of it', async () => {
    answers['PATCH /api/deals/7'] = (body) => ({ body: deal({ ...body, version: 4 }), change: 50 })
    const page = await open()
    const sent = page.patch({ value_minor: 250 })
    expect(page.deal?.value_minor).toBe(250)
    await sent
    expect(page.deal).toMatchObject({ value_minor: 250, version: 4 })
    page.close()
  })
  it('takes a refused change back', async () => {
    answers['PATCH /api/deals/7'] = problem('too_long', 'title')
    const page = await open()
    await expect(page.patch({ title: 'x'.repeat(300) })).rejects.toBeInstanceOf(Problem)
    expect(page.deal?.title).toBe('Поставка')
    page.close()
  })
  it('asks for the reason before a deal is lost, and then loses it', async () => {
    answers['PATCH /api/deals/7'] = (body) => ({ body: deal({ ...body, version: 4 }), change: 51 })
    const page = await open()
    page.move(stage(9, 'lost'))
    expect(moves.asking).toMatchObject({ needs: ['loss_reason_id'], move: { body: { stage_id: 9 } } })
    expect(asked.some((a) => a.method === 'PATCH')).toBe(false)
    const { move } = moves.asking!
    moves.end(await move.send({ ...move.body, loss_reason_id: 5 }))
    expect(asked.find((a) => a.method === 'PATCH')?.body).toEqual({ stage_id: 9, loss_reason_id: 5 })
    expect(moves.asking).toBe(null)
    page.close()
  })
  it('asks for just the field that the server misses, whatever it is', async () => {
    answers['PATCH /api/deals/7'] = problem('field_required', 'value_minor')
    const page = await open()
    page.move(stage(2))
    await vi.waitFor(() =>
      expect(moves.asking).toMatchObject({
        missing: [{ kind: 'field', field: 'value_minor' }],
        move: { body: { stage_id: 2 } },
      }),
    )
    expect(page.deal?.stage_id).toBe(1)
    moves.end(null)
    page.close()
  })
  it('opens the sheet with what the gates miss, and stays where it is when that is closed', async () => {
    const missing = [{ gate_id: 3, kind: 'check', stage_id: 2, name: 'Узнал, кто решает' }]
    answers['PATCH /api/deals/7'] = { status: 422, body: { code: 'gates_unmet', field: 'stage_id', missing } }
    const page = await open()
    const gone = page.patch({ stage_id: 2 })
    await vi.waitFor(() => expect(moves.asking?.missing).toEqual(missing))
    moves.end(null)
    expect(await gone).toBe(null)
    expect(page.deal?.stage_id).toBe(1)
    page.close()
  })
  it('asks why a deal goes back, where its funnel wants to know', async () => {
    answers['GET /api/deals/7'] = { body: deal({ stage_id: 2 }) }
    const page = await open()
    session.boot = {
      ...session.boot!,
      funnels: [{ ...session.boot!.funnels[0]!, back_reason: true }],
    }
    page.step(-1)
    expect(moves.asking?.needs).toEqual(['move_reason'])
    moves.end(null)
    page.close()
  })
  it('goes one stage on and back, but not past the ends', async () => {
    answers['PATCH /api/deals/7'] = (body) => ({ body: deal({ ...body, version: 4 }), change: 52 })
    const page = await open()
    page.step(-1)
    expect(asked.some((a) => a.method === 'PATCH')).toBe(false)
    page.step(1)
    expect(page.deal?.stage_id).toBe(2)
    page.close()
  })
  it('hears of changes that are its own, and not of others', async () => {
    const page = await open()
    const change = (seq: number, object: string, id: number, set: Change['set']): Change => ({
      ...{ seq, at: 0, actor_id: 1, via: 'ui', kind: `${object}.updated`, object, object_id: id, set },
      ...{ change_id: seq, cause: null, undoes: null },
    })
    page.heard(change(1, 'deal', 8, {}))
    page.heard(change(2, 'deal', 7, { title: ['a', 'b'] }))
    page.heard(change(3, 'note', 70, { deal_id: [null, 7], text: [null, 'x'] }))
    page.heard(change(4, 'note', 70, { text: ['x', 'y'] }))
    page.heard(change(5, 'note', 71, { text: ['x', 'y'] }))
    expect(page.timeline.items.map((c) => c.seq)).toEqual([4, 3, 2])
    page.close()
  })
  it('says that there is no such deal', async () => {
    answers['GET /api/deals/7'] = { status: 404, body: { code: 'not_found' } }
    const page = await open()
    expect(page.state).toBe('missing')
    page.close()
  })
})
it('only answers about what is missing open the sheet', () => {
  const error = (code: string, field = 'result') =>
    new Problem(422, code, '', field, [{ field, code, detail: '' }])
  expect(refusal(error('result_required'))?.missing).toMatchObject([{ kind: 'field', field: 'result' }])
  expect(refusal(error('reason_required', 'move_reason'))).toEqual({ needs: ['move_reason'], missing: [] })
  expect(refusal(error('too_long'))).toBe(null)
  expect(refusal(error('next_task_required', 'next'))).toMatchObject({ needs: ['next_task'], missing: [] })
  expect(refusal(new Error('x'))).toBe(null)
})
it('pages of the history join without doubles, newest first', () => {
  const c = (seq: number) => ({ seq }) as Change
  expect(mergeBySeq([c(5), c(3)], [c(3), c(9), c(1)]).map((x) => x.seq)).toEqual([9, 5, 3, 1])
})
describe('products', () => {
  it('sum up as on the server', () => {
    expect(rowSum(22, 340_000, 5)).toBe(7_106_000)
    expect(rowSum(0.5, 101, 0)).toBe(51)
    expect(total([{ sum_minor: 10 }, { sum_minor: 32 }] as DealProduct[])).toBe(42)
  })
  it('take numbers as people write them', () => {
    expect(readNumber('1 234,5')).toBe(1234.5)
    expect(readNumber('12 %', 100)).toBe(12)
    expect(readNumber('120', 100)).toBeUndefined()
    expect(readNumber('')).toBeUndefined()
    expect(readNumber('много')).toBeUndefined()
  })
})
describe('due dates', () => {
  it('offer only what is still ahead', () => {
    const noon = quickTimes(new Date(2026, 10, 20, 12, 7).getTime())
    expect(noon.map((q) => new Date(q.at).getHours())).toEqual([13, 18, 10, 10, 10])
    expect(quickTimes(new Date(2026, 10, 20, 19).getTime())).toHaveLength(3)
  })
  it('go through a native field unchanged', () => {
    const at = new Date(2026, 10, 20, 12, 30).getTime()
    expect(toInput(at)).toBe('2026-11-20T12:30')
    expect(fromInput(toInput(at))).toBe(at)
    expect(fromInput('')).toBe(null)
  })
})
