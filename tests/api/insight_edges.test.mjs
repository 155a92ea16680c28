// Where insight could say too much or the wrong thing: fields hidden from a role, plans about plans, periods to compare,
// plans as they stood earlier (R183, R217, R339).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, serve } from './harness.mjs'
import { report } from './report_rig.mjs'

const server = await serve()
const admin = await server.admin()
const password = 'пароль для тестов'
const { stages, won, lost, funnel } = await funnelOf(admin)
const source = await admin.create('/api/sources', { name: 'Тайный канал' })
const rival = await admin.create('/api/competitors', { name: 'Тайный соперник' })
const reason = await admin.create('/api/loss-reasons', { name: 'Дорого' })
const make = (title, fields) => admin.create('/api/deals', { title, stage_id: stages[0].id, ...fields })
const day = (back) => new Date(Date.now() + 3 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10)
for (let i = 0; i < 12; i++) {
  const deal = await make(`Сделка ${i}`, { source_id: source.id, value_minor: 100_00 })
  if (i % 2) await admin.patch(`/api/deals/${deal.id}`, { stage_id: lost.id, loss_reason_id: reason.id, competitor_id: rival.id })
  else await admin.patch(`/api/deals/${deal.id}`, { stage_id: won.id })
}

async function masked(name, ...fields) {
  const role = await admin.create('/api/roles', { name, base: 'seller', rights: { fields: Object.fromEntries(fields.map((f) => [f, 'hidden'])) } })
  const email = `${fields.length}${role.id}@example.ru`
  await admin.create('/api/users', { name, email, role_id: role.id, password })
  return server.signIn(email, password)
}

test('whoever may not see where a deal comes from learns it from no report', async () => {
  const someone = await masked('Без источников', 'deal.source_id', 'deal.competitor_id')
  for (const id of ['sources', 'competitors', 'breaks']) {
    const [open, hidden] = [await admin('GET', `/api/reports/${id}`), await someone('GET', `/api/reports/${id}`)]
    assert.equal(hidden.status, 200, id)
    if (id !== 'breaks') assert.match(open.text, /Тайный/, id)
    assert.doesNotMatch(hidden.text, /Тайный/, id)
  }
  const channels = await report(someone, 'sources')
  assert.deepEqual(channels.items.map((r) => r.leads), [12], 'all of them come from nowhere')
})

test('a plan about plans is not followed round and round, and a plan of nothing known does not take the others along', async () => {
  const starts_on = day(0).slice(0, 8) + '01'
  for (const measure of ['plan_fact.plans', 'nothing.known', 'won']) {
    const r = await admin('POST', '/api/plans', { measure, period: 'month', starts_on, target: 10 })
    if (measure === 'won') assert.equal(r.status, 201, r.text)
  }
  const r = await report(admin, 'plan_fact')
  const wins = r.items.filter((i) => i.actual === 6)
  assert.equal(wins.length, 1, JSON.stringify(r.rows))
  const p = await admin.get('/api/plans/progress')
  assert.ok(p.items.some((i) => i.plan.measure === 'won' && i.actual === 6))
})

test('a plan seen as of an earlier day knows nothing of later wins', async () => {
  const before = await report(admin, 'plan_fact', { as_of: String(Date.now() - 60_000) })
  for (const row of before.items) assert.ok(!row.actual, `an hour ago nothing was won: ${JSON.stringify(row)}`)
})

test('a number that cannot be told of one person is not told as if it were theirs', async () => {
  const whole = await report(admin, 'activity')
  assert.ok(whole.summary.moves_made > 0)
  const kpi = await admin.create('/api/kpis', { name: 'Перемещения', measure: 'activity.moves_made', target: 1 })
  const panel = await admin.get('/api/kpi/panel')
  assert.equal(panel.month.items.find((i) => i.measure === 'activity.moves_made').actual, null)
  await admin.del(`/api/kpis/${kpi.id}`)
})

test('a period to compare with is read like from and to: whole days of the company, one day is a period', async () => {
  const q = { funnel_id: String(funnel.id), from: day(0), to: day(0) }
  const same = await admin.get(`/api/reports/funnel?${new URLSearchParams({ ...q, compare: `${day(0)}..${day(0)}` })}`)
  const other = JSON.stringify(same.comparison.params)
  assert.match(other, new RegExp(`"from":${same.params.from},"to":${same.params.to}`), other.slice(0, 300))
})

test('a deal thrown away today was there yesterday: conversion says the same as the funnel', async () => {
  const deal = await make('Удалят потом', {})
  await admin.patch(`/api/deals/${deal.id}`, { stage_id: won.id })
  await new Promise((done) => setTimeout(done, 20))
  const as_of = String(Date.now())
  const before = await report(admin, 'conversion', { as_of })
  await new Promise((done) => setTimeout(done, 20))
  await admin.del(`/api/deals/${deal.id}`)
  const after = await report(admin, 'conversion', { as_of })
  assert.equal(after.summary.won, before.summary.won)
  assert.equal((await report(admin, 'funnel', { as_of, funnel_id: String(after.params.funnel_id ?? funnel.id) })).summary.won, after.summary.won)
})

test('a deal that went on to another funnel is not open in the first one', async () => {
  const next = await funnelOf(admin, { name: 'Внедрение' })
  const q = { funnel_id: String(funnel.id) }
  const before = (await report(admin, 'funnel', q)).summary
  const deal = await make('Уходит дальше', {})
  assert.equal((await report(admin, 'funnel', q)).summary.open, before.open + 1)
  await admin.patch(`/api/deals/${deal.id}`, { funnel_id: next.funnel.id, stage_id: next.stages[0].id })
  const after = (await report(admin, 'funnel', q)).summary
  assert.deepEqual([after.deals, after.open], [before.deals + 1, before.open])
})
