// The card of a client and the card of a deal as the cases describe them: everything in one place, kept by goals where
// it can be, found again by a filter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playOf } from './case_play.mjs'
import { funnelOf } from './harness.mjs'

const p = await playOf('sales-ladder')
const { admin, head, seller } = p
const ladder = 'Лестница продаж'
const classifiers = await p.all('/api/classifiers')
const kinds = ['development', 'depth', 'reaction', 'loyalty', 'prospect', 'importance']
const of = (kind) => classifiers.filter((c) => c.kind === kind)

test('a client has every operational classifier of the case, each from its own list, and the next contact’s date (R150-R155, R157-R159)', async () => {
  for (const kind of kinds) assert.ok(of(kind).length > 1, `there is a list of ${kind}`)
  const set = {
    development_id: of('development')[0].id, next_development_id: of('development')[1].id, depth_id: of('depth')[0].id,
    reaction_id: of('reaction')[0].id, loyalty_id: of('loyalty')[0].id, prospect_id: of('prospect')[0].id,
    importance_id: of('importance')[0].id, next_contact_on: '2031-03-01',
  }
  const firm = await seller.create('/api/companies', { name: 'Склад и сеть', ...set })
  for (const [field, value] of Object.entries(set)) {
    assert.equal(firm[field], value)
    const { items } = await seller.list('/api/companies', { filter: field.endsWith('_on') ? `${field} = "${value}"` : `${field} = ${value} and name = "Склад и сеть"` })
    assert.deepEqual(items.map((c) => c.id), [firm.id], `the main table filters by ${field}`)
  }
  const wrong = await seller('PATCH', `/api/companies/${firm.id}`, { loyalty_id: of('depth')[0].id })
  assert.deepEqual([wrong.status, wrong.body.field], [422, 'loyalty_id'], 'a value of another list is none')
})

test('a goal changes what is known of the client; nobody types it (R109, R151)', async () => {
  const firm = await seller.create('/api/companies', { name: 'Завод' })
  const deal = await seller.create('/api/deals', { title: 'Склад под ключ', funnel_id: p.funnel(ladder).id, company_id: firm.id })
  assert.equal((await head.get(`/api/companies/${firm.id}`)).development_id, null)
  await p.walk(deal, ladder, ['Разведка проведена', 'Контакт состоялся', 'Возможность сделки оценена'], { 'Возможность сделки оценена': { probability: 40, expected_close_on: '2027-02-01' } })
  assert.equal((await head.get(`/api/companies/${firm.id}`)).development_id, of('development').find((c) => c.name === 'Заинтересован').id)
  const { items } = await head.get(`/api/companies/${firm.id}/timeline`)
  assert.ok(items.some((e) => JSON.stringify(e).includes('development_id')), 'and the client’s history tells of it')
})

test('the whole client on one screen: deals, people, talks, tasks and files, newest first (R160, R261, R284, R372, R378)', async () => {
  const firm = await seller.create('/api/companies', { name: 'Мясокомбинат' })
  const person = await seller.create('/api/contacts', { name: 'Анна Лебедева', company_id: firm.id, phone: '+7 900 000-00-01' })
  const deal = await seller.create('/api/deals', { title: 'Учёт партий', funnel_id: p.funnel(ladder).id, company_id: firm.id, contact_id: person.id })
  await seller.create('/api/notes', { deal_id: deal.id, text: 'Решает главный технолог' })
  const call = await seller.create('/api/tasks', { deal_id: deal.id, title: 'Позвонить технологу', kind: 'call', due_at: p.now + 3600e3 })
  await seller.patch(`/api/tasks/${call.id}`, { done: true, result: 'Показали прослеживаемость, ждёт расчёт' })
  await p.artefact(deal, 'offer')
  const { items } = await seller.get(`/api/companies/${firm.id}/timeline?limit=200`)
  const told = JSON.stringify(items)
  for (const part of ['Анна Лебедева', 'Учёт партий', 'Решает главный технолог', 'Показали прослеживаемость, ждёт расчёт', 'offer.txt'])
    assert.ok(told.includes(part), `the client’s history tells «${part}»`)
  const times = items.map((e) => e.at)
  assert.deepEqual(times, [...times].sort((a, b) => b - a))
})

test('what the last talk was about is the first thing that the card tells (R296, R331)', async () => {
  const deal = await seller.create('/api/deals', { title: 'Перезвонить', funnel_id: p.funnel(ladder).id })
  for (const [title, result] of [['Первый звонок', 'Не дозвонились'], ['Второй звонок', 'Просит цену на 12 мест']]) {
    const t = await seller.create('/api/tasks', { deal_id: deal.id, title, kind: 'call', due_at: p.now })
    await p.later(1)
    await seller.patch(`/api/tasks/${t.id}`, { done: true, result })
  }
  const seen = await seller.get(`/api/deals/${deal.id}`)
  assert.equal(seen.last_channel, 'call')
  assert.ok(seen.last_contact_at >= p.now)
  const { items } = await seller.list('/api/tasks', { filter: `deal_id = ${deal.id} and done = true`, sort: '-done_at', limit: 1 })
  assert.equal(items[0].result, 'Просит цену на 12 мест')
})

test('a card of each funnel has its own layout and the company’s own fields (R074, R075, R285)', async () => {
  const field = await admin.create('/api/custom-fields', { object: 'deal', type: 'number', label: 'Мест' })
  const [a, b] = [await funnelOf(admin, { name: 'Пассивные' }), await funnelOf(admin, { name: 'Активные' })]
  await admin.create('/api/layouts', { object: 'deal', funnel_id: a.funnel.id, groups: [{ title: 'Заявка', fields: [`cf_${field.id}`, 'source_id'] }] })
  await admin.create('/api/layouts', { object: 'deal', funnel_id: b.funnel.id, groups: [{ title: 'Обзвон', fields: ['company_id'] }] })
  const layouts = (await seller.list('/api/layouts', { limit: 100 })).items
  assert.deepEqual(
    [a, b].map((f) => layouts.find((l) => l.funnel_id === f.funnel.id).groups.map((g) => g.title)),
    [['Заявка'], ['Обзвон']],
  )
  const deal = await seller.create('/api/deals', { title: 'Двенадцать мест', funnel_id: a.funnel.id, [`cf_${field.id}`]: 12 })
  assert.equal((await seller.get(`/api/deals/${deal.id}`))[`cf_${field.id}`], 12)
})

test('the holder of a deal is not who took the first call; whoever helped is named with the part (R188, R191, R192, R224)', async () => {
  const { funnel } = await funnelOf(admin, { name: 'Передача' })
  const deal = await seller.create('/api/deals', { title: 'Передать', funnel_id: funnel.id, value_minor: 5000000, expected_close_on: '2031-05-01' })
  const boss = head.session.user.id
  await head.patch(`/api/deals/${deal.id}`, { owner_id: boss, owner_reason: 'Крупный клиент' })
  await head.create('/api/deal-members', { deal_id: deal.id, user_id: p.me, part: 'первый звонок' })
  const members = (await head.list('/api/deal-members', { filter: `deal_id = ${deal.id}` })).items
  assert.deepEqual(members.map((m) => [m.user_id, m.part]), [[p.me, 'первый звонок']])
  const { items } = await head.get(`/api/deals/${deal.id}/timeline`)
  assert.ok(JSON.stringify(items).includes('Крупный клиент'), 'why it was handed over stays in the history')
})

test('the class of a deal decides what its stages ask: a long sale is examined, a quick one is not (R196, R197)', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Разные циклы', open: ['Заявка получена', 'Потребность выявлена'] })
  const long = await admin.create('/api/deal-classes', { name: 'Длинный цикл' })
  const quick = await admin.create('/api/deal-classes', { name: 'Быстрая' })
  await admin.create('/api/gates', { stage_id: stages[1].id, kind: 'field', field: 'expected_close_on', deal_class_id: long.id })
  const deal = (deal_class_id) => seller.create('/api/deals', { title: 'Продажа', funnel_id: funnel.id, deal_class_id })
  const go = async (d) => (await seller('PATCH', `/api/deals/${d.id}`, { stage_id: stages[1].id })).status
  assert.deepEqual([await go(await deal(long.id)), await go(await deal(quick.id))], [422, 200])
})

test('tags are set by hand as well, and every outcome of a lead is kept (R006, R007, R225, R275)', async () => {
  const { funnel, lost } = await funnelOf(admin, { name: 'Исходы' })
  const tag = await admin.create('/api/tags', { name: 'выставка' })
  const reason = await admin.create('/api/loss-reasons', { name: 'Нет бюджета', funnel_id: funnel.id })
  const deal = await seller.create('/api/deals', { title: 'С выставки', funnel_id: funnel.id, tag_ids: [tag.id] })
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: lost.id, loss_reason_id: reason.id, loss_comment: 'Вернуться в мае' })
  const { items } = await head.list('/api/deals', { filter: `tag_ids has ${tag.id} and status = "lost" and loss_reason_id = ${reason.id}` })
  assert.deepEqual(items.map((d) => [d.id, d.loss_comment]), [[deal.id, 'Вернуться в мае']])
})

test('done means done: a task that somebody works on says so, and ends with its result only (R295, R306)', async () => {
  const deal = await seller.create('/api/deals', { title: 'Расчёт', funnel_id: p.funnel(ladder).id })
  const task = await seller.create('/api/tasks', { deal_id: deal.id, title: 'Посчитать', due_at: p.now })
  const begun = await seller.patch(`/api/tasks/${task.id}`, { started_at: p.now })
  assert.deepEqual([begun.started_at, begun.done], [p.now, false])
  const empty = await seller('PATCH', `/api/tasks/${task.id}`, { done: true })
  assert.deepEqual([empty.status, empty.body.field], [422, 'result'])
  assert.equal((await seller.patch(`/api/tasks/${task.id}`, { done: true, result: 'Расчёт отправлен' })).done, true)
})
