// What clients bring, what they buy and what they come back for (R002, R009, R323, R031, R033, R094, R221, R222, R231, R268, R318, R319, R320, R335, R336, R345, R393).
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
  for (const id of ['ltv', 'products', 'new_existing', 'win_back', 'rfm_abc']) {
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
  assert.ok((await allLeadToDeals(admin, 'ltv', { by: 'company_id.country' })) >= 4)
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
  assert.equal(await allLeadToDeals(admin, 'products', { from: '2033-06-01' }), 9)
})

test('new clients and existing ones, and what is sold across', async () => {
  await at(1000)
  const from = '2033-10-06'
  const audit = (await admin.list('/api/products', { filter: 'name = "Аудит"' })).items[0]
  const course = (await admin.list('/api/products', { filter: 'name = "Курс"' })).items[0]
  const sell = async (who, product, value) => {
    const d = await deal({ company_id: who.id, value_minor: value })
    if (product) await admin.create('/api/deal-products', { deal_id: d.id, product_id: product.id })
    await admin.patch(`/api/deals/${d.id}`, { stage_id: won.id, value_minor: value })
    return d
  }
  const fresh = []
  for (let i = 0; i < 6; i++) fresh.push(await admin.create('/api/companies', { name: `Новая ${i}` }))
  for (const f of fresh) await sell(f, course, 1000000)
  await at(1010)
  await sell(fresh[0], course, 500000)
  const cross = await sell(fresh[1], audit, 300000)
  await lose({ company_id: fresh[2].id })
  await lose({ company_id: (await admin.create('/api/companies', { name: 'Отказалась' })).id })
  await win({ value_minor: 1 })
  await at(1011)
  const r = await report(admin, 'new_existing', { from })
  const s = r.summary
  assert.deepEqual([s.new_won, s.existing_won, s.cross_sales, s.new_lost, s.existing_lost, s.no_client], [6, 2, 1, 1, 1, 1])
  assert.deepEqual([s.new_revenue, s.existing_revenue, s.cross_revenue], [6000000, 800000, 300000])
  near(s.existing_share, 800000 / 6800000, 'share of existing clients')
  assert.deepEqual((await behind(admin, 'new_existing', { from }, 'cross_sales', r.items[0].key)).length, 1)
  assert.ok((await allLeadToDeals(admin, 'new_existing', { from, by: 'owner' })) >= 6)
  assert.ok(cross.id)
})

test('who bought lately, often and much; A, B and C', async () => {
  await at(1100)
  const r = await report(admin, 'rfm_abc', { from: '2033-10-06' })
  assert.deepEqual([r.summary.clients, r.summary.purchases, r.summary.revenue], [6, 8, 6800000])
  const client = (name) => r.summary.client_list.find((c) => c.client === name)
  const [best, other] = [client('Новая 0'), client('Новая 4')]
  assert.deepEqual([best.segment, best.abc, best.purchases, best.revenue], ['Лучшие', 'A', 2, 1500000])
  assert.deepEqual([other.segment, other.recency, other.frequency, other.monetary], ['Потеряны', 1, 1, 1], 'a hundred days silent beside ninety')
  assert.deepEqual(r.items.map((x) => [x.segment, x.clients, x.purchases]), [['Лучшие', 2, 4], ['Потеряны', 4, 4]])
  assert.deepEqual(r.summary.abc.map((x) => [x.abc, x.clients]), [['A', 5], ['B', 1]])
  assert.equal(r.summary.abc.reduce((n, x) => n + x.revenue, 0), 6800000)
  near(r.items[0].revenue_share, 2800000 / 6800000, 'what the best bring')
  assert.ok((await allLeadToDeals(admin, 'rfm_abc', { from: '2033-10-06' })) >= 3)
})

test('win-back and renewals: revenue recovered, and who of the lost bought after all', async () => {
  await at(1200)
  const back = await funnelOf(admin, { name: 'Реанимация', kind: 'return' })
  const firm = await admin.create('/api/companies', { name: 'Ушла и вернулась' })
  const gone = await deal({ title: 'Ушла', company_id: firm.id })
  await admin.patch(`/api/deals/${gone.id}`, { stage_id: lost.id })
  const slip = await deal({ title: 'Передумала' })
  await admin.patch(`/api/deals/${slip.id}`, { stage_id: lost.id })
  await lose({ title: 'Насовсем' })
  await at(1210)
  await admin.patch(`/api/deals/${slip.id}`, { stage_id: won.id, move_reason: 'передумала и купила' })
  const again = await admin.create('/api/deals', { title: 'Снова', funnel_id: back.funnel.id, company_id: firm.id, value_minor: 700000 })
  await admin.create('/api/deals', { title: 'Зовём', funnel_id: back.funnel.id, value_minor: 100000 })
  await at(1215)
  await admin.patch(`/api/deals/${again.id}`, { stage_id: back.won.id })
  const r = await report(admin, 'win_back', { from: '2034-04-20' })
  assert.deepEqual(r.items.map((x) => [x.group, x.deals, x.won, x.open, x.recovered]), [['Реанимация', 2, 1, 1, 700000]])
  assert.equal(r.summary.lost_deals, 3)
  assert.deepEqual(r.summary.lost_elsewhere.map((x) => x.won_back), [1, 1], 'one deal reopened, one client back by another deal')
  assert.deepEqual(await behind(admin, 'win_back', { from: '2034-04-20' }, 'won', r.items[0].key), ['Снова'])
  assert.deepEqual(await behind(admin, 'win_back', { from: '2034-04-20' }, 'won_back', 1, 'lost_elsewhere'), ['Ушла'])
  assert.match(r.verdict, /7.000/)
})

test('a seller sees figures of the own deals only', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  assert.equal((await report(seller, 'ltv')).summary.clients, 0)
  assert.equal((await report(seller, 'products')).summary.deals, 0)
  assert.equal((await report(seller, 'new_existing')).summary.new_won, 0)
  assert.deepEqual((await report(seller, 'rfm_abc')).items, [])
  assert.equal((await report(seller, 'win_back')).summary.deals, 0)
})
