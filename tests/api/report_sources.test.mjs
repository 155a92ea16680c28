// The marketer asks what each source brings and whether it pays back (R045, R050, R215, R216, R221, R229, R320, R321, R322, R327, R336, R337).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, root, serveWithClock, tokenOf } from './harness.mjs'
import { drilled, report } from './report_look.mjs'
import { allLeadToDeals } from './report_rig.mjs'

const words = JSON.parse(readFileSync(join(root, 'i18n/ru.json'), 'utf8'))
const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller)
const { funnel, stages, won, lost } = await funnelOf(admin)
const day = 86400000
const start = Date.UTC(2031, 0, 10, 9)
const at = (d) => clock(server, start + d * day)
await at(0)

const search = await admin.create('/api/sources', { name: 'Поиск' })
const social = await admin.create('/api/sources', { name: 'Соцсети' })
const spring = await admin.create('/api/campaigns', { name: 'Весна', source_id: search.id, utm_campaign: 'vesna' })
const stories = await admin.create('/api/campaigns', { name: 'Истории', source_id: social.id, utm_campaign: 'stories' })
const cost = (campaign, on, minor, more = {}) => admin.create('/api/ad-costs', { campaign_id: campaign.id, day_on: on, cost_minor: minor, ...more })
const deal = (more) => admin.create('/api/deals', { title: 'Лид', funnel_id: funnel.id, ...more })
const win = (d) => admin.patch(`/api/deals/${d.id}`, { stage_id: won.id })
const lose = (d) => admin.patch(`/api/deals/${d.id}`, { stage_id: lost.id })
const touch = (more) => admin.create('/api/touches', more)
const when = (d) => start + d * day
const of = (r, name) => r.rows.find((x) => x.channel === name)
const close = (got, want, what) => assert.ok(Math.abs(got - want) < 1e-6, `${what}: ${got} instead of ${want}`)

test('a fresh company is told that there is nothing yet', async () => {
  const r = await report(admin, 'sources')
  assert.deepEqual(r.rows, [])
  assert.equal(r.summary.leads, 0)
  assert.equal(r.summary.romi, null)
  assert.ok(r.codes.includes('empty') && r.codes.includes('no_ad_cost'))
})

test('leads, sales, cost of a client and ROMI stand by source', async () => {
  await cost(spring, '2031-01-10', 600000)
  await cost(spring, '2031-01-11', 400000)
  await cost(stories, '2031-01-10', 200000)
  const leads = []
  for (let i = 0; i < 10; i++) leads.push(await deal({ campaign_id: spring.id, value_minor: 1500000, cost_minor: 250000 }))
  for (let i = 0; i < 10; i++) leads.push(await deal({ source_id: social.id, utm_source: 'VK', value_minor: 100000 }))
  await at(1)
  for (const d of [leads[0], leads[1], leads[10]]) await win(d)
  for (const d of [...leads.slice(2, 10), ...leads.slice(11)]) await lose(d)
  await at(2)
  const r = await report(admin, 'sources')
  const s = of(r, 'Поиск')
  assert.deepEqual([s.leads, s.won, s.open, s.credit], [10, 2, 0, 10])
  close(s.naive_rate, 0.2, 'conversion')
  assert.deepEqual([s.ad_cost, s.lead_cost, s.cac_naive, s.cac], [1000000, 100000, 500000, 500000])
  assert.deepEqual([s.revenue, s.margin, s.revenue_expected], [3000000, 2500000, 0])
  close(s.romi, 1.5, 'ROMI: (2.5 - 1) / 1')
  close(s.observed_share, 1, 'everything has ended')
  const v = of(r, 'Соцсети')
  assert.deepEqual([v.leads, v.won, v.ad_cost, v.revenue], [10, 1, 200000, 100000])
  close(v.romi, -0.5, 'half of it is lost')
  assert.equal(r.summary.ad_cost, 1200000)
  close(r.summary.romi, (2600000 - 1200000) / 1200000, 'together')
  assert.equal(r.currency, 'RUB')
  assert.match(r.verdict, /Поиск.*150\s?%.*Соцсети/)
  const month = r.summary.cohorts.find((c) => c.month === '2031-01')
  assert.deepEqual([month.leads, month.won, month.ad_cost], [20, 3, 1200000])
  assert.deepEqual((await drilled(admin, 'sources', s.key, 'won')).length, 2)
  assert.ok((await allLeadToDeals(admin, 'sources')) >= 6)
})

test('slices: by campaign, by UTM mark whatever its case, by an attribute of the client', async () => {
  const c = await report(admin, 'sources', { level: 'campaign' })
  assert.deepEqual([of(c, 'Весна').leads, of(c, 'Весна').ad_cost], [10, 1000000])
  assert.equal(of(c, 'не указано').leads, 10)
  assert.equal(of(c, 'Истории').leads, 0)
  await deal({ utm_source: 'vk', utm_campaign: 'STORIES' })
  const u = await report(admin, 'sources', { level: 'utm_source' })
  assert.equal(of(u, 'VK').leads, 11)
  assert.ok(u.codes.includes('cost_shared'))
  const again = await report(admin, 'sources', { level: 'campaign' })
  assert.equal(of(again, 'Истории').leads, 1, 'a campaign is known by its utm_campaign')
  const f = await report(admin, 'sources', { by: 'funnel' })
  assert.equal(f.rows.length, 1)
  close(f.rows[0].ad_cost, 1200000, 'the whole cost is shared by the leads of the funnel')
  assert.ok((await allLeadToDeals(admin, 'sources', { by: 'funnel' })) >= 3)
})

test('touches share the credit: first, last, all alike; calls and recommendations too', async () => {
  await at(40)
  const client = await admin.create('/api/contacts', { name: 'Мария' })
  const friend = await admin.create('/api/contacts', { name: 'Ольга' })
  await at(41)
  const d = await deal({ contact_id: client.id, value_minor: 900000, source_id: social.id })
  await touch({ contact_id: client.id, at: when(38), kind: 'utm', utm_campaign: 'vesna', utm_source: 'google' })
  await touch({ deal_id: d.id, at: when(39), kind: 'call', tracking_number: '+74951112233', source_id: social.id })
  await touch({ deal_id: d.id, at: when(40), kind: 'referral', referrer_id: friend.id, source_id: social.id })
  await touch({ deal_id: d.id, at: when(40.5), kind: 'roistat', roistat: '104' })
  await win(d)
  await touch({ deal_id: d.id, at: when(60), kind: 'utm', utm_campaign: 'stories' })
  await at(42)
  const asked = { from: '2031-02-15', to: '2031-02-28' }
  const credits = async (params) => Object.fromEntries((await report(admin, 'sources', { ...asked, ...params })).rows.filter((x) => x.leads).map((x) => [x.channel, x.credit]))
  assert.deepEqual(await credits({ model: 'last' }), { Соцсети: 1 })
  assert.deepEqual(await credits({ model: 'first' }), { Поиск: 1 })
  const linear = await credits({ model: 'linear' })
  close(linear.Поиск, 1 / 3, 'one of three touches that name a source')
  close(linear.Соцсети, 2 / 3, 'two of three')
  assert.deepEqual(await credits({ level: 'tracking_number' }), { '+74951112233': 1 })
  assert.deepEqual(await credits({ level: 'roistat' }), { 104: 1 })
  assert.deepEqual(await credits({ level: 'referrer' }), { Ольга: 1 })
  assert.deepEqual(await credits({ level: 'kind', model: 'first' }), { [words['field.touch.kind:utm']]: 1 })
  assert.ok((await allLeadToDeals(admin, 'sources', { ...asked, model: 'linear' })) >= 6)
})

test('a cost in another currency takes the rate of its day; a total of a campaign is spread over its days', async () => {
  await admin.create('/api/currency-rates', { currency: 'USD', day_on: '2031-03-01', rate: 90 })
  await admin.create('/api/currency-rates', { currency: 'USD', day_on: '2031-03-10', rate: 100 })
  const ads = await admin.create('/api/campaigns', { name: 'Ads', source_id: search.id })
  await cost(ads, '2031-03-05', 1000, { currency: 'USD' })
  await cost(ads, '2031-03-12', 1000, { currency: 'USD' })
  await admin.create('/api/campaigns', { name: 'Выставка', cost_minor: 310000, starts_on: '2031-03-01', ends_on: '2031-03-31' })
  await at(62)
  const r = await report(admin, 'sources', { from: '2031-03-01', to: '2031-03-10', level: 'campaign' })
  assert.equal(of(r, 'Ads').ad_cost, 90000)
  assert.equal(of(r, 'Выставка').ad_cost, 100000)
  assert.ok(r.codes.includes('currency_converted'))
})

test('a seller is told of the own leads and of no costs', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  const own = await seller.create('/api/deals', { title: 'Мой', funnel_id: funnel.id, source_id: search.id, value_minor: 100 })
  const r = await report(seller, 'sources')
  assert.equal(r.summary.leads, 1)
  assert.equal(r.summary.ad_cost, null)
  assert.ok(r.codes.includes('ad_cost_hidden'))
  assert.deepEqual(await drilled(seller, 'sources', search.id, 'leads'), [own.id])
})

test('open deals are expected with their chance, not failures', async () => {
  await at(100)
  const fresh = []
  for (let i = 0; i < 20; i++) fresh.push(await deal({ source_id: search.id, value_minor: 1000000 }))
  await at(103)
  for (const d of fresh.slice(0, 4)) await win(d)
  for (const d of fresh.slice(4, 12)) await lose(d)
  await at(104)
  for (let i = 0; i < 10; i++) await deal({ source_id: search.id, value_minor: 1000000 })
  await at(105)
  const r = await report(admin, 'sources', { from: '2031-04-20' })
  const s = of(r, 'Поиск')
  assert.deepEqual([s.leads, s.won, s.open], [30, 4, 18])
  assert.ok(s.expected_wins > 1 && s.expected_wins < 9, `${s.expected_wins} wins are expected of 18`)
  assert.ok(s.rate > s.naive_rate && s.rate_low <= s.rate && s.rate <= s.rate_high)
  assert.ok(s.observed_share > 0.2 && s.observed_share < 1)
  close(s.revenue_expected, Math.round(s.expected_wins * 1000000), 'their money')
})

test('what is asked wrongly is refused by name', async () => {
  for (const [params, field] of [[{ model: 'best' }, 'model'], [{ level: 'moon' }, 'level'], [{ days: '0' }, 'days']]) {
    const r = await admin('GET', `/api/reports/sources?${new URLSearchParams(params)}`)
    assert.equal(r.status, 400)
    assert.equal(r.body.field, field)
  }
})
