// The case of an educational company: what its marketing looked like before and after (R215, R216, R223, R317, R318, R320, R321, R342).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { near, notes, report } from './report_rig.mjs'

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const start = Date.UTC(2031, 0, 10, 9)
const day = 86400000
const at = (d) => clock(server, start + d * day)
await at(0)

// So many deals of a funnel, the first of them won, in a few requests.
async function sell({ funnel, won, lost }, n, wins, more) {
  for (let i = 0; i < n; i += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, n - i) }, async (_, k) => {
        const d = await admin.create('/api/deals', { title: `Лид ${i + k}`, funnel_id: funnel.id, ...(typeof more === 'function' ? more(i + k) : more) })
        await admin.patch(`/api/deals/${d.id}`, { stage_id: i + k < wins ? won.id : lost.id })
      }),
    )
}

test('«из 313 лидов клиентами стали 13»: 4,2 %', async () => {
  const old = await funnelOf(admin, { name: 'Заявки в таблице' })
  await sell(old, 313, 13, { value_minor: 100000 })
  const r = await report(admin, 'sources', { funnel_id: old.funnel.id })
  assert.deepEqual([r.summary.leads, r.summary.won], [313, 13])
  near(r.summary.naive_rate, 13 / 313, '4.2 %')
  near(r.summary.rate, 13 / 313, 'nothing is open: the honest rate is the same')
  assert.ok(r.summary.rate_low > 0.02 && r.summary.rate_high < 0.08)
  const c = await report(admin, 'conversion', { funnel_id: old.funnel.id })
  near(c.summary.naive_rate, 13 / 313, 'the conversion report agrees')
})

// Lead costs and checks that give the case's returns: 150 % in Kazakhstan, 1002 % in Kyrgyzstan, and a direction that loses.
const markets = [
  { country: 'Казахстан', leads: 200, wins: 18, check: 1250000, cost: 9000000, romi: 1.5, rate: 0.09 },
  { country: 'Киргизия', leads: 200, wins: 9, check: 1102000, cost: 900000, romi: 10.02, rate: 0.045 },
  { country: 'Узбекистан', leads: 100, wins: 5, check: 1000000, cost: 6250000, romi: -0.2, rate: 0.05 },
]

test('ROMI от 150 % в Казахстане до 1002 % в Киргизии: by campaign and by country of the client', async () => {
  await at(1)
  const asia = await funnelOf(admin, { name: 'Азия' })
  const source = await admin.create('/api/sources', { name: 'Таргет' })
  for (const m of markets) {
    const campaign = await admin.create('/api/campaigns', { name: m.country, source_id: source.id })
    const firm = await admin.create('/api/companies', { name: m.country, country: m.country })
    await admin.create('/api/ad-costs', { campaign_id: campaign.id, day_on: '2031-01-11', cost_minor: m.cost })
    await sell(asia, m.leads, m.wins, { campaign_id: campaign.id, company_id: firm.id, value_minor: m.check })
  }
  for (const params of [{ level: 'campaign' }, { by: 'company_id.country' }]) {
    const r = await report(admin, 'sources', { ...params, funnel_id: asia.funnel.id })
    for (const m of markets) {
      const row = r.items.find((x) => x.channel === m.country)
      assert.equal(row.leads, m.leads)
      near(row.rate, m.rate, `${m.country}: conversion`)
      near(row.romi, m.romi, `${m.country}: ROMI`, 1e-6)
      assert.ok(Math.abs(row.cac - m.cost / m.wins) <= 1, 'CAC')
      assert.equal(row.revenue, m.wins * m.check)
    }
    assert.match(r.verdict, /Киргизия.*1002\s?%.*Узбекистан/, 'the verdict names the best and the worst')
  }
})

test('«50,5 % для российской воронки, азиатских — от 4,5 до 9 %»: funnels beside each other', async () => {
  await at(2)
  const russia = await funnelOf(admin, { name: 'Россия' })
  await sell(russia, 200, 101, { value_minor: 500000 })
  const r = await report(admin, 'sources', { by: 'funnel' })
  const rate = (name) => r.items.find((x) => x.channel === name).rate
  near(rate('Россия'), 0.505, 'Russia')
  near(rate('Азия'), 32 / 500, 'Asia together')
  assert.ok(rate('Азия') > 0.045 && rate('Азия') < 0.09)
  const asia = r.items.find((x) => x.channel === 'Азия'), home = r.items.find((x) => x.channel === 'Россия')
  assert.ok(home.rate_low > asia.rate_high, 'no chance makes such a difference')
  assert.ok(asia.ad_cost > 0 && home.ad_cost === 0, 'costs follow their leads into the funnels')
  assert.ok(notes(r).includes('cost_shared'))
})

test('средний чек и покупки на человека stand beside LTV', async () => {
  const r = await report(admin, 'ltv', { by: 'company_id.country' })
  const kz = r.items.find((x) => x.group === 'Казахстан')
  assert.deepEqual([kz.average_check, kz.purchases], [1250000, 18])
})
