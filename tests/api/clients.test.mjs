// Clients and the economics of their deals: where a deal has been, whether it pays, who decides at the client's, where
// the client stands, what competitors offer, and one deal for one product.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const day = 86400e3
const server = await serveWithClock()
const { admin, seller, head } = await peopleOf(server)
const { funnel, stages, won, lost } = await funnelOf(admin, { name: 'Корпоративные', open: ['Заявка получена', 'Потребность выявлена', 'КП отправлено'] })
const [fresh, needs, offer] = stages
const refused = async (api, method, path, body, status, code) => {
  const r = await api(method, path, body)
  assert.equal(r.status, status, r.text)
  assert.equal(r.body.code, code)
  return r.body
}
const deal = (body = {}) => admin.create('/api/deals', { title: 'Обучение', funnel_id: funnel.id, ...body })
const move = (id, stage, more = {}) => admin.patch(`/api/deals/${id}`, { stage_id: stage.id, ...more })
const found = async (filter) => (await admin.list('/api/deals', { filter, sort: 'id' })).items.map((d) => d.id)
const undo = async (change) => admin.must(200)('POST', '/api/undo', { change_id: Number(change) })
let me = admin
const now = async () => (await admin.create('/api/tags', { name: `t${Math.random()}` })).created_at

test('a deal remembers every stage it has been on and how often it stepped back, and an undo forgets', async () => {
  const d = await deal()
  assert.deepEqual([d.stage_ids, d.returns], [[fresh.id], 0])
  await move(d.id, offer)
  const back = await admin('PATCH', `/api/deals/${d.id}`, { stage_id: needs.id, move_reason: 'Потребность поняли не так' })
  assert.equal(back.status, 200, back.text)
  assert.deepEqual([back.body.stage_ids, back.body.returns], [[fresh.id, needs.id, offer.id], 1])
  await move(d.id, offer)
  const again = await move(d.id, needs, { move_reason: 'Снова уточняем' })
  assert.equal(again.returns, 2)
  assert.deepEqual(await found(`stage_ids has ${offer.id} and returns >= 2`), [d.id])
  const last = await admin('PATCH', `/api/deals/${d.id}`, { stage_id: fresh.id, move_reason: 'С начала' })
  assert.equal(last.body.returns, 3)
  const undone = await undo(last.headers.get('voronka-change'))
  assert.equal((await admin.get(`/api/deals/${d.id}`)).returns, 2)
  await undo(undone.body.change_id)
  assert.equal((await admin.get(`/api/deals/${d.id}`)).returns, 3, 'what is done again counts again')

  const other = await deal()
  const moved = await admin('PATCH', `/api/deals/${other.id}`, { stage_id: offer.id })
  await undo(moved.headers.get('voronka-change'))
  assert.deepEqual((await admin.get(`/api/deals/${other.id}`)).stage_ids, [fresh.id], 'it has never been there')
  assert.equal((await admin.list('/api/deals/groups', { by: 'returns' })).groups.length, 2)
})

test('a deal whose costs outgrow its value is marked, as the funnel has it (R189, R190)', async () => {
  const d = await deal({ title: 'Выезд в Лангепас', value_minor: 3200000 })
  assert.equal(d.unprofitable, false)
  assert.equal((await admin.patch(`/api/deals/${d.id}`, { cost_minor: 4100000 })).unprofitable, true)
  assert.deepEqual(await found('unprofitable = true'), [d.id])
  assert.equal((await admin.patch(`/api/deals/${d.id}`, { value_minor: 5000000 })).unprofitable, false)
  const strict = await admin('PATCH', `/api/funnels/${funnel.id}`, { unprofitable_percent: 50 })
  assert.deepEqual(await found('unprofitable = true'), [d.id], 'half of the value is too much now')
  await undo(strict.headers.get('voronka-change'))
  assert.deepEqual(await found('unprofitable = true'), [])
  const free = await deal({ title: 'Без суммы', cost_minor: 100 })
  assert.equal(free.unprofitable, true, 'a cost and no value at all')
  await admin.del(`/api/deals/${free.id}`)
})

test('what a deal sells can be filtered by and follows its products', async () => {
  const product = await admin.create('/api/products', { name: 'Первая помощь', price_minor: 100000 })
  const d = await deal()
  const line = await admin.create('/api/deal-products', { deal_id: d.id, product_id: product.id })
  assert.deepEqual(await found(`product_ids has ${product.id}`), [d.id])
  const gone = await admin('DELETE', `/api/deal-products/${line.id}`)
  assert.deepEqual(await found(`product_ids has ${product.id}`), [])
  await undo(gone.headers.get('voronka-change'))
  assert.deepEqual((await admin.get(`/api/deals/${d.id}`)).product_ids, [product.id])
})

test('the buying centre: roles, attitudes, coverage that runs out after ninety days (R365, R366, R380)', async () => {
  const people = []
  for (const name of ['Директор', 'Главный инженер']) people.push(await admin.create('/api/contacts', { name }))
  const d = await deal({ title: 'Закупочный центр' })
  assert.equal(d.coverage, null, 'nobody is named')
  const chief = await admin.create('/api/buyers', { deal_id: d.id, contact_id: people[1].id, role: 'influences', needs: 'Меньше травм', expectations: 'Курс за день', last_contact_at: await now() })
  const card = await admin.get(`/api/deals/${d.id}`)
  assert.deepEqual([card.coverage, card.contact_ids], [0, [people[1].id]], 'nobody decides; the person is a contact of the deal')
  const body = { deal_id: d.id, contact_id: people[0].id, role: 'decides', attitude: 'favours' }
  const boss = await admin.create('/api/buyers', body)
  assert.equal((await admin.get(`/api/deals/${d.id}`)).coverage, 50)
  assert.equal((await refused(admin, 'POST', '/api/buyers', body, 409, 'buyer_exists')).field, 'contact_id')
  await admin.patch(`/api/buyers/${boss.id}`, { needs: 'Допуск к тендеру', expectations: 'Удостоверения к маю', last_contact_at: await now() })
  assert.deepEqual(await found('coverage >= 60'), [d.id])
  const kinds = (await admin.get(`/api/deals/${d.id}/timeline`)).items.map((e) => e.kind)
  assert.ok(kinds.includes('buyer.created') && kinds.includes('buyer.updated'), kinds.join(' '))

  const gone = await admin('DELETE', `/api/buyers/${chief.id}`)
  assert.equal((await admin.get(`/api/deals/${d.id}`)).coverage, 100)
  await admin.patch(`/api/buyers/${boss.id}`, { needs: null })
  assert.equal((await admin.get(`/api/deals/${d.id}`)).coverage, 0)
  await admin.patch(`/api/buyers/${boss.id}`, { needs: 'Допуск' })
  await undo(gone.headers.get('voronka-change'))
  assert.equal((await admin.get(`/api/deals/${d.id}`)).coverage, 100)

  me = await tokenOf(server, admin)
  await clock(server, (await now()) + 91 * day)
  await eventually(async () => (await me.get(`/api/deals/${d.id}`)).coverage === 0, 'coverage that has run out')
  const call = await me.create('/api/tasks', { title: 'Позвонить директору', kind: 'call', deal_id: d.id, contact_id: people[0].id })
  await me.patch(`/api/tasks/${call.id}`, { done: true, result: 'Поговорили' })
  assert.equal((await me.get(`/api/deals/${d.id}`)).coverage, 50, 'a call to a member counts')
  me = await server.admin() // the sessions of before have ended
})


test('two cards of one person become one, in the buying centre and with the competitors too (R156)', async () => {
  const a = await me.create('/api/contacts', { name: 'Ольга Ким' })
  const b = await me.create('/api/contacts', { name: 'Ким О.' })
  const d = await me.create('/api/deals', { title: 'Дубль', funnel_id: funnel.id })
  await me.create('/api/buyers', { deal_id: d.id, contact_id: a.id, role: 'uses', needs: 'Удобство' })
  await me.create('/api/buyers', { deal_id: d.id, contact_id: b.id, role: 'decides', expectations: 'Скидка', attitude: 'against' })
  const rival = await me.create('/api/competitors', { name: 'Конкурент и Ко' })
  const bid = await me.create('/api/competitor-offers', { competitor_id: rival.id, contact_id: b.id, offer: 'На 10 % дешевле', price_minor: 90000 })
  assert.equal(bid.currency, 'RUB')
  const merged = await me('POST', `/api/contacts/${a.id}/merge`, { with: [b.id] })
  assert.equal(merged.status, 200, merged.text)
  const centre = (await me.list('/api/buyers', { filter: `deal_id = ${d.id}` })).items
  assert.deepEqual(
    centre.map((m) => [m.contact_id, m.role, m.needs, m.expectations, m.attitude]),
    [[a.id, 'decides', 'Удобство', 'Скидка', 'against']],
  )
  assert.equal((await me.get(`/api/competitor-offers/${bid.id}`)).contact_id, a.id)
  await me.must(200)('POST', '/api/undo', { change_id: Number(merged.headers.get('voronka-change')) })
  assert.equal((await me.list('/api/buyers', { filter: `deal_id = ${d.id}` })).items.length, 2)
  await refused(me, 'POST', '/api/competitor-offers', { competitor_id: rival.id }, 422, 'one_of_three')
  await refused(me, 'POST', '/api/competitor-offers', { competitor_id: rival.id, deal_id: d.id, contact_id: a.id }, 422, 'one_of_three')
  await me.create('/api/competitor-offers', { competitor_id: rival.id, deal_id: d.id, offer: 'Рассрочка' })
  const kinds = (await me.get(`/api/deals/${d.id}/timeline`)).items.map((e) => e.kind)
  assert.ok(kinds.includes('competitor-offer.created'))
})

test('an erased person leaves neither needs nor offers behind, and gets them all on request before', async () => {
  const person = await me.create('/api/contacts', { name: 'Семён Сергеевич Забывайка' })
  const d = await me.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, contact_id: person.id })
  const member = await me.create('/api/buyers', { deal_id: d.id, contact_id: person.id, needs: 'личные нужды Забывайки' })
  const rival = await me.create('/api/competitors', { name: 'Соперник' })
  const bid = await me.create('/api/competitor-offers', { competitor_id: rival.id, contact_id: person.id, offer: 'предложено лично' })
  const all = await me.get(`/api/contacts/${person.id}/personal-data`)
  assert.deepEqual([all.buyers.map((b) => b.id), all.competitor_offers.map((o) => o.id)], [[member.id], [bid.id]])
  const erased = await me('POST', `/api/contacts/${person.id}/erase`, { reason: 'По просьбе' })
  assert.equal(erased.status, 200, erased.text)
  assert.equal((await me.get(`/api/buyers/${member.id}`)).needs, null)
  assert.equal((await me.get(`/api/competitor-offers/${bid.id}`)).offer, null)
  assert.doesNotMatch(JSON.stringify((await me.get(`/api/deals/${d.id}/timeline`)).items), /личные нужды|предложено лично/)
  await refused(me, 'POST', '/api/buyers', { deal_id: (await me.create('/api/deals', { title: 'Ещё', funnel_id: funnel.id })).id, contact_id: person.id }, 409, 'contact_erased')
})

test('classifiers: values of their own kind, archived ones refused, two merged everywhere at once (R150)', async () => {
  await me.must(201)('POST', '/api/presets/sales-ladder')
  const values = (await me.list('/api/classifiers', { filter: 'kind = "development"', sort: 'position', limit: 100 })).items
  assert.ok(values.length >= 5, JSON.stringify(values.map((v) => v.name)))
  const [cold, warm] = values
  const depth = (await me.list('/api/classifiers', { filter: 'kind = "depth"' })).items[0]
  const firm = await me.create('/api/companies', { name: 'ООО «Лестница»', development_id: cold.id, depth_id: depth.id })
  assert.equal((await refused(me, 'PATCH', `/api/companies/${firm.id}`, { depth_id: warm.id }, 422, 'classifier_of_other_kind')).field, 'depth_id')
  const old = await me.create('/api/classifiers', { kind: 'development', name: 'Лид' })
  assert.ok(old.position > values.at(-1).position)
  await me.patch(`/api/companies/${firm.id}`, { development_id: old.id })
  await me.patch(`/api/classifiers/${old.id}`, { archived: true })
  await refused(me, 'POST', '/api/contacts', { name: 'Новый', development_id: old.id }, 422, 'option_archived')
  assert.deepEqual((await me.list('/api/companies', { filter: `development_id = ${old.id}` })).items.map((c) => c.id), [firm.id])
  await refused(me, 'POST', `/api/classifiers/${old.id}/merge`, { into: depth.id }, 422, 'merge_other_list')
  const op = (await me.must(202)('POST', `/api/classifiers/${old.id}/merge`, { into: warm.id })).body
  await eventually(async () => (await me.get(`/api/operations/${op.id}`)).state === 'done', 'the merge')
  assert.equal((await me.get(`/api/companies/${firm.id}`)).development_id, warm.id)
  assert.equal((await me('GET', `/api/classifiers/${old.id}`)).status, 404)
})

test('a tag that triggers and goals speak of is merged there, too, and an undo brings it back', async () => {
  const [old, kept] = [await me.create('/api/tags', { name: 'выезд' }), await me.create('/api/tags', { name: 'Выездное обучение' })]
  const trigger = await me.create('/api/triggers', {
    name: 'Выезд',
    event: { on: 'tagged', tag_id: old.id },
    condition: `tag_ids has ${old.id} and value_minor > ${old.id}`,
    actions: [{ do: 'untag', tag_id: old.id }],
  })
  const goal = await me.create('/api/goals', { stage_id: fresh.id, name: 'Выезд согласован', actions: [{ do: 'tag', tag_id: old.id }] })
  const op = (await me.must(202)('POST', `/api/tags/${old.id}/merge`, { into: kept.id })).body
  await eventually(async () => (await me.get(`/api/operations/${op.id}`)).state === 'done', 'the merge')
  const now = await me.get(`/api/triggers/${trigger.id}`)
  assert.deepEqual(
    [now.event.tag_id, now.condition, now.actions[0].tag_id],
    [kept.id, `tag_ids has ${kept.id} and value_minor > ${old.id}`, kept.id],
    'numbers of other fields stay',
  )
  assert.equal((await me.get(`/api/goals/${goal.id}`)).actions[0].tag_id, kept.id)
  const back = (await me.must(202)('POST', `/api/operations/${op.id}/undo`)).body
  await eventually(async () => (await me.get(`/api/operations/${back.id}`)).state === 'done', 'the undo')
  assert.equal((await me.get(`/api/triggers/${trigger.id}`)).event.tag_id, old.id)
})

test('the ladder shows climbs, falls and repeat passes of a client (R137)', async () => {
  const firm = await me.create('/api/companies', { name: 'ООО «Высота»' })
  const first = await me.create('/api/deals', { title: 'Первая', funnel_id: funnel.id, company_id: firm.id })
  await me.patch(`/api/deals/${first.id}`, { stage_id: offer.id })
  await me.patch(`/api/deals/${first.id}`, { stage_id: needs.id, move_reason: 'уточняем' })
  await me.patch(`/api/deals/${first.id}`, { stage_id: won.id })
  const reason = await me.create('/api/loss-reasons', { name: 'Дорого', funnel_id: funnel.id })
  const second = await me.create('/api/deals', { title: 'Повторная', funnel_id: funnel.id, company_id: firm.id })
  await me.patch(`/api/deals/${second.id}`, { stage_id: lost.id, loss_reason_id: reason.id })
  const values = (await me.list('/api/classifiers', { filter: 'kind = "development"', sort: 'position' })).items
  await me.patch(`/api/companies/${firm.id}`, { development_id: values[1].id })
  await me.patch(`/api/companies/${firm.id}`, { development_id: values[0].id })
  const ladder = await me.get(`/api/companies/${firm.id}/ladder`)
  assert.deepEqual(
    ladder.points.map((p) => [p.deal_id, p.stage_id ?? p.classifier_id, p.kind]),
    [
      [first.id, fresh.id, 'up'],
      [first.id, offer.id, 'up'],
      [first.id, needs.id, 'down'],
      [first.id, won.id, 'won'],
      [second.id, fresh.id, 'up'],
      [second.id, lost.id, 'lost'],
      [null, values[1].id, 'up'],
      [null, values[0].id, 'down'],
    ],
  )
  assert.deepEqual(ladder.points.slice(0, 6).map((p) => p.level), [25, 75, 50, 100, 25, 0])
  assert.equal(new Set(ladder.points.slice(0, 6).map((p) => p.pass)).size, 2, 'a pass a deal')
  assert.deepEqual([ladder.levels[0], ladder.levels.at(-1).level, ladder.thinned], [{ level: 0, name: values[0].name }, 100, false])
  assert.equal((await me('GET', '/api/contacts/999999/ladder')).status, 404)
})

test('one product, one deal: what is sold of another funnel goes into a deal of its own (R313, R314)', async () => {
  const retail = await funnelOf(me, { name: 'Курсы', open: ['Записан', 'Оплачен'] })
  const kit = await me.create('/api/products', { name: 'Аптечка', price_minor: 500000 })
  const course = await me.create('/api/products', { name: 'Курс для всех', price_minor: 700000, funnel_id: retail.funnel.id })
  const tag = await me.create('/api/tags', { name: 'срочно' })
  const firm = await me.create('/api/companies', { name: 'ООО «Разные»' })
  const d = await me.create('/api/deals', { title: 'Всё сразу', funnel_id: funnel.id, company_id: firm.id, value_minor: 1900000, tag_ids: [tag.id] })
  await me.create('/api/deal-products', { deal_id: d.id, product_id: kit.id })
  await refused(me, 'POST', `/api/deals/${d.id}/split`, {}, 422, 'nothing_to_split')
  const line = await me.create('/api/deal-products', { deal_id: d.id, product_id: course.id, quantity: 2 })
  const proposal = await me.get(`/api/deals/${d.id}/split`)
  assert.deepEqual(proposal.parts.map((p) => [p.funnel_id, p.products.map((x) => x.id), p.value_minor]), [[retail.funnel.id, [line.id], 1400000]])

  const gate = await me.create('/api/gates', { stage_id: retail.stages[0].id, kind: 'field', field: 'contact_id' })
  await refused(me, 'POST', `/api/deals/${d.id}/split`, proposal, 422, 'gates_unmet')
  await me.del(`/api/gates/${gate.id}`)
  const r = await me('POST', `/api/deals/${d.id}/split`, proposal)
  assert.equal(r.status, 201, r.text)
  const [part] = r.body.items
  assert.deepEqual(
    [part.title, part.funnel_id, part.stage_id, part.company_id, part.value_minor, part.tag_ids, part.product_ids],
    ['Всё сразу: Курс для всех', retail.funnel.id, retail.stages[0].id, firm.id, 1400000, [tag.id], [course.id]],
  )
  assert.deepEqual([r.body.deal.value_minor, r.body.deal.product_ids], [500000, [kit.id]])
  await me.must(200)('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })
  const back = await me.get(`/api/deals/${d.id}`)
  assert.deepEqual([back.value_minor, back.product_ids], [1900000, [kit.id, course.id]])
  assert.equal((await me('GET', `/api/deals/${part.id}`)).status, 404)
})

test('a department that is called in before its stage: a warning to the deal\'s owner and the head (R369, R382)', async () => {
  const user = async (email, more) => me.create('/api/users', { name: email, email, role: 'seller', password: 'пароль для тестов', ...more })
  const boss = await user('boss@example.ru')
  const law = await me.create('/api/teams', { name: 'Юристы' })
  const sales = await me.create('/api/teams', { name: 'Продажи', head_id: boss.id })
  const lawyer = await user('law@example.ru', { team_id: law.id })
  const manager = await user('manager@example.ru', { team_id: sales.id })
  const d = await me.create('/api/deals', { title: 'Рано', funnel_id: funnel.id, owner_id: manager.id })
  const task = (owner) => me.create('/api/tasks', { title: 'Проверить договор', deal_id: d.id, owner_id: owner.id })
  assert.equal((await task(lawyer)).early, false, 'without a rule nothing is early')
  await refused(me, 'POST', '/api/involvements', { funnel_id: funnel.id, stage_id: 999999, team_id: law.id }, 422, 'ref_not_found')
  await me.create('/api/involvements', { funnel_id: funnel.id, stage_id: offer.id, team_id: law.id, note: 'Договор смотрим после КП' })
  assert.equal((await task(lawyer)).early, true)
  assert.equal((await task(manager)).early, false)
  const told = async (email) => (await (await server.signIn(email, 'пароль для тестов')).list('/api/notifications')).items.filter((n) => n.kind === 'task.early').length
  assert.deepEqual([await told('manager@example.ru'), await told('boss@example.ru')], [1, 1])
  await me.patch(`/api/deals/${d.id}`, { stage_id: offer.id })
  assert.equal((await task(lawyer)).early, false, 'now it is time')
})

test('journal and derived values agree in the end', async () => {
  const { code, out, err } = await cli(['check', ...server.place])
  assert.equal(code, 0, out + err)
})
