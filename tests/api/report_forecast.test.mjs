// What will open deals bring, and were past forecasts right (R193-R195, R207, R324).
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { cli, clock, freshPlace, funnelOf, peopleOf, scratchFile, serveWithClock, tokenOf } from './harness.mjs'
import { allLeadToDeals, behind, expected, fromCli, history, loans, near, notes, report, skip } from './report_rig.mjs'

const day = 86400000
const date = (d) => new Date(Date.UTC(2024, 0, 1) + Math.round(d * day)).toISOString()

test('real history: a month of a bank forecast from what was known, as the reference computed it', { skip }, async () => {
  const place = freshPlace()
  await loans(place, /^A_|^O_/)
  const all = JSON.parse(readFileSync(expected('known_values.json'), 'utf8')).forecast_backtest
  for (const [as_of, key] of [['2012-01-01', 'bpic2012_2012-01-01_h30'], ['2012-02-01', 'bpic2012_2012-02-01_h30']]) {
    const want = all[key]
    const r = await fromCli(place, 'forecast', '--as-of', as_of, '--days', '30', '--model', 'age')
    assert.equal(r.summary.open_deals, want.open)
    near(r.summary.expected_wins, want.AJ_age_conditioned_mean, key, 0.05)
    assert.ok(notes(r).includes('not_yet_calibrated'), 'a few months of history prove no band')
    assert.ok(Math.abs(r.summary.wins_p10 - want.P10) <= 1 && Math.abs(r.summary.wins_p50 - want.P50) <= 1 && Math.abs(r.summary.wins_p90 - want.P90) <= 1)
    const byStage = await fromCli(place, 'forecast', '--as-of', as_of, '--days', '30')
    assert.ok(Math.abs(byStage.summary.expected_wins - want.actual_wins) < Math.abs(want.AJ_age_conditioned_mean - want.actual_wins) + 10,
      `by stage ${byStage.summary.expected_wins}, by age ${want.AJ_age_conditioned_mean}, came ${want.actual_wins}`)
  }
  const { cohorts, pooled } = JSON.parse(readFileSync(expected('bpic2012.json'), 'utf8')).backtest_2012_01_31_h30
  const c = await fromCli(place, 'conversion', '--funnel', 'Loans', '--as-of', '2012-02-01')
  assert.equal(c.summary.deals, pooled.n)
  assert.equal(cohorts.reduce((n, x) => n + x.n, 0), pooled.n)
  near(c.items.find((x) => x.horizon_days === 30).won_rate, pooled.AJ_F1, 'what was known on 31 January foretold the month')
  near(pooled.AJ_F1, pooled.truth_won_within_h_of_all_fully_observed, 'and it came true', 0.001)
})

// Every day five deals enter; each is decided after ten days, two of five won: a company that never changes.
const steady = []
for (let d = 0; d < 300; d++)
  for (let k = 0; k < 5; k++) {
    const id = `${d}-${k}`
    steady.push(`${id},New,${date(d)},Анна`, `${id},Talks,${date(d + 4)},Анна`)
    if (d + 10 < 300) steady.push(`${id},${k < 2 ? 'Won' : 'Lost'},${date(d + 10)},Анна`)
  }

test('a steady company: forecasts come true, the band is proved by the past', async () => {
  const place = freshPlace()
  await history(place, 'Steady', steady)
  const as_of = date(299.5)
  const r = await fromCli(place, 'forecast', '--as-of', as_of, '--days', '14')
  assert.equal(r.summary.open_deals, 50, 'ten days of five deals')
  near(r.summary.expected_wins, 20, 'two of five', 0.5)
  near(r.summary.wins_p50, 20, 'P50', 1)
  assert.ok(r.summary.wins_p10 <= r.summary.wins_p50 && r.summary.wins_p50 <= r.summary.wins_p90)
  assert.ok(r.summary.wins_p90 - r.summary.wins_p10 < 3, 'nothing ever varied: the proved band is narrower than that of coins')
  assert.ok(r.summary.forecasts_judged >= 3)
  assert.equal(r.summary.hit_rate, 1)
  assert.ok(notes(r).includes('calibrated_by'))
  near(r.summary.fresh_wins, 8, 'deals of the next four days are won within fourteen', 1)
  const past = r.summary.past_forecasts.at(-1)
  near(past.actual, 20, 'what came', 1)
  near(past.forecast, 20, 'what was forecast', 1)
  const byAge = await fromCli(place, 'forecast', '--as-of', as_of, '--days', '14', '--model', 'age')
  near(byAge.summary.expected_wins, 20, 'by age as well', 0.5)
  assert.ok(byAge.summary.forecasts_judged >= 3, 'that model has a past of its own')
  assert.ok(notes(byAge).includes('calibrated_by'))
  assert.ok(byAge.summary.wins_p10 <= byAge.summary.wins_p50 && byAge.summary.wins_p50 <= byAge.summary.wins_p90)
  near(byAge.summary.past_forecasts.at(-1).forecast, 20, 'what age foretold then', 1)
  const young = (await fromCli(place, 'forecast', '--as-of', date(149.5), '--days', '14')).summary.past_forecasts
  const proved = young.find((x) => x.p90 - x.p10 < 3)
  const weeks = (young.at(-1).forecast_on - proved.forecast_on) / 7
  assert.equal(weeks % 2, 0, 'a miss is known when the fortnight it was made for is over, not a week before')
})

const shop = await serveWithClock()
test('a past forecast was made of the prices of its day: a price that rose since changes what came, not what was promised', async () => {
  const boss = await tokenOf(shop, (await peopleOf(shop)).admin)
  const { funnel, won, lost } = await funnelOf(boss)
  const begin = Date.UTC(2031, 0, 10, 9)
  const deals = []
  for (let d = 0; d < 120; d += 2) {
    await clock(shop, begin + d * day)
    const old = deals.at(-4)
    if (old) await boss.patch(`/api/deals/${old.id}`, { stage_id: deals.length % 2 ? won.id : lost.id })
    deals.push(await boss.create('/api/deals', { title: `С${d}`, funnel_id: funnel.id, value_minor: 10000 }))
  }
  const past = async () => (await report(boss, 'forecast', { days: 7 })).summary.past_forecasts
  await clock(shop, begin + 119.3 * day) // away from the hours at which deals came
  const before = await past()
  assert.ok(before.length >= 2 && before.at(-1).revenue_forecast > 0, JSON.stringify(before))
  for (const d of deals.slice(0, -4)) await boss.patch(`/api/deals/${d.id}`, { value_minor: 50000 })
  const after = await past()
  const week = (list, on) => list.find((x) => x.forecast_on === on)
  const both = before.filter((x) => week(after, x.forecast_on))
  assert.ok(both.length >= 1)
  for (const x of both) {
    assert.equal(week(after, x.forecast_on).revenue_forecast, x.revenue_forecast, 'promised')
    assert.equal(week(after, x.forecast_on).revenue_actual, 5 * x.revenue_actual, 'came')
  }
})

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller)
const { funnel, stages, won, lost } = await funnelOf(admin)
const start = Date.UTC(2031, 0, 10, 9)
const at = (d) => clock(server, start + d * day)

test('history that comes in with the newest deals first promises what the same history promises in its order', async () => {
  const cases = []
  for (let d = 0; d < 120; d++)
    cases.push([`${d},New,${date(d)},Анна,1000`, `${d},Talks,${date(d + 4)},Анна,2000`, ...(d < 110 ? [`${d},${d % 5 < 2 ? 'Won' : 'Lost'},${date(d + 10)},Анна,${d < 60 ? 3000 : 5000}`] : [])])
  const told = []
  for (const [name, order] of [['Order', cases], ['Newest', cases.toReversed()]]) {
    const place = freshPlace(), file = scratchFile(`amounts-${name}.csv`)
    writeFileSync(file, ['deal,stage,at,user,amount', ...order.flat()].join('\n') + '\n')
    const r = await cli(['import', ...place, '--events', file, '--funnel', name, '--case', 'deal', '--stage', 'stage', '--at', 'at', '--user', 'user',
      '--amount', 'amount', '--won', 'Won', '--lost', 'Lost'])
    assert.equal(r.code, 0, r.err)
    told.push((await fromCli(place, 'forecast', '--as-of', date(119.5), '--days', '14')).summary)
  }
  const [order, newest] = told.map((s) => s.past_forecasts.map((w) => [w.forecast_on, w.revenue_forecast, w.revenue_actual]))
  assert.ok(order.length >= 3)
  assert.deepEqual(newest, order)
  for (const [, promised, came] of order.slice(-5)) {
    near(promised, 640000, 'two of five of four new ones for 1 000 and six that are talked of for 2 000', 80000)
    assert.ok(came >= 1200000, 'they were sold for more')
  }
  assert.equal(told[1].hit_rate, told[0].hit_rate)
  assert.deepEqual([told[1].revenue_p10, told[1].revenue_p90], [told[0].revenue_p10, told[0].revenue_p90])
})

test('a fresh company has nothing to forecast, and is told so', async () => {
  const r = await report(admin, 'forecast')
  assert.deepEqual(r.items, [])
  assert.equal(r.summary.open_deals, 0)
  assert.equal(r.summary.hit_rate, null)
  assert.equal(r.verdict, undefined)
  assert.ok(notes(r).includes('empty'))
})

test('revenue, cost and the typed probability of open deals; a band that nothing has proved says so', async () => {
  await at(0)
  await admin.patch(`/api/stages/${stages[0].id}`, { probability: 50 })
  const deal = (more) => admin.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, value_minor: 10000000, cost_minor: 1000000, ...more })
  const done = []
  for (let i = 0; i < 20; i++) done.push(await deal())
  await at(2)
  for (const [i, d] of done.entries()) await admin.patch(`/api/deals/${d.id}`, { stage_id: i < 5 ? won.id : lost.id })
  await at(3)
  const open = []
  for (let i = 0; i < 4; i++) open.push(await deal({ title: `О${i}` }))
  await deal({ title: 'О4', value_minor: null, probability: 90 })
  const r = await report(admin, 'forecast', { days: 30 })
  assert.equal(r.summary.open_deals, 5)
  near(r.summary.expected_wins, 5 * 0.25, 'a quarter of deals is won', 0.02)
  near(r.summary.revenue_expected, 4 * 0.25 * 10000000, 'of those with a value', 200000)
  near(r.summary.cost_expected, 5 * 0.25 * 1000000, 'their cost', 20000)
  assert.equal(r.summary.revenue_typed, 4 * 0.5 * 10000000)
  assert.equal(r.summary.pipeline, 40000000)
  assert.deepEqual([r.summary.revenue_p10, r.summary.revenue_p50, r.summary.revenue_p90], [0, 10000000, 20000000])
  for (const code of ['not_yet_calibrated', 'no_value', 'few']) assert.ok(notes(r).includes(code), code)
  assert.match(r.verdict, /100.000/)
  assert.deepEqual(await behind(admin, 'forecast', {}, 'open_deals', r.items[0].key), ['О0', 'О1', 'О2', 'О3', 'О4'])
  assert.ok((await allLeadToDeals(admin, 'forecast', { by: 'owner' })) === 1)
})

test('a seller sees the own pipeline; wrong days are refused', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  await seller.create('/api/deals', { title: 'Моя', funnel_id: funnel.id, value_minor: 5 })
  assert.equal((await report(seller, 'forecast')).summary.open_deals, 1)
  const bad = await admin('GET', '/api/reports/forecast?days=9999')
  assert.deepEqual([bad.status, bad.body.field], [400, 'days'])
})
