// A trigger before, beside and after its work: tried on what has happened, set off for the cards that wait, taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const [head, seller] = await Promise.all([people.head, people.seller].map((p) => tokenOf(server, p)))
let now = Date.now()
const later = async (ms) => clock(server, (now += ms))
const { funnel, stages, won, lost } = await funnelOf(head, { back_reason: false })
const [request, talk] = stages
const reason = await head.create('/api/loss-reasons', { name: 'По сроку', funnel_id: funnel.id, timeout: true })
let n = 0
const deal = (fields = {}) => seller.create('/api/deals', { title: `Сделка ${++n}`, stage_id: request.id, value_minor: 100000, ...fields })
const move = (d, stage) => seller.patch(`/api/deals/${d.id}`, { stage_id: stage.id })
const closing = { name: 'Закрыть через двое суток', funnel_id: funnel.id, stage_id: request.id, event: { on: 'timer', after: 'stage_entry', hours: 48 }, actions: [{ do: 'move', stage_id: lost.id, loss_reason_id: reason.id }] }
const tried = async (body, api = head) => (await api.must(200)('POST', '/api/triggers/try', body)).body
const over = async (operation) => eventually(async () => { const o = await head.get(`/api/operations/${operation.id}`); return ['done', 'failed', 'undone'].includes(o.state) && o })

test('a draft is tried on the past: which cards, when, what it would do, and where people decided otherwise (R312)', async () => {
  const [quick, slow, still] = [await deal(), await deal(), await deal()]
  await later(day)
  await move(quick, talk)
  await later(2 * day)
  await move(slow, talk)
  await move(slow, won)
  const r = await tried({ trigger: closing })
  assert.deepEqual([r.cards, r.fires, r.collisions, r.won_later, r.sampled], [2, 2, 1, 1, false])
  const at = new Map(r.items.map((i) => [i.deal_id, i]))
  assert.deepEqual(new Set(at.keys()), new Set([slow.id, still.id]))
  const would = at.get(slow.id)
  assert.ok(Math.abs(would.at - (slow.created_at + 48 * hour)) < 1000)
  assert.equal(would.won_later, true) // the rule would have closed a deal that was won
  assert.deepEqual(would.collides.map((c) => [c.actor_id, c.stage_id]), [[seller.session.user.id, talk.id]])
  assert.deepEqual(at.get(still.id).collides, [])
  assert.match(would.would[0], /Проиграна/)
  assert.equal((await seller.get(`/api/deals/${still.id}`)).status, 'open') // trying does nothing
})

test('the condition is asked of the card as it was then, not as it is now', async () => {
  const small = await deal({ value_minor: 5000 })
  const big = await deal({ value_minor: 900000 })
  await later(3 * day)
  await seller.patch(`/api/deals/${small.id}`, { value_minor: 900000 })
  await seller.patch(`/api/deals/${big.id}`, { value_minor: 5000 })
  const r = await tried({ trigger: { ...closing, condition: 'value_minor >= 500000' } })
  assert.deepEqual(r.items.map((i) => i.deal_id), [big.id])
})

test('what happens to stages can be tried, a period can be named, other events are refused with the reason', async () => {
  const begun = now
  const d = await deal()
  await later(hour)
  await move(d, talk)
  const of = async (event, rest = {}) => (await tried({ trigger: { ...closing, stage_id: undefined, event, ...rest }, from: begun })).items.map((i) => i.deal_id)
  assert.deepEqual(await of({ on: 'entered' }, { stage_id: talk.id }), [d.id])
  assert.deepEqual(await of({ on: 'left' }, { stage_id: request.id }), [d.id])
  assert.deepEqual(await of({ on: 'created' }), [d.id])
  assert.deepEqual(await of({ on: 'won' }), [])
  for (const event of [{ on: 'file_added' }, { on: 'webhook' }, { on: 'updated', field: 'title' }]) {
    const r = await head('POST', '/api/triggers/try', { trigger: { ...closing, event } })
    assert.deepEqual([r.status, r.body.code], [422, 'replay_not_recorded'], event.on)
  }
  assert.equal((await seller('POST', '/api/triggers/try', { trigger: closing })).status, 403)
  assert.equal((await head('POST', '/api/triggers/try', { trigger_id: 999 })).status, 404)
})

test('cards that wait already are shown before, and the work is spread over time (R312)', async () => {
  const { stages: [first] } = await funnelOf(head, { name: 'Вторая' })
  const tag = await head.create('/api/tags', { name: 'ждал' })
  const waiting = []
  for (let i = 0; i < 4; i++) waiting.push(await seller.create('/api/deals', { title: `Ждёт ${i}`, stage_id: first.id }))
  const trigger = await head.create('/api/triggers', { name: 'Отметить', stage_id: first.id, event: { on: 'entered' }, actions: [{ do: 'tag', tag_id: tag.id }], enabled: true })
  const shown = await head.get(`/api/triggers/${trigger.id}/waiting`)
  assert.deepEqual([shown.count, shown.items.map((i) => i.deal_id)], [4, waiting.map((d) => d.id)])
  const { body: operation } = await head.must(202)('POST', `/api/triggers/${trigger.id}/start`, { per_hour: 2 })
  assert.equal((await over(operation)).done_count, 4)
  const tagged = async () => (await head.list('/api/deals', { filter: `tag_ids has ${tag.id}`, count: 1 })).count
  await eventually(async () => (await tagged()) === 1)
  await later(31 * 60000)
  await eventually(async () => (await tagged()) === 2)
  await later(2 * hour)
  await eventually(async () => (await tagged()) === 4)
})

test('the whole work of a trigger is taken back at once; what people have changed since stays and is named (R309)', async () => {
  const { stages: [first] } = await funnelOf(head, { name: 'Третья' })
  const from = now
  const trigger = await head.create('/api/triggers', { name: 'Оценить', stage_id: first.id, event: { on: 'created' }, actions: [{ do: 'set', of: 'deal', field: 'probability', value: 70 }], enabled: true })
  const [one, two] = [await seller.create('/api/deals', { title: 'Раз', stage_id: first.id }), await seller.create('/api/deals', { title: 'Два', stage_id: first.id })]
  assert.equal((await seller.get(`/api/deals/${one.id}`)).probability, 70)
  await seller.patch(`/api/deals/${two.id}`, { probability: 20 })
  const { body: operation } = await head.must(202)('POST', `/api/triggers/${trigger.id}/undo`, { from: from - hour, to: now + hour })
  const done = await over(operation)
  assert.deepEqual([done.done_count, done.failed_count], [1, 1])
  assert.equal((await seller.get(`/api/deals/${one.id}`)).probability, null)
  assert.equal((await seller.get(`/api/deals/${two.id}`)).probability, 20)
  const report = await head.get(`/api/operations/${operation.id}/report?format=json`)
  assert.deepEqual(report.items.map((i) => [i.object_id, i.code]), [[two.id, 'undo_conflict']])
})

test('what a timer has done alone is taken back alone', async () => {
  const { stages: [first], lost: end, funnel: f } = await funnelOf(head, { name: 'По сроку' })
  const late = await head.create('/api/loss-reasons', { name: 'Истёк срок', funnel_id: f.id, timeout: true })
  const trigger = await head.create('/api/triggers', { name: 'Закрыть', stage_id: first.id, event: { on: 'timer', after: 'stage_entry', hours: 24 }, actions: [{ do: 'move', stage_id: end.id, loss_reason_id: late.id }], enabled: true })
  const d = await seller.create('/api/deals', { title: 'Забытая', stage_id: first.id })
  await later(25 * hour)
  await eventually(async () => (await seller.get(`/api/deals/${d.id}`)).status === 'lost')
  const [run] = (await head.get(`/api/deals/${d.id}/runs`)).items
  assert.deepEqual([run.name, run.state], ['Закрыть', 'done'])
  const { body: operation } = await head.must(202)('POST', `/api/triggers/${trigger.id}/undo`, {})
  const done = await over(operation)
  assert.deepEqual([done.done_count, done.failed_count], [1, 0])
  assert.equal((await seller.get(`/api/deals/${d.id}`)).status, 'open')
})

test('how much is done by itself: tags by triggers against tags by hand (R273, R274), stages that rely on memory (R127)', async () => {
  const from = await later(day)
  const { funnel: f, stages: [first, second] } = await funnelOf(head, { name: 'Четвёртая' })
  const [byItself, byHand] = [await head.create('/api/tags', { name: 'сам' }), await head.create('/api/tags', { name: 'рукой' })]
  await head.create('/api/triggers', { name: 'Тег', stage_id: first.id, event: { on: 'created' }, actions: [{ do: 'tag', tag_id: byItself.id }], enabled: true })
  for (let i = 0; i < 4; i++) {
    const d = await seller.create('/api/deals', { title: `Тег ${i}`, stage_id: first.id })
    if (i === 0) await seller.patch(`/api/deals/${d.id}`, { tag_ids: [byItself.id, byHand.id] })
  }
  const a = await head.get(`/api/automation?from=${from}`)
  assert.deepEqual(a.tags, { automatic: 4, all: 5, share: 0.8 })
  assert.equal(a.failed, 0)
  assert.ok(a.patchwork.some((s) => s.stage_id === second.id && s.funnel_id === f.id))
})
