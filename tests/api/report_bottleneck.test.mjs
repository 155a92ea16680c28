// Where deals are lost that others would have brought on, and what a better stage would bring (R101, R102, R104, R105).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, peopleOf, serve } from './harness.mjs'
import { allLeadToDeals, near, report } from './report_rig.mjs'

const server = await serve()
const people = await peopleOf(server)
const admin = people.admin
const { funnel, stages, won, lost } = await funnelOf(admin, { name: 'Продажи', open: ['Заявка', 'КП'], task_rule: 'off' })
const reason = await admin.create('/api/loss-reasons', { name: 'Дорого' })
const [ask, offer] = stages
const asked = { funnel_id: funnel.id }
// The head brings 18 of 20 requests to an offer, the seller 6 of 20; of the offers of each every second is won.
async function deal(owner, i, brought) {
  const d = await admin.create('/api/deals', { title: `${i}`, funnel_id: funnel.id, stage_id: ask.id, owner_id: owner.session.user.id, value_minor: 100000 })
  const to = (stage, more = {}) => admin.patch(`/api/deals/${d.id}`, { stage_id: stage.id, ...more })
  if (brought) await to(offer)
  await to(brought && i % 2 ? won : lost, brought && i % 2 ? {} : { loss_reason_id: reason.id })
}
for (let i = 0; i < 20; i++) await deal(people.head, i, i < 18)
for (let i = 0; i < 20; i++) await deal(people.seller, i, i < 6)

test('the bottleneck is where the best seller loses far fewer, and it has a price', async () => {
  const r = await report(admin, 'bottleneck', asked)
  const [first, second] = r.items
  assert.deepEqual([first.stage, first.decided, first.went_on, first.best], ['Заявка', 40, 24, 'head'])
  near(first.went_on_rate, 24 / 40, 'brought to an offer')
  assert.equal(second.best, null, 'at the offer both do the same: nothing to gain')
  assert.equal(second.extra_wins, null)
  // shrunken rates of both, half of what goes on is won, 1,000.00 a win
  const rate = Object.fromEntries(r.summary.sellers.filter((s) => s.stage === 'Заявка').map((s) => [s.group, s.shrunken_rate]))
  assert.ok(rate.head < 0.9 && rate.seller > 0.3 && rate.head > 0.8, 'drawn towards each other')
  near(first.best_rate, rate.head, 'the best rate')
  near(first.extra_wins, 20 * (rate.head - rate.seller) * 0.5, 'extra wins')
  assert.equal(first.worth, Math.round(first.extra_wins * 100000))
  assert.match(r.verdict, /Заявка/)
  await allLeadToDeals(admin, 'bottleneck', asked)
})

test('ten points fewer losses at the request, and a relay of the best, by hand', async () => {
  const r = await report(admin, 'what_if', { ...asked, stage_id: ask.id, lift: 10 })
  assert.deepEqual(r.items.map((i) => [i.stage, i.exits, i.lost_here]), [['Заявка', 40, 16], ['КП', 24, 12]])
  near(r.summary.win_rate_now, 12 / 40, 'now')
  near(r.summary.win_rate_then, 0.7 * 0.5, 'ten points more reach the offer')
  near(r.summary.extra_wins, 40 * 0.05, 'two more wins')
  assert.equal(r.summary.worth, 200000)
  near(r.items[1].win_rate_then, 0.6 * 0.6, 'ten points at the offer instead')
  near(r.summary.relay_rate, (1 - r.items[0].best_lost_rate) * 0.5, 'the head takes all requests')
  const best = await report(admin, 'what_if', asked)
  assert.equal(best.params.stage_id, null)
  near(best.summary.win_rate_then, 0.36, 'unless asked for, the stage that brings most')
  await allLeadToDeals(admin, 'what_if', asked)
  assert.equal((await admin('GET', `/api/reports/what_if?funnel_id=${funnel.id}&lift=much`)).status, 400)
  assert.equal((await admin('GET', `/api/reports/what_if?funnel_id=${funnel.id}&stage_id=999999`)).status, 400)
})
