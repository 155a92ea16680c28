// Why deals are lost, what a time limit closes, which open deals are stuck (R087, R103, R187, R280, R387).
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshPlace, funnelOf, peopleOf, serve, startServer } from './harness.mjs'
import { allLeadToDeals, behind, history, near, report, shared, skip } from './report_rig.mjs'

const server = await serve()
const people = await peopleOf(server)
const admin = people.admin
const { funnel, stages, lost } = await funnelOf(admin, { name: 'Продажи', open: ['Заявка', 'КП'], task_rule: 'off' })
const [price, silence] = [await admin.create('/api/loss-reasons', { name: 'Дорого' }), await admin.create('/api/loss-reasons', { name: 'Пропал' })]
const asked = { funnel_id: funnel.id }
const seller = people.seller.session.user.id, head = people.head.session.user.id
async function lose(title, stage, reason, owner_id, value_minor) {
  const d = await admin.create('/api/deals', { title, funnel_id: funnel.id, stage_id: stages[0].id, owner_id, value_minor })
  if (stage !== stages[0]) await admin.patch(`/api/deals/${d.id}`, { stage_id: stage.id })
  await admin.patch(`/api/deals/${d.id}`, { stage_id: lost.id, loss_reason_id: reason.id })
}
for (let i = 0; i < 12; i++) await lose(`Дорого ${i}`, stages[1], price, seller, 100000)
for (let i = 0; i < 4; i++) await lose(`Пропал ${i}`, stages[0], silence, head, 50000)

test('the head of sales sees why deals are lost, where and whose', async () => {
  const r = await report(admin, 'loss_reasons', asked)
  assert.deepEqual(r.items.map((i) => [i.reason, i.lost, i.lost_money]), [['Дорого', 12, 1200000], ['Пропал', 4, 200000]])
  near(r.items[0].rate, 12 / 16, 'share of the price')
  assert.deepEqual(r.summary.stages.map((s) => [s.stage, s.reason, s.lost]), [['Заявка', 'Пропал', 4], ['КП', 'Дорого', 12]])
  const of = (who) => r.summary.groups.filter((g) => g.group === who).map((g) => [g.reason, g.lost])
  assert.deepEqual([of('seller'), of('head')], [[['Дорого', 12]], [['Пропал', 4]]])
  assert.equal(r.summary.lost, 16)
  assert.equal(r.currency, 'RUB')
  assert.deepEqual(await behind(admin, 'loss_reasons', asked, 'lost', silence.id), ['Пропал 0', 'Пропал 1', 'Пропал 2', 'Пропал 3'])
  await allLeadToDeals(admin, 'loss_reasons', asked)
  const bySource = await report(admin, 'loss_reasons', { ...asked, by: 'source' })
  assert.deepEqual(bySource.summary.groups.map((g) => g.group), ['не указано', 'не указано'])
})

test('what people close is told apart from what a time limit closes', async () => {
  const r = await report(admin, 'timeouts', asked)
  assert.deepEqual(r.items.map((i) => [i.stage, i.lost, i.timeouts, i.by_people]), [['Заявка', 4, 0, 4], ['КП', 12, 0, 12]])
  assert.deepEqual([r.summary.lost, r.summary.timeouts, r.summary.by_people], [16, 0, 16])
  await allLeadToDeals(admin, 'timeouts', asked)
})

test('a seller with own figures only sees own losses', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.patch(`/api/users/${seller}`, { role_id: role.id })
  const own = await server.signIn('seller@example.ru', 'пароль для тестов')
  assert.deepEqual((await report(own, 'loss_reasons', asked)).items.map((i) => [i.reason, i.lost]), [['Дорого', 12]])
  assert.equal((await report(own, 'timeouts', asked)).summary.lost, 12)
  assert.equal((await report(own, 'ageing', asked)).summary.open, 0)
})

test('stuck deals by the norm and by what is usual, by hand', async () => {
  const place = freshPlace()
  const on = (d) => new Date(Date.UTC(2024, 0, 1 + d)).toISOString().slice(0, 10)
  const lines = []
  // ten deals pass Talks in 1 to 10 days and are won; three are still there: 5, 40 and 100 days
  for (let i = 1; i <= 10; i++) lines.push(`done${i},Talks,${on(0)},Anna`, `done${i},Won,${on(i)},Anna`)
  for (const d of [5, 40, 100]) lines.push(`open${d},Talks,${on(120 - d)},Boris`)
  await history(place, 'Stuck', lines, { lost: [] })
  const there = await startServer({ place })
  const boss = await there.admin()
  const talks = (await boss.list('/api/stages', { filter: 'name = "Talks"' })).items[0]
  await boss.patch(`/api/stages/${talks.id}`, { norm_days: 60 })
  const then = { funnel: 'Stuck', as_of: on(120) }
  const r = await report(boss, 'ageing', then)
  const row = r.items[0]
  assert.deepEqual([row.stands, row.age_week, row.age_month, row.age_quarter, row.age_older], [3, 1, 0, 1, 1])
  assert.deepEqual([row.over_norm, row.zombies, row.median_age_days], [1, 2, 40])
  assert.equal(r.summary.slowest_win_days, 10)
  assert.deepEqual(await behind(boss, 'ageing', then, 'zombies', row.key), ['open100', 'open40'])
  assert.deepEqual(r.summary.oldest.map((o) => o.deal), ['open100', 'open40'])
  await allLeadToDeals(boss, 'ageing', then)
  await there.stop()
})

test('the forgotten deals of the hardware seller are 1,291', { skip: skip || (existsSync(join(shared, 'data/maven/sales_pipeline.csv')) ? false : 'no file') }, async () => {
  const [first, ...rows] = readFileSync(join(shared, 'data/maven/sales_pipeline.csv'), 'utf8').trim().split(/\r?\n/)
  const at = Object.fromEntries(first.replace('\ufeff', '').split(',').map((name, i) => [name, i]))
  const lines = []
  for (const row of rows.map((r) => r.split(','))) {
    const [id, began, closed, stage, who] = ['opportunity_id', 'engage_date', 'close_date', 'deal_stage', 'sales_agent'].map((c) => row[at[c]])
    if (began) lines.push(`${id},Engaging,${began},${who}`)
    if (closed) lines.push(`${id},${stage},${closed},${who}`)
  }
  const place = freshPlace()
  await history(place, 'Hardware', lines)
  const there = await startServer({ place })
  const r = await report(await there.admin(), 'ageing', { funnel: 'Hardware', as_of: '2017-12-31' })
  assert.equal(r.summary.zombies, 1291)
  await there.stop()
})
