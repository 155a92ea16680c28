// The case of the translation software: four funnels (inbound, outreach, renewal, return), about twenty stages, the
// fields of the card, refusals that flow into the return funnel.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { asks, playOf } from './case_play.mjs'

const p = await playOf('it-product')
const inbound = 'Входящие заявки', outreach = 'Холодные продажи'
const names = p.stagesOf(inbound).map((s) => s.name)
const source = (await p.all('/api/sources', 'name = "Сайт"'))[0].id
const reasons = await p.all('/api/loss-reasons')
let n = 0
const request = (rest = {}) => p.seller.create('/api/deals', { title: `Перевод ${++n}`, funnel_id: p.funnel(inbound).id, ...rest })
const known = async () => ({
  company_id: (await p.seller.create('/api/companies', { name: `Завод ${++n}` })).id, source_id: source,
  [p.cf('Страна')]: p.option('Россия'), [p.cf('Языки')]: [p.option('Английский')],
})

test('four funnels, twenty stages of the inbound one, the fields of the card (R050, R060-R063, R072, R080-R086)', async () => {
  assert.deepEqual(p.funnels.map((f) => f.kind).sort(), ['inbound', 'outreach', 'renewal', 'return'])
  assert.equal(names.length, 20)
  for (const label of ['Выручка в год', 'Сфера компании', 'Страна', 'Языки', 'Сколько сотрудников', 'Продукт', 'Реквизиты']) p.cf(label)
})

test('each stage has its regulation, its next task and a way on (R064-R070)', async () => {
  for (const s of p.stagesOf(inbound).filter((s) => s.outcome === 'open')) {
    assert.ok(s.next_task?.title, s.name)
    assert.ok(s.norm_days > 0, s.name)
  }
})

test('a request is led from the first word to the payment by ticking what was achieved; fields are asked for where they are needed (R076-R079, R120, R121)', async () => {
  let deal = await request()
  assert.ok((await p.tasks(deal)).length > 0)
  deal = await p.walk(deal, inbound, names.slice(1, 3))
  assert.deepEqual(asks(await p.reach(deal, inbound, names[2], 'Валидация проведена')), new Set(['company_id', p.cf('Страна'), p.cf('Языки'), 'source_id']))
  deal = await p.walk(deal, inbound, names.slice(3, 6), { 'Валидация проведена': await known() })
  const r = await p.reach(deal, inbound, names[5], 'Потребности выявлены')
  assert.ok(asks(r).has(p.cf('Продукт')))
  const check = r.body.missing.find((m) => m.kind === 'check').gate_id
  deal = await p.walk(deal, inbound, ['Потребности выявлены', 'Демонстрация запланирована'], { 'Потребности выявлены': { [p.cf('Продукт')]: p.option('Сервер переводов'), check_ids: [check] } })
  const demo = await p.reach(deal, inbound, 'Демонстрация запланирована', 'Демонстрация проведена')
  deal = await p.walk(deal, inbound, names.slice(8, 11), { 'Демонстрация проведена': { check_ids: [check, demo.body.missing[0].gate_id] } })
  await p.artefact(deal, 'offer')
  deal = await p.walk(deal, inbound, names.slice(11, 15), { 'Коммерческое предложение отправлено': { value_minor: 48000000, expected_close_on: '2027-03-01' } })
  // R079: the requisites become necessary with the contract.
  assert.deepEqual(asks(await p.reach(deal, inbound, 'Условия согласованы', 'Договор подготовлен')), new Set([p.cf('Реквизиты')]))
  deal = await p.walk(deal, inbound, ['Договор подготовлен'], { 'Договор подготовлен': { [p.cf('Реквизиты')]: 'ИНН 7707083893, р/с 40702810…' } })
  await p.artefact(deal, 'contract')
  deal = await p.walk(deal, inbound, names.slice(16, 19))
  assert.equal(deal.status, 'won')
  // A licence that was paid for is a renewal to come.
  const renewal = await p.all('/api/deals', `funnel_id = ${p.funnel('Продление').id}`)
  assert.equal(renewal.length, 1)
  assert.equal(renewal[0].company_id, deal.company_id)
})

test('a refusal for now goes to the return funnel, a refusal for good does not (R029)', async () => {
  const lost = p.stage(inbound, 'Закрыто и не реализовано').id
  const reason = (name) => p.named(reasons, name).id
  const [now, bad] = [await request(), await request()]
  await p.seller.patch(`/api/deals/${now.id}`, { stage_id: lost, loss_reason_id: reason('Нет времени') })
  await p.seller.patch(`/api/deals/${bad.id}`, { stage_id: lost, loss_reason_id: reason('Плохое качество') })
  const back = await p.all('/api/deals', `funnel_id = ${p.funnel('Реанимация').id}`)
  assert.deepEqual(back.map((d) => d.title), [now.title])
  const named = await request()
  const r = await p.seller('PATCH', `/api/deals/${named.id}`, { stage_id: lost, loss_reason_id: reason('Пользуются конкурентом') })
  assert.deepEqual([r.status, r.body.code], [422, 'competitor_required']) // R090
})

test('a cold letter that was answered becomes work for today (R028, R394)', async () => {
  let deal = await p.seller.create('/api/deals', { title: 'Холодное письмо', funnel_id: p.funnel(outreach).id })
  deal = await p.walk(deal, outreach, ['Контактное лицо найдено', 'Первое письмо отправлено', 'Ответ получен'])
  const task = (await p.tasks(deal)).find((t) => t.title.startsWith('Ответить и предложить встречу'))
  assert.equal(task.priority, 'high')
})

test('a deal without contact for a week is shown to the head; one that stays silent after the offer closes by itself (R030)', async () => {
  const deal = await request()
  const [task] = await p.tasks(deal)
  await p.seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Поговорили', next: { title: 'Ждать', kind: 'todo', due_at: p.now + 1e10 } })
  await p.later(24 * 8)
  await eventually(async () => (await p.all('/api/notifications', `object_id = ${deal.id}`)).length > 0 || (await p.seller.get(`/api/deals/${deal.id}/runs`)).items.some((r) => r.name.startsWith('Сделка просела') && r.state === 'done'))
})
