// What winning costs, and do chances come true (R189, R190, R195, R213).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, freshPlace, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { allLeadToDeals, behind, fromCli, history, near, notes, report } from './report_rig.mjs'

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller)
const { funnel, stages, won, lost } = await funnelOf(admin)
const day = 86400000
const start = Date.UTC(2031, 0, 10, 9)
const at = (d) => clock(server, start + d * day)
const deal = (more) => admin.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, ...more })
const move = (d, to) => admin.patch(`/api/deals/${d.id}`, { stage_id: to.id })

test('a fresh company is answered', async () => {
  for (const id of ['unprofitable', 'calibration']) {
    const r = await report(admin, id)
    assert.deepEqual(r.items, [], id)
    assert.ok(notes(r).includes('empty'), id)
  }
})

test('flying to Langepas for two seats does not pay: 32 000 against 20 000', async () => {
  await at(0)
  await deal({ title: 'Лангепас', value_minor: 2000000, cost_minor: 3200000 })
  await move(await deal({ title: 'В убыток', value_minor: 1000000, cost_minor: 1100000 }), won)
  await move(await deal({ title: 'Выгодная', value_minor: 9000000, cost_minor: 900000 }), won)
  await move(await deal({ title: 'Зря', value_minor: 5000000, cost_minor: 800000 }), lost)
  await deal({ title: 'Без суммы', cost_minor: 100 })
  await deal({ title: 'Без затрат', value_minor: 100 })
  await at(1)
  const r = await report(admin, 'unprofitable')
  assert.deepEqual([r.summary.deals, r.summary.with_cost, r.summary.unprofitable], [6, 5, 3])
  assert.deepEqual([r.summary.unprofitable_open, r.summary.unprofitable_won], [2, 1])
  assert.equal(r.summary.cost_of_lost, 800000)
  assert.equal(r.summary.won_value, 10000000)
  assert.equal(r.summary.cost_to_win, (3200000 + 1100000 + 900000 + 800000 + 100) / 2, 'lost deals were paid for too')
  assert.equal(r.summary.overspent, 1200000 + 100000 + 100)
  assert.deepEqual(r.summary.worst.map((w) => w.deal), ['Лангепас', 'В убыток', 'Без суммы'])
  assert.deepEqual(await behind(admin, 'unprofitable', {}, 'unprofitable', r.items[0].key), ['Без суммы', 'В убыток', 'Лангепас'])
  assert.match(r.verdict, /3 из 5/)
  assert.ok((await allLeadToDeals(admin, 'unprofitable')) === 6)
  await admin.patch(`/api/funnels/${funnel.id}`, { unprofitable_percent: 5 })
  assert.equal((await report(admin, 'unprofitable')).summary.unprofitable, 5, 'a funnel that allows 5 % of the value')
})

test('who may not see what deals cost is not told', async () => {
  const role = await admin.create('/api/roles', { name: 'Без затрат', base: 'seller', rights: { fields: { 'deal.cost_minor': 'hidden' } } })
  await admin.patch(`/api/users/${people.seller.session.user.id}`, { role_id: role.id })
  assert.equal((await seller('GET', '/api/reports/unprofitable')).status, 403)
})

test('sellers promise nine of ten, three of ten come', async () => {
  await admin.patch(`/api/stages/${stages[0].id}`, { probability: 30 })
  for (let month = 0; month < 8; month++) {
    await at(10 + month * 30)
    const made = []
    for (let i = 0; i < 10; i++) made.push(await deal({ title: `К${month}-${i}`, probability: 90 }))
    await at(10 + month * 30 + 20)
    for (const [i, d] of made.entries()) await move(d, i < 3 ? won : lost)
  }
  await at(260)
  await deal({ title: 'Сегодня' })
  const r = await report(admin, 'calibration', { filter: 'title ~ "К"', days: 30 })
  const said = r.items.find((x) => x.who_says === 'продавец'), stage = r.items.find((x) => x.who_says === 'этап')
  near(said.promised, 0.9, 'promised')
  near(said.observed, 0.3, 'came true')
  near(said.overconfidence, 0.6, 'too much by')
  assert.ok(said.observed_low < 0.3 && said.observed_high > 0.3)
  near(stage.promised, 0.3, 'the stage says')
  near(stage.overconfidence, 0, 'and is right')
  near(r.summary.seller_brier, 0.3 * 0.01 + 0.7 * 0.81, 'Brier')
  near(r.summary.seller_ece, 0.6, 'calibration error')
  near(r.summary.stage_brier, 0.21, 'no worse than one rate for all')
  assert.ok(r.summary.model_brier < r.summary.seller_brier)
  assert.match(r.verdict, /завышают/)
  assert.ok(r.summary.by_group.length >= 1 && r.summary.by_stage[0].cases >= 30)
  await admin.patch(`/api/stages/${stages[0].id}`, { probability: 95 })
  const told = async () => (await report(admin, 'calibration', { filter: 'title ~ "К"', days: 30 })).items.filter((x) => x.who_says === 'этап').map((x) => [x.promised, x.cases])
  assert.deepEqual(await told(), [[stage.promised, stage.cases]], 'what is promised since then was not promised in the past')
  assert.equal((await report(admin, 'calibration', { filter: 'title ~ "К"', days: 30 })).explain.definition, 2)
  assert.ok((await allLeadToDeals(admin, 'calibration', { filter: 'title ~ "К"', days: 30 })) >= 4)
})

test('a seller who has learned since is judged by what was typed then', async () => {
  const place = freshPlace()
  const date = (d) => new Date(Date.UTC(2024, 0, 1) + d * day).toISOString()
  const lines = []
  for (let d = 0; d < 200; d++) lines.push(`${d},New,${date(d)},Анна`, `${d},${d % 4 ? 'Lost' : 'Won'},${date(d + 9.5)},Анна`)
  await history(place, 'Ровная', lines)
  const r = await fromCli(place, 'calibration', '--as-of', date(205), '--days', '30')
  assert.ok(notes(r).includes('nothing_typed'))
  assert.ok(r.summary.model_cases >= 30)
  near(r.summary.model_brier, 0.1875, 'a quarter is won', 0.03)
})

test('a stage whose probability was raised half-way is judged by what it promised each month', async () => {
  const fresh = await serveWithClock(), boss = await tokenOf(fresh, (await peopleOf(fresh)).admin)
  const f = await funnelOf(boss), go = (d) => clock(fresh, start + d * day)
  for (let month = 0; month < 8; month++) {
    await go(month * 30)
    if (month === 0 || month === 4) await boss.patch(`/api/stages/${f.stages[0].id}`, { probability: month ? 70 : 20 })
    const made = []
    for (let i = 0; i < 10; i++) made.push(await boss.create('/api/deals', { title: `М${month}-${i}`, funnel_id: f.funnel.id }))
    await go(month * 30 + 20)
    for (const [i, d] of made.entries()) await boss.patch(`/api/deals/${d.id}`, { stage_id: (i < 3 ? f.won : f.lost).id })
  }
  await go(250)
  const r = await report(boss, 'calibration', { days: 30 }), said = r.items.filter((x) => x.who_says === 'этап')
  assert.deepEqual(said.map((x) => Math.round(x.promised * 100)), [20, 70])
  assert.equal(said[0].cases + said[1].cases, r.summary.stage_cases)
  assert.ok(said.every((x) => x.cases >= 20), JSON.stringify(said))
  assert.ok(notes(r).includes('stage_chances_changed'))
  near(r.summary.by_stage[0].promised, (0.2 * said[0].cases + 0.7 * said[1].cases) / r.summary.stage_cases, 'both promises weigh')
})
