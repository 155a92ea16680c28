// What a stage has asked stays: filling a field to get past a gate and emptying it behind the gate is no way round it, on any
// path. A step back, an override, an undo, a merge of fields and an erasure are. R076-R078, R198-R204.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, funnelOf, peopleOf, scratchFile, serve, tokenOf } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-kept')] })
const { admin, head, seller } = await peopleOf(server)
const bytes = { headers: { 'content-type': 'application/octet-stream' } }
const gate = (stage, kind, rest) => admin.create('/api/gates', { stage_id: stage.id, kind, ...rest })
const upload = async (deal, artefact = 'offer') => (await admin.must(201)('POST', `/api/files?deal_id=${deal.id}&name=kp.txt&artefact=${artefact}`, undefined, { raw: `КП ${Math.random()}`, ...bytes })).body
const ended = (op) => eventually(async () => {
  const now = await admin.get(`/api/operations/${op.id}`)
  return !['waiting', 'running'].includes(now.state) && now
}, 'the end of the operation', 20000)
const kept = (r, field) => assert.deepEqual([r.status, r.body?.code, r.body?.field], [422, field === 'id' ? 'gate_keeps_part' : 'gate_keeps', field], r.text)

const f = await funnelOf(admin, { name: 'Обязательное остаётся' })
const [first, second, third] = f.stages
await gate(second, 'field', { field: 'value_minor' })
await gate(second, 'field', { field: 'product_ids' })
await gate(second, 'artefact', { artefact: 'offer' })
await gate(third, 'field', { field: 'expected_close_on' })
const item = await gate(second, 'check', { name: 'Бюджет назван' })
const product = await admin.create('/api/products', { name: 'Лицензия', price_minor: 100 })

async function passed(stage = second, rest = {}) {
  const deal = await admin.create('/api/deals', { title: `Сделка ${Math.random()}`, stage_id: first.id, owner_id: seller.session.user.id, ...rest })
  const line = await admin.create('/api/deal-products', { deal_id: deal.id, product_id: product.id })
  const file = await upload(deal)
  const now = await seller.patch(`/api/deals/${deal.id}`, { stage_id: stage.id, value_minor: 1000, check_ids: [item.id], ...(stage === third && { expected_close_on: '2027-01-15' }) })
  return { ...now, line, file }
}

for (const [who, api] of Object.entries({ seller, admin, 'a program with a token': await tokenOf(server, admin) }))
  test(`a field that the stage asked for is not emptied, a tick not taken away: ${who}`, async () => {
    const deal = await passed(third)
    const path = `/api/deals/${deal.id}`
    kept(await api('PATCH', path, { value_minor: null }), 'value_minor')
    kept(await api('PATCH', path, { expected_close_on: null }), 'expected_close_on')
    kept(await api('PATCH', path, { check_ids: [] }), 'check_ids')
    // nor on the way on, and not behind the end of the funnel
    kept(await api('PATCH', path, { stage_id: f.won.id, value_minor: null }), 'value_minor')
    await api.patch(path, { stage_id: f.won.id })
    kept(await api('PATCH', path, { value_minor: null }), 'value_minor')
    // another value is none of the stage's business
    assert.equal((await api.patch(path, { value_minor: 2000, expected_close_on: '2027-02-01' })).value_minor, 2000)
  })

test('the last document or product that a stage asked for is not deleted', async () => {
  const deal = await passed()
  kept(await seller('DELETE', `/api/files/${deal.file.id}`), 'id')
  kept(await seller('DELETE', `/api/deal-products/${deal.line.id}`), 'id')
  const { detail } = (await seller('DELETE', `/api/files/${deal.file.id}`)).body
  assert.match(detail, /Коммерческое предложение/)
  assert.doesNotMatch(detail, /исключени/, 'there is no override for it')
  const contract = await upload(deal, 'contract')
  await admin.del(`/api/files/${contract.id}`)
  await upload(deal)
  await admin.del(`/api/files/${deal.file.id}`)
  await admin.create('/api/deal-products', { deal_id: deal.id, product_id: product.id })
  await admin.del(`/api/deal-products/${deal.line.id}`)
  // nor is it called something else
  const only = await passed()
  kept(await seller('PATCH', `/api/files/${only.file.id}`, { artefact: 'contract' }), 'id')
  await upload(only)
  assert.equal((await seller.patch(`/api/files/${only.file.id}`, { artefact: 'contract' })).artefact, 'contract')
  // a deal that goes takes all of it along
  await admin.del(`/api/deals/${deal.id}`)
})

test('neither in bulk, nor by a trigger, a goal or a table', async () => {
  const deal = await passed()
  const dry = await admin('POST', '/api/deals/bulk', { ids: [deal.id], set: { value_minor: null }, dry_run: true })
  assert.deepEqual([dry.body.refused, dry.body.reasons[0].code], [1, 'gate_keeps'], dry.text)
  const op = await ended((await admin.must(202)('POST', '/api/deals/bulk', { ids: [deal.id], set: { value_minor: null } })).body)
  assert.deepEqual([op.done_count, op.failed_count], [0, 1])
  const trigger = await admin.create('/api/triggers', { name: 'Стереть сумму', event: { on: 'note_added' }, condition: `id = ${deal.id}`, actions: [{ do: 'set', of: 'deal', field: 'value_minor', value: null }], enabled: true })
  await seller.create('/api/notes', { deal_id: deal.id, text: 'Сумму назвали примерно' })
  const run = await eventually(async () => (await admin.get(`/api/triggers/${trigger.id}/runs`)).items[0])
  assert.match(run.error, /Сумма/)
  assert.equal(run.state, 'failed')
  const goal = await admin.create('/api/goals', { stage_id: second.id, name: 'Смета передумана', actions: [{ do: 'set', of: 'deal', field: 'value_minor', value: null }] })
  kept(await seller('POST', `/api/deals/${deal.id}/reach`, { goal_id: goal.id }), 'value_minor')
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).value_minor, 1000)
})

test('a step back, a loss, an override with its reason and an undo set it free', async () => {
  const deal = await passed(third)
  const path = `/api/deals/${deal.id}`
  // back to the first stage, which asks for nothing
  const back = await seller.must(200)('PATCH', path, { stage_id: first.id, move_reason: 'Смета пересчитывается', value_minor: null })
  assert.equal(back.body.value_minor, null)
  await seller.must(200)('POST', '/api/undo', { change_id: Number(back.headers.get('voronka-change')) })
  // as far as the second stage only what that has asked is kept
  await seller.patch(path, { stage_id: second.id, move_reason: 'Срок сдвинулся', expected_close_on: null })
  kept(await seller('PATCH', path, { value_minor: null }), 'value_minor')
  const aside = await head.must(200)('POST', `${path}/override`, { stage_id: second.id, reason: 'Цена станет известна после обмера', value_minor: null })
  assert.deepEqual([aside.body.value_minor, aside.body.overrides], [null, 1])
  // what it did not have it does not lose
  assert.equal((await seller.patch(path, { title: 'Без суммы', check_ids: [item.id] })).title, 'Без суммы')
  const filled = await seller.must(200)('PATCH', path, { value_minor: 5000 })
  await seller.must(200)('POST', '/api/undo', { change_id: Number(filled.headers.get('voronka-change')) })
  assert.equal((await seller.get(path)).value_minor, null)
  const lost = await passed()
  await seller.patch(`/api/deals/${lost.id}`, { stage_id: f.lost.id, value_minor: null })
})

test('an override that moves on and empties a field tells of both', async () => {
  const deal = await passed()
  await head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: third.id, reason: 'Смета и срок станут известны после обмера', value_minor: null })
  const { items } = await admin.get(`/api/deals/${deal.id}/timeline`)
  const aside = items.find((e) => e.kind === 'deal.overridden')
  assert.deepEqual(aside.set.missing.map((m) => m.field).sort(), ['expected_close_on', 'value_minor'])
})

test('the refusal says what is asked in words of the person', async () => {
  const deal = await passed()
  const r = await seller('PATCH', `/api/deals/${deal.id}`, { value_minor: null })
  assert.match(r.body.detail, /Сумма/)
  const other = await admin.create('/api/deals', { title: 'Новая', stage_id: first.id })
  const move = await admin('PATCH', `/api/deals/${other.id}`, { stage_id: second.id })
  assert.equal(move.body.detail, 'Этап требует: Сумма, Продукты, Коммерческое предложение, Бюджет назван.')
})

test('a gate that asks now of deals that went by without it keeps nobody from working on', async () => {
  const g = await funnelOf(admin, { name: 'Правило пришло позже' })
  const deal = await admin.create('/api/deals', { title: 'Старая', stage_id: g.stages[1].id, owner_id: seller.session.user.id })
  await gate(g.stages[1], 'field', { field: 'value_minor' })
  await gate(g.stages[1], 'field', { field: 'utm_source' })
  assert.equal((await seller.patch(`/api/deals/${deal.id}`, { utm_source: 'яндекс' })).utm_source, 'яндекс')
  kept(await seller('PATCH', `/api/deals/${deal.id}`, { utm_source: null }), 'utm_source')
})
