// What clients bring, what they buy and what they come back for (R221, R222, R231, R268, R318, R319, R320, R335, R336, R345, R393).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { allLeadToDeals, behind, near, notes, report } from './report_rig.mjs'

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller)
const { funnel, won, lost } = await funnelOf(admin)
const day = 86400000
const start = Date.UTC(2031, 0, 10, 9)
const at = (d) => clock(server, start + d * day)
const deal = (more) => admin.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, ...more })
const win = async (more) => {
  const d = await deal(more)
  await admin.patch(`/api/deals/${d.id}`, { stage_id: won.id })
  return d
}
const lose = async (more) => admin.patch(`/api/deals/${(await deal(more)).id}`, { stage_id: lost.id })

test('a fresh company: every report on clients answers', async () => {
  for (const id of ['ltv', 'products']) {
    const r = await report(admin, id)
    assert.deepEqual(r.items, [], id)
    assert.ok(notes(r).includes('empty'), id)
  }
})

test('average check, purchases a client and LTV by hand: twelve clients, four of them came back', async () => {
  await at(0)
  const firms = []
  for (let i = 0; i < 12; i++) firms.push(await admin.create('/api/companies', { name: `Фирма ${i}`, country: i < 6 ? 'Казахстан' : 'Россия' }))
  for (const f of firms) await win({ company_id: f.id, value_minor: 1000000, cost_minor: 400000 })
  await at(100)
  for (const f of firms.slice(0, 4)) await win({ company_id: f.id, value_minor: 2000000, cost_minor: 400000 })
  await win({ value_minor: 777 })
  await lose({ company_id: firms[0].id, value_minor: 5 })
  await at(500)
  await deal({ title: 'Жизнь идёт' }) // else the report would be as of the last event
  const r = await report(admin, 'ltv')
  const all = r.items[0]
  assert.deepEqual([all.clients, all.purchases], [12, 16])
  near(all.purchases_each, 16 / 12, 'purchases a client')
  assert.equal(all.average_check, 20000000 / 16)
  assert.equal(all.revenue, 20000000)
  assert.equal(all.revenue_each, Math.round(20000000 / 12))
  assert.equal(all.margin_each, Math.round((20000000 - 16 * 400000) / 12))
  near(all.repeat_180, 4 / 12, 'came back within half a year')
  near(all.repeat_365, 4 / 12, 'and within a year')
  assert.ok(all.repeat_low < 1 / 3 && all.repeat_high > 1 / 3)
  assert.equal(all.ltv, all.margin_each, 'a model of twelve clients would be a guess')
  assert.ok(notes(r).includes('ltv_no_model') && notes(r).includes('no_client'))
  assert.deepEqual(r.summary.repeats.map((s) => [s.purchase, s.clients]), [[1, 12], [2, 4]])
  near(r.summary.repeats[0].came_back, 4 / 12, 'the second purchase')
  const by = await report(admin, 'ltv', { by: 'company_id.country' })
  assert.deepEqual(by.items.map((x) => [x.group, x.clients, x.purchases]).sort(), [['Казахстан', 6, 10], ['Россия', 6, 6]])
  assert.ok((await allLeadToDeals(admin, 'ltv', { by: 'company_id.country' })) === 2)
  const early = await report(admin, 'ltv', { from: '2031-04-01' })
  assert.deepEqual(early.items, [], 'nobody bought for the first time later')
})

test('forty clients with a rhythm: the model expects them back, the silent ones less', async () => {
  for (let i = 0; i < 40; i++) {
    const c = await admin.create('/api/contacts', { name: `Клиент ${i}` })
    await win({ contact_id: c.id, value_minor: 100000 })
    if (i % 2) await win({ contact_id: c.id, value_minor: 100000 })
  }
  await at(560)
  const c = (await admin.list('/api/contacts', { filter: 'name = "Клиент 1"' })).items[0]
  await win({ contact_id: c.id, value_minor: 100000 })
  await at(600)
  const r = await report(admin, 'ltv')
  assert.ok(notes(r).includes('ltv_ahead'))
  assert.ok(r.summary.expected_purchases > 0)
  assert.ok(r.summary.ltv > r.summary.margin_each)
  assert.ok(r.summary.observed_share > 0 && r.summary.observed_share < 1)
  const none = await report(admin, 'ltv', { discount: '0.5' })
  assert.ok(none.summary.ltv < r.summary.ltv, 'money that comes later is worth less')
  assert.equal((await admin('GET', '/api/reports/ltv?discount=many')).status, 400)
})

test('products: asked for, won, the key one, who prefers what and what goes together', async () => {
  await at(900)
  const course = await admin.create('/api/products', { name: 'Курс', price_minor: 1000000 })
  const audit = await admin.create('/api/products', { name: 'Аудит', price_minor: 300000 })
  const firms = (await admin.list('/api/companies', { limit: 100 })).items
  const of = (country) => firms.find((f) => f.country === country).id
  const sell = (d, product, more) => admin.create('/api/deal-products', { deal_id: d.id, product_id: product.id, ...more })
  for (let i = 0; i < 20; i++) {
    const d = await deal({ title: `П${i}`, company_id: of(i < 10 ? 'Казахстан' : 'Россия') })
    if (i < 10 || i >= 15) await sell(d, course, { quantity: 2, discount_percent: 10 })
    if (i >= 8) await sell(d, audit)
    await admin.patch(`/api/deals/${d.id}`, { stage_id: i % 2 ? won.id : lost.id })
  }
  await deal({ title: 'Без продуктов' })
  const r = await report(admin, 'products', { from: '2033-06-01' })
  const c = r.items.find((x) => x.product === 'Курс'), a = r.items.find((x) => x.product === 'Аудит')
  assert.deepEqual([c.deals, c.won, c.lost, c.open], [15, 8, 7, 0])
  near(c.win_rate, 8 / 15, 'of decided ones')
  assert.deepEqual([c.quantity, c.revenue, c.average_price], [16, 8 * 1800000, 900000])
  near(c.discount, 0.1, 'discount')
  assert.deepEqual([a.deals, a.won, a.revenue], [12, 6, 6 * 300000])
  near(c.revenue_share, (8 * 1800000) / (8 * 1800000 + 6 * 300000), 'the key product')
  assert.equal(r.summary.key_product, 'Курс')
  assert.match(r.verdict, /Курс/)
  assert.deepEqual([r.summary.deals, r.summary.with_products, r.summary.several_products], [21, 20, 7])
  const [pair] = r.summary.pairs
  assert.equal(pair.together, 7)
  near(pair.lift, (7 * 20) / (15 * 12), 'less often than by chance')
  assert.deepEqual((await behind(admin, 'products', { from: '2033-06-01' }, 'won', a.key)).length, 6)
  const by = await report(admin, 'products', { from: '2033-06-01', by: 'company_id.country' })
  const kz = by.summary.preferences.find((p) => p.group === 'Казахстан' && p.product === 'Курс')
  near(kz.preference, 1 / (15 / 20), 'all of Kazakhstan asks for the course')
  assert.ok((await allLeadToDeals(admin, 'products', { from: '2033-06-01' })) === 8)
})

test('a seller sees figures of the own deals only', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  assert.equal((await report(seller, 'ltv')).summary.clients, 0)
  assert.equal((await report(seller, 'products')).summary.deals, 0)
})
