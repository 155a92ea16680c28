// The case of the CRM maker: goals with all their reactions, classifiers, the ladder, importance at the contract, the
// lawyer's task. The seller only ticks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asks, hour, playOf } from './case_play.mjs'

const p = await playOf('sales-ladder')
const ladder = 'Лестница продаж'
const classifiers = await p.all('/api/classifiers')
const value = (kind, name) => classifiers.find((c) => c.kind === kind && c.name === name).id
const roles = await p.all('/api/roles')
const lawyer = await p.people.admin.create('/api/users', { name: 'Юрист Ирина', email: 'law@example.ru', role_id: p.named(roles, 'Юрист').id, password: 'пароль для тестов' })
let n = 0
const deal = async (rest = {}) => {
  const company = await p.seller.create('/api/companies', { name: `Склад ${++n}` })
  return p.seller.create('/api/deals', { title: `Продажа ${n}`, funnel_id: p.funnel(ladder).id, company_id: company.id, ...rest })
}
const company = async (d) => p.head.get(`/api/companies/${d.company_id}`)
const assessed = async () => p.walk(await deal(), ladder, ['Разведка проведена', 'Контакт состоялся', 'Возможность сделки оценена'], { 'Возможность сделки оценена': { probability: 40, expected_close_on: '2027-02-01' } })
async function required() {
  const d = await assessed()
  const r = await p.reach(d, ladder, 'Возможность сделки оценена', 'Требования получены')
  return p.walk(d, ladder, ['Требования получены'], { 'Требования получены': { check_ids: [r.body.missing[0].gate_id] } })
}
async function agreed() {
  let d = await required()
  await p.artefact(d, 'specification')
  await p.artefact(d, 'offer')
  d = await p.walk(d, ladder, ['Техническое задание согласовано', 'Презентация проведена', 'Предложение отправлено', 'Возражения сняты'], { 'Предложение отправлено': { value_minor: 25000000 } })
  return p.walk(d, ladder, ['Договор согласован'])
}

test('a tick moves the deal, marks the client and sets the task, in one change that one undo takes back (R108-R115, R120, R121, R123)', async () => {
  const before = await assessed()
  const r = await p.reach(before, ladder, 'Возможность сделки оценена', 'Требования получены')
  assert.deepEqual(asks(r), new Set(['Потребности записаны'])) // R198, R202
  const answer = await p.seller.must(200)('POST', `/api/deals/${before.id}/reach`, { goal_id: p.goal(ladder, 'Возможность сделки оценена', 'Требования получены').id, check_ids: [r.body.missing[0].gate_id] })
  const after = answer.body.deal
  assert.equal(after.stage_id, p.stage(ladder, 'Требования получены').id)
  assert.equal((await company(after)).development_id, value('development', 'Потребность выявлена'))
  assert.equal((await company(after)).next_development_id, value('development', 'Предложение сделано'))
  assert.ok((await p.tasks(after)).some((t) => t.title === 'Запросить техническое задание'))
  await p.seller.must(200)('POST', '/api/undo', { change_id: Number(answer.headers.get('voronka-change')) })
  const back = await p.seen(before)
  assert.equal(back.stage_id, before.stage_id)
  assert.equal((await company(back)).development_id, value('development', 'Заинтересован'))
  assert.ok(!(await p.tasks(back)).some((t) => t.title === 'Запросить техническое задание'))
})

test('one stage leads to requirements, to a readiness to buy, to a refusal or to a deferral (R118, R119, R204)', async () => {
  const at = 'Возможность сделки оценена'
  const ready = await p.reached(await assessed(), ladder, at, 'Готов купить')
  assert.equal(ready.funnel_id, p.funnel('Быстрая сделка').id)
  const no = await p.reached(await assessed(), ladder, at, 'Отказался')
  assert.deepEqual([no.status, no.loss_class], ['lost', 'decision'])
  assert.equal((await company(no)).reaction_id, value('reaction', 'Отрицательная'))
  const later = await p.reached(await assessed(), ladder, at, 'Отложил решение')
  assert.ok(later.deferred_until > p.now + 29 * 24 * hour)
})

test('at the contract the client is important and the lawyer has the task (R112, R113, R116, R126)', async () => {
  const d = await agreed()
  assert.equal((await company(d)).importance_id, value('importance', 'Важный'))
  const task = (await p.tasks(d)).find((t) => t.title.startsWith('Согласовать договор'))
  assert.deepEqual([task.owner_id, task.priority], [lawyer.id, 'high'])
})

test('a request for the invoice goes before everything else (R166)', async () => {
  let d = await agreed()
  d = await p.walk(d, ladder, ['Клиент попросил счёт'])
  const { items } = await p.seller.get('/api/queue?limit=5')
  assert.deepEqual([items[0].kind, items[0].task.deal_id], ['urgent', d.id])
  d = await p.walk(d, ladder, ['Оплата пришла'])
  assert.equal(d.status, 'won')
  assert.equal((await company(d)).development_id, value('development', 'Покупатель'))
})

test('the ladder of the client shows climbs and falls; a second sale is a pass of its own (R137-R139)', async () => {
  let d = await agreed()
  d = await p.seller.patch(`/api/deals/${d.id}`, { stage_id: p.stage(ladder, 'Возражения сняты').id, move_reason: 'Снова показать выгоду' })
  assert.equal(d.returns, 1)
  const again = await p.seller.create('/api/deals', { title: 'Вторая продажа', funnel_id: p.funnel(ladder).id, company_id: d.company_id })
  const { points } = await p.seller.get(`/api/companies/${d.company_id}/ladder`)
  const kinds = points.map((x) => x.kind)
  assert.ok(kinds.includes('up') && kinds.includes('down'), kinds.join())
  assert.deepEqual(new Set(points.map((x) => x.deal_id).filter(Boolean)), new Set([d.id, again.id]))
})

test('a step back wants its reason (R203)', async () => {
  const d = await required()
  const r = await p.seller('PATCH', `/api/deals/${d.id}`, { stage_id: p.stage(ladder, 'Первый контакт состоялся').id })
  assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'reason_required', 'move_reason'])
})

test('who spends more on a deal than it brings is warned (R189, R190)', async () => {
  const d = await required()
  await p.seller.patch(`/api/deals/${d.id}`, { value_minor: 3200000 })
  const flown = await p.seller.patch(`/api/deals/${d.id}`, { cost_minor: 6000000 })
  assert.equal(flown.unprofitable, true)
  const { items } = await p.seller.get(`/api/deals/${d.id}/runs`)
  assert.ok(items.some((r) => r.name.startsWith('Нерентабельная сделка') && r.state === 'done'))
})

test('a novice gets through: loyal clients with offers of competitors are one filter (R122, R161, R164)', async () => {
  const d = await agreed()
  const [rival] = [await p.seller.create('/api/competitors', { name: 'Соседи' })]
  await p.seller.create('/api/competitor-offers', { competitor_id: rival.id, company_id: d.company_id, offer: 'Скидка 10 %', price_minor: 22000000 })
  const found = await p.all('/api/companies', `importance_id = ${value('importance', 'Важный')} and next_development_id is not null`)
  assert.ok(found.some((c) => c.id === d.company_id))
})
