// The weekly review of a team, what is not in order with the deals behind each number, and the report of both by
// manager (R226, R316, R369, R386, R387, R388).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, clock, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const day = 86400e3
const server = await serveWithClock()
const people = await peopleOf(server)
const root = people.admin
const { funnel, stages, won } = await funnelOf(root, { name: 'Корпоративные', open: ['Заявка получена', 'Потребность выявлена', 'КП отправлено'], task_rule: 'off' })
const [fresh, needs, offer] = stages
await root.patch(`/api/stages/${fresh.id}`, { norm_days: 10 })
await root.patch('/api/settings', { weekly_review: false }) // the reviews of this file are made by hand
const team = await root.create('/api/teams', { name: 'Продажи', head_id: people.head.session.user.id })
const outside = await root.create('/api/teams', { name: 'Другие' })
const join = (who, id) => root.patch(`/api/users/${who.session.user.id}`, { team_id: id })
await join(people.seller, team.id)
const other = await root.create('/api/users', { name: 'Чужой', email: 'other@example.ru', role: 'seller', password: 'пароль для тестов', team_id: outside.id })
const admin = await tokenOf(server, root)
const head = await tokenOf(server, people.head)
const seller = await tokenOf(server, people.seller)
const mine = people.seller.session.user.id
const refused = async (api, method, path, body, status, code) => {
  const r = await api(method, path, body)
  assert.equal(r.status, status, r.text)
  assert.equal(r.body.code, code)
  return r.body
}
const deal = (title, more = {}) => admin.create('/api/deals', { title, funnel_id: funnel.id, owner_id: mine, ...more })
const task = (d, due_at, more = {}) => admin.create('/api/tasks', { title: 'Позвонить', kind: 'call', deal_id: d.id, owner_id: mine, due_at, ...more })
const time = async () => (await admin.create('/api/tags', { name: `t${Math.random()}` })).created_at
const monday = (ms) => new Date(Math.floor((ms - 4 * day) / (7 * day)) * 7 * day + 4 * day).toISOString().slice(0, 10)
const items = async (review) => (await admin.list('/api/review-items', { filter: `review_id = ${review.id}`, limit: 500 })).items
const codes = (item) => item.why.map((w) => w.code).sort()
const counts = async (api, params = {}) => api.list('/api/discipline', params)

const t0 = await time()
const d = {}
let review

test('weeks of neglect: a review collects the deals of the team that need a look, with the reasons (R386, R387)', async () => {
  d.stuck = await deal('Застряла')
  await task(d.stuck, t0 + 60 * day)
  d.fine = await deal('В порядке')
  await task(d.fine, t0 + 60 * day)
  d.alone = await deal('Без задачи', { stage_id: needs.id })
  d.back = await deal('Вернули', { stage_id: offer.id })
  d.costly = await deal('Лангепас', { stage_id: needs.id, value_minor: 3200000, cost_minor: 4000000 })
  d.others = await deal('Не наша', { owner_id: other.id })
  await clock(server, t0 + 16 * day)
  for (const one of [d.fine, d.back, d.costly, d.alone]) {
    const call = await task(one, (await time()) - 2 * day)
    if (one !== d.costly) await admin.patch(`/api/tasks/${call.id}`, { done: true, result: 'Поговорили' })
  }
  await admin.patch(`/api/deals/${d.fine.id}`, { stage_id: needs.id })
  await task(d.back, t0 + 60 * day)
  await admin.patch(`/api/deals/${d.back.id}`, { stage_id: needs.id, move_reason: 'Передумали' })
  await admin.patch(`/api/deals/${d.fine.id}`, { waiting_since: (await time()) - 3 * 3600e3 })

  const week = monday(await time())
  await refused(seller, 'POST', '/api/reviews', { team_id: team.id, week_on: week }, 403, 'review_forbidden')
  assert.equal((await refused(admin, 'POST', '/api/reviews', { team_id: team.id, week_on: '2026-11-24' }, 422, 'not_monday')).field, 'week_on')
  review = await head.create('/api/reviews', { team_id: team.id, week_on: week })
  assert.deepEqual([review.head_id, review.closed, review.score], [people.head.session.user.id, false, null])
  await refused(head, 'POST', '/api/reviews', { team_id: team.id, week_on: week }, 409, 'review_exists')
  const found = Object.fromEntries((await items(review)).map((i) => [i.deal_id, i]))
  assert.deepEqual(codes(found[d.stuck.id]), ['silent', 'stuck'])
  assert.deepEqual(found[d.stuck.id].why.find((w) => w.code === 'stuck'), { code: 'stuck', days: 16, norm: 10 })
  assert.deepEqual(codes(found[d.alone.id]), ['no_task'])
  assert.deepEqual(codes(found[d.back.id]), ['stepped_back'])
  assert.deepEqual(codes(found[d.costly.id]), ['overdue', 'silent', 'unprofitable'])
  assert.deepEqual(codes(found[d.fine.id]), ['waiting'])
  assert.equal(found[d.others.id], undefined, 'of another team')
})

test('a review closes when each deal has a decision, and cannot be changed any more (R387)', async () => {
  assert.match((await refused(head, 'PATCH', `/api/reviews/${review.id}`, { closed: true }, 422, 'decision_missing')).detail, /5/)
  for (const item of await items(review)) {
    const next = item.deal_id === d.stuck.id ? await task(d.stuck, (await time()) + 3 * day) : null
    const decided = await head.patch(`/api/review-items/${item.id}`, { decision: 'Связаться и вернуть в работу', task_id: next?.id ?? null })
    assert.equal(decided.decided_by, people.head.session.user.id)
  }
  const closed = await head('PATCH', `/api/reviews/${review.id}`, { closed: true })
  assert.deepEqual([closed.status, closed.body.score], [200, null], 'there was no week before')
  const [item] = await items(review)
  await refused(head, 'PATCH', `/api/review-items/${item.id}`, { decision: 'Иначе' }, 409, 'review_closed')
})

test('the next review tells how much of the last one was kept; an undo takes that back (R388)', async () => {
  await clock(server, (await time()) + 2 * day)
  const [doing] = (await admin.list('/api/tasks', { filter: `deal_id = ${d.stuck.id} and done = false`, sort: 'due_at' })).items
  await admin.patch(`/api/tasks/${doing.id}`, { done: true, result: 'Вернулись в работу' })
  await admin.patch(`/api/deals/${d.alone.id}`, { stage_id: offer.id })
  await clock(server, (await time()) + 5 * day)
  const second = await head.create('/api/reviews', { team_id: team.id, week_on: monday(await time()) })
  for (const item of await items(second)) {
    assert.ok(!codes(item).includes('stepped_back'), 'what was there last week is not new')
    await head.patch(`/api/review-items/${item.id}`, { decision: 'Работаем' })
  }
  const closed = await head('PATCH', `/api/reviews/${second.id}`, { closed: true })
  assert.equal(closed.body.score, 40, 'two of five: one task in time, one deal that moved')
  const kept = Object.fromEntries((await items(review)).map((i) => [i.deal_id, i.kept]))
  assert.deepEqual([kept[d.stuck.id], kept[d.alone.id], kept[d.costly.id]], [true, true, false])
  assert.deepEqual((await admin.list('/api/reviews', { filter: `team_id = ${team.id}`, sort: 'week_on' })).items.map((r) => r.score), [null, 40])
  const adherence = await head.list('/api/reports/reviews', { by: 'team' })
  assert.deepEqual([adherence.summary.reviews, adherence.summary.judged, adherence.summary.kept, adherence.summary.kept_rate], [2, 5, 2, null], 'of five nothing is told in per cent')
  assert.match(adherence.verdict, /40/)
  const behind = await head.list('/api/reports/reviews/deals', { by: 'team', row: adherence.keys[0], column: 'kept' })
  assert.deepEqual(behind.items.map((x) => x.id).sort((x, y) => x - y), [d.stuck.id, d.alone.id])
  assert.equal((await seller.list('/api/reports/reviews')).summary.reviews, 0, 'reviews are for who leads them')
  await admin.must(200)('POST', '/api/undo', { change_id: Number(closed.headers.get('voronka-change')) })
  assert.equal((await admin.get(`/api/reviews/${second.id}`)).score, null)
  assert.ok((await items(review)).every((i) => i.kept === null))
})

test('each number of what is not in order opens its deals', async () => {
  const all = await counts(admin)
  assert.deepEqual(Object.keys(all).sort(), ['back_moves', 'late_answers', 'no_task', 'one_card', 'overdue', 'overrides', 'stuck', 'unprofitable'])
  for (const [name, { count, filter }] of Object.entries(all)) {
    if (filter === null) assert.equal(count, 0, name)
    else assert.equal((await admin.list('/api/deals', { filter, count: 1 })).count, count, `${name}: ${filter}`)
  }
  assert.deepEqual([all.back_moves.count, all.unprofitable.count], [1, 1])
  assert.ok(all.stuck.count >= 1 && all.no_task.count >= 1 && all.overdue.count >= 1)
  const ours = await counts(admin, { team_id: team.id, funnel_id: funnel.id })
  assert.equal(ours.no_task.count, all.no_task.count - 1, 'without the deal of the other team')
  assert.equal((await admin('GET', '/api/discipline?funnel_id=999999')).status, 404)
})

test('one card for several sales is counted: products of two funnels, or a won deal opened again (R313)', async () => {
  const retail = await funnelOf(admin, { name: 'Курсы' })
  const firm = await admin.create('/api/companies', { name: 'ООО «Всё в одном»' })
  const both = await deal('Всё в одном', { company_id: firm.id })
  for (const funnel_id of [funnel.id, retail.funnel.id]) {
    const product = await admin.create('/api/products', { name: `Продукт ${funnel_id}`, price_minor: 100, funnel_id })
    await admin.create('/api/deal-products', { deal_id: both.id, product_id: product.id })
  }
  const again = await deal('Вторая продажа', { stage_id: offer.id })
  await admin.patch(`/api/deals/${again.id}`, { stage_id: won.id })
  assert.equal((await counts(admin)).one_card.count, 1)
  await admin.patch(`/api/deals/${again.id}`, { stage_id: fresh.id, move_reason: 'Снова купят' })
  const { count, filter } = (await counts(admin)).one_card
  assert.deepEqual((await admin.list('/api/deals', { filter, sort: 'id' })).items.map((x) => x.id), [both.id, again.id])
  assert.equal(count, 2)
})

test('the report names managers with their numbers and rules set aside with their reasons; the command line prints the same (R369)', async () => {
  const gate = await admin.create('/api/gates', { stage_id: offer.id, kind: 'field', field: 'expected_close_on' })
  const r = await head('POST', `/api/deals/${d.fine.id}/override`, { stage_id: offer.id, reason: 'Клиент просит КП сегодня' })
  assert.equal(r.status, 200, r.text)
  const report = await admin.list('/api/reports/discipline', { funnel_id: funnel.id })
  const col = Object.fromEntries(report.columns.map((c, i) => [c.id, i]))
  const row = (id) => report.rows.find((x) => x[col.user_id] === id)
  assert.equal(row(mine)[col.manager], 'seller')
  assert.ok(row(mine)[col.no_task] >= 1 && row(mine)[col.overdue] >= 1 && row(mine)[col.unprofitable] === 1)
  assert.equal(row(people.head.session.user.id)[col.overrides], 1, 'whoever set the rule aside')
  assert.equal(report.summary.one_card, 2)
  assert.equal(report.summary.set_aside[0].reason, 'Клиент просит КП сегодня')
  const every = (await admin.list('/api/reports/discipline')).summary
  const present = await counts(admin)
  for (const what of ['no_task', 'late_answers', 'back_moves', 'unprofitable', 'one_card', 'overrides'])
    assert.equal(every[what], present[what].count, `${what}: the report counts what the list shows`)
  assert.match(report.verdict, /seller/)
  const behind = await admin.list('/api/reports/discipline/deals', { funnel_id: funnel.id, row: mine, column: 'no_task' })
  assert.equal(behind.total, row(mine)[col.no_task])
  await admin.del(`/api/gates/${gate.id}`)
  const { code, out, err } = await cli(['report', 'discipline', ...server.place, '--funnel', 'корпоративные', '--json'])
  assert.equal(code, 0, err)
  assert.deepEqual(JSON.parse(out).columns.map((c) => c.id), report.columns.map((c) => c.id))
  assert.equal((await admin('GET', '/api/reports/discipline?from=вчера')).status, 400)
})

test('journal and derived values agree in the end', async () => {
  const { code, out, err } = await cli(['check', ...server.place])
  assert.equal(code, 0, out + err)
})
