// Ways of deals that are not straight: to another funnel and back, through a funnel that changed meanwhile, taken back
// (R100, R183, R309). The time of the server is moved by the test, so that ages are exact.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, serveWithClock, tokenOf } from './harness.mjs'
import { behind, report } from './report_rig.mjs'

const DAY = 86_400_000
const server = await serveWithClock()
const root = await server.admin()
await root.patch('/api/settings', { weekly_review: false }) // reviews are made by hand here
const admin = await tokenOf(server, root)
let now = Date.now()
const later = (days) => clock(server, (now += days * DAY))
const move = (id, fields) => admin.patch(`/api/deals/${id}`, fields)

test('a deal that went to another funnel and came back is here again: open, won, with its time here only', async () => {
  const here = await funnelOf(admin, { name: 'Продажи' })
  const there = await funnelOf(admin, { name: 'Возврат' })
  const q = { funnel_id: String(here.funnel.id) }
  const away = { funnel_id: there.funnel.id, stage_id: there.stages[0].id }
  const back = (stage) => ({ funnel_id: here.funnel.id, stage_id: stage.id })
  const [wins, goes] = [await admin.create('/api/deals', { title: 'Вернулся и купил', stage_id: here.stages[0].id }), await admin.create('/api/deals', { title: 'Вернулся', stage_id: here.stages[0].id })]
  await later(2)
  for (const d of [wins, goes]) await move(d.id, away)
  const gone = (await report(admin, 'funnel', q)).summary
  assert.deepEqual([gone.deals, gone.open], [2, 0])
  await later(10)
  for (const d of [wins, goes]) await move(d.id, back(here.stages[1]))
  await later(3)
  await move(wins.id, { stage_id: here.won.id })
  const r = await report(admin, 'funnel', q)
  assert.deepEqual([r.summary.deals, r.summary.won, r.summary.open], [2, 1, 1])
  assert.deepEqual(await behind(admin, 'funnel', q, 'won', 0, 'summary'), ['Вернулся и купил'])
  assert.deepEqual(await behind(admin, 'funnel', q, 'open', 0, 'summary'), ['Вернулся'])
  assert.deepEqual(await behind(admin, 'funnel', q, 'stands', here.stages[1].id), ['Вернулся'])
  const c = await report(admin, 'conversion', q)
  assert.deepEqual([c.summary.won, c.summary.open], [1, 1])
  const dwell = await report(admin, 'dwell', q)
  const share = dwell.items.find((i) => i.stage_id === here.stages[0].id)
  assert.equal(share.deals, 2)
  assert.ok(Math.abs(share.cycle_share - 4 / 10) < 1e-3, `two stays of two days beside two of three, not of twelve: ${share.cycle_share}`)
  const pairs = await report(admin, 'transitions', q)
  assert.ok(!pairs.items.some((i) => i.from_id === here.stages[0].id && i.to_id === here.stages[1].id), 'between the two it was elsewhere')
})

test('a deal that lay deleted on a day does not exist on that day, though it was brought back later', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Удалённые' })
  const q = { funnel_id: String(funnel.id) }
  const deal = await admin.create('/api/deals', { title: 'Удалили по ошибке', stage_id: stages[0].id })
  await later(1)
  const gone = await admin.must(204)('DELETE', `/api/deals/${deal.id}`)
  const as_of = String(now + DAY)
  await later(2)
  const then = { ...q, as_of }
  for (const id of ['funnel', 'conversion', 'ageing']) assert.equal((await report(admin, id, then)).summary.deals ?? (await report(admin, id, then)).summary.open, 0, id)
  await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
  assert.equal((await report(admin, 'funnel', q)).summary.deals, 1)
  for (const id of ['funnel', 'conversion', 'ageing']) assert.equal((await report(admin, id, then)).summary.deals ?? (await report(admin, id, then)).summary.open, 0, id)
  assert.equal((await admin.get(`/api/board/${funnel.id}?as_of=${as_of}`)).n, 0, 'nor on the board of that day')
})

test('a stage that is new was passed by nobody who came before it, and a report of an earlier day does not know it', async () => {
  const { funnel, stages, won } = await funnelOf(admin, { name: 'Растущая', open: ['Заявка', 'Договор'] })
  const q = { funnel_id: String(funnel.id) }
  const old = await admin.create('/api/deals', { title: 'До нового этапа', stage_id: stages[0].id })
  await move(old.id, { stage_id: stages[1].id })
  await later(1)
  await move(old.id, { stage_id: won.id })
  const as_of = String(now + DAY)
  await later(2)
  const fresh = await admin.create('/api/stages', { funnel_id: funnel.id, name: 'Замер', position: 2, outcome: 'open' })
  await admin.patch(`/api/stages/${stages[1].id}`, { position: 3 })
  await later(1)
  const past = await admin.create('/api/deals', { title: 'Мимо нового этапа', stage_id: stages[0].id })
  await move(past.id, { stage_id: stages[1].id })
  const r = await report(admin, 'funnel', q)
  assert.deepEqual(r.items.map((i) => [i.stage, i.skipped]).slice(0, 3), [['Заявка', 0], ['Замер', 1], ['Договор', 0]])
  assert.deepEqual(await behind(admin, 'funnel', q, 'skipped', fresh.id), ['Мимо нового этапа'])
  assert.deepEqual((await report(admin, 'funnel', { ...q, as_of })).items.map((i) => i.stage), ['Заявка', 'Договор', 'Выиграна', 'Проиграна'])
  assert.equal((await report(admin, 'golden_path', { ...q, to: new Date(now - 2 * DAY).toISOString().slice(0, 10) })).summary.fitness, 1)
})

test('a number that is nought leads to an empty list; what-if leads to the deals it reckons with', async () => {
  const { funnel, stages, won } = await funnelOf(admin, { name: 'Сразу выиграно' })
  const q = { funnel_id: String(funnel.id) }
  await admin.create('/api/deals', { title: 'Обычная', stage_id: stages[0].id })
  await admin.create('/api/deals', { title: 'Сразу выиграна', stage_id: won.id })
  assert.equal((await report(admin, 'what_if', q)).summary.deals, 1)
  assert.deepEqual(await behind(admin, 'what_if', q, 'deals', 0, 'summary'), ['Обычная'])
  assert.equal((await report(admin, 'automation')).summary.tasks_set, 0)
  assert.deepEqual(await behind(admin, 'automation', {}, 'tasks_set', 0, 'summary'), [])
  assert.equal((await admin('GET', '/api/reports/automation/deals?table=summary&column=no_such_number')).status, 404)
})

test('a deal is unprofitable by its own money: no rate of its currency is needed', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Без курса' })
  for (const [title, value_minor] of [['Дороже своей цены', 10_000], ['В пределах', 90_000]]) await admin.create('/api/deals', { title, stage_id: stages[0].id, currency: 'KZT', value_minor, cost_minor: 20_000 })
  const q = { funnel_id: String(funnel.id) }
  const r = await report(admin, 'unprofitable', q)
  assert.deepEqual([r.summary.with_cost, r.summary.unprofitable, r.summary.unprofitable_open, r.summary.deal_cost], [2, 1, 1, 0])
  assert.deepEqual(await behind(admin, 'unprofitable', q, 'unprofitable', 0, 'summary'), ['Дороже своей цены'])
  const listed = await admin.list('/api/deals', { filter: `funnel_id = ${funnel.id} and unprofitable = true` })
  assert.deepEqual(listed.items.map((d) => d.title), ['Дороже своей цены'], 'the list says the same')
})

test('the list of reports has those only that would tell one something', async () => {
  const boss = await server.admin()
  const role = await boss.create('/api/roles', { name: 'Без денег', base: 'seller', rights: { fields: { 'deal.cost_minor': 'hidden' } } })
  await boss.create('/api/users', { name: 'Без денег', email: 'poor@example.ru', role_id: role.id, password: 'пароль для тестов' })
  const someone = await server.signIn('poor@example.ru', 'пароль для тестов')
  const hers = (await someone.get('/api/reports')).map((r) => r.id), all = (await admin.get('/api/reports')).map((r) => r.id)
  assert.deepEqual(all.filter((id) => !hers.includes(id)), ['automation', 'unprofitable'])
  for (const id of hers) assert.equal((await someone('GET', `/api/reports/${id}`)).status, 200, id)
})

test('in a weekly review nothing is late by no days, and nothing stands longer than its norm by none (R386)', async () => {
  const boss = await server.admin()
  const head = await boss.create('/api/users', { name: 'Глава', email: 'glava@example.ru', role: 'head', password: 'пароль для тестов' })
  const team = await boss.create('/api/teams', { name: 'Отдел', head_id: head.id })
  const seller = await boss.create('/api/users', { name: 'Продавец', email: 'prodavec@example.ru', role: 'seller', team_id: team.id, password: 'пароль для тестов' })
  const { stages } = await funnelOf(admin, { name: 'С нормой' })
  await admin.patch(`/api/stages/${stages[0].id}`, { norm_days: 5 })
  const deal = await admin.create('/api/deals', { title: 'Чуть дольше нормы', stage_id: stages[0].id, owner_id: seller.id })
  await later(5)
  await clock(server, (now += 3_600_000))
  await admin.create('/api/tasks', { title: 'Позвонить', deal_id: deal.id, owner_id: seller.id, due_at: now - 1_800_000 })
  const week_on = new Date(now - ((new Date(now).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10)
  const review = await admin.create('/api/reviews', { team_id: team.id, week_on })
  const { why } = (await admin.list('/api/review-items', { filter: `review_id = ${review.id}` })).items[0]
  assert.deepEqual(why.filter((w) => w.days !== undefined && w.code !== 'silent'), [{ code: 'over_norm', days: 6, norm: 5 }, { code: 'overdue', days: 1, tasks: 1 }])
})
