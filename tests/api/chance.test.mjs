// The chance of a deal on its card: by stage and age, and by what was known when it was created (R189, R195).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { near } from './report_rig.mjs'

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller)
const { funnel, stages, won, lost } = await funnelOf(admin)
const day = 86400000
const start = Date.UTC(2031, 0, 10, 9)
const at = (d) => clock(server, start + d * day)
const deal = (more) => admin.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, ...more })
const chance = (api, d, params = '') => api.get(`/api/deals/${d.id}/chance${params}`)

test('without a past nothing is promised', async () => {
  await at(0)
  const c = await chance(admin, await deal({}))
  assert.deepEqual([c.status, c.won_rate, c.low, c.score, c.score_reason], ['open', 0, null, null, 'too_few_deals'])
})

const site = await admin.create('/api/sources', { name: 'Сайт' })
const cold = await admin.create('/api/sources', { name: 'Холодный звонок' })

test('a quarter of the deals is won after five days: that is the chance, and it grows with age', async () => {
  await admin.patch(`/api/stages/${stages[0].id}`, { probability: 60 })
  for (let i = 0; i < 40; i++) {
    await at(1 + i)
    const d = await deal({ title: `Д${i}`, source_id: i % 2 ? site.id : cold.id })
    await at(1 + i + (i % 4 ? 0.4 : 0.8))
    await admin.patch(`/api/deals/${d.id}`, { stage_id: i % 4 === 0 ? won.id : lost.id })
  }
  await at(60)
  const d = await deal({})
  const c = await eventually(async () => (await chance(admin, d)).at_risk && chance(admin, d))
  near(c.won_rate, 0.25, 'ten of forty', 0.03)
  near(c.by_age, 0.25, 'by age alike', 0.03)
  assert.ok(c.low < c.won_rate && c.won_rate < c.high)
  assert.equal(c.typed, 0.6, 'the stage says sixty')
  assert.equal(c.days, 90)
  const done = (await admin.list('/api/deals', { filter: 'title = "Д0"' })).items[0]
  assert.deepEqual([(await chance(admin, done)).status, (await chance(admin, done)).won_rate], ['won', 1])
})

test('deals from the site are won, cold calls are not: the score knows, says why and how sure it is', async () => {
  for (let i = 0; i < 160; i++) {
    if (i % 8 === 0) await at(61 + i / 8)
    const d = await deal({ title: `С${i}`, source_id: i % 2 ? site.id : cold.id })
    const wins = i % 2 ? i % 10 < 8 : i % 20 === 0
    await admin.patch(`/api/deals/${d.id}`, { stage_id: wins ? won.id : lost.id })
  }
  await at(120)
  const good = await deal({ source_id: site.id }), bad = await deal({ source_id: cold.id })
  const g = await eventually(async () => ((await chance(admin, good)).score ? chance(admin, good) : null))
  const b = await chance(admin, bad)
  assert.ok(g.score.rate > 0.6 && b.score.rate < 0.25, `${g.score.rate} and ${b.score.rate}`)
  assert.equal(g.score.better_than_base, true)
  assert.ok(g.score.brier < g.score.base_brier && g.score.auc > 0.7 && g.score.ece < 0.3)
  assert.ok(g.score.tested >= 20 && g.score.learned >= 100)
  assert.ok(g.learned_at > 0, 'when the company was last learned from')
  assert.deepEqual([g.score.fields[0].field, g.score.fields[0].value], ['source_id', site.id], 'the source decides')
  assert.ok(g.score.fields[0].effect > 0 && b.score.fields[0].effect < 0)
  // corrected afterwards: what was known at its creation still counts
  await admin.patch(`/api/deals/${bad.id}`, { source_id: site.id })
  const after = await chance(admin, bad)
  assert.equal(after.score.fields.find((f) => f.field === 'source_id').value, cold.id)
  near(after.score.rate, b.score.rate, 'the score does not look ahead', 0.05)
})

test('a hidden field is not told, a hidden deal has no chance', async () => {
  const role = await admin.create('/api/roles', {
    name: 'Без источника',
    base: 'seller',
    rights: { objects: { deal: { see: 'own' } }, fields: { 'deal.source_id': 'hidden', 'deal.probability': 'hidden' } },
  })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  const own = await seller.create('/api/deals', { title: 'Моя', funnel_id: funnel.id })
  const c = await chance(seller, own)
  assert.equal(c.typed, null)
  assert.ok(c.score.fields.every((f) => f.field !== 'source_id'))
  const foreign = await deal({})
  assert.equal((await seller('GET', `/api/deals/${foreign.id}/chance`)).status, 404)
  assert.equal((await admin('GET', `/api/deals/${foreign.id}/chance?days=0`)).status, 400)
})
