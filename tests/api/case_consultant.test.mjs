// The consultant's programme: one entry, the buying centre, one accountable manager, production called in when it is
// time, a weekly review with decisions and an adherence score.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { asks, day, hour, playOf } from './case_play.mjs'

const p = await playOf('client-manager')
const programme = 'Привлечение клиентов'
const names = p.stagesOf(programme).map((s) => s.name)
const roles = await p.all('/api/roles')
const analyst = await p.people.admin.create('/api/users', { name: 'Аналитик Пётр', email: 'it@example.ru', role_id: p.named(roles, 'Аналитик').id, password: 'пароль для тестов' })
const team = await p.people.admin.create('/api/teams', { name: 'Продажи', head_id: p.head.session.user.id })
await p.people.admin.patch(`/api/users/${p.me}`, { team_id: team.id })
await p.people.admin.patch('/api/settings', { weekly_review: false }) // here the head begins it by hand
let n = 0
async function client() {
  const company = await p.seller.create('/api/companies', { name: `Клиент ${++n}` })
  const contact = await p.seller.create('/api/contacts', { name: `Директор ${n}`, company_id: company.id })
  return p.seller.create('/api/deals', { title: `Проект ${n}`, funnel_id: p.funnel(programme).id, company_id: company.id, contact_id: contact.id })
}
const met = (deal, role = 'decides') => p.seller.create('/api/buyers', { deal_id: deal.id, contact_id: deal.contact_id, role })
async function needs(deal) {
  deal = await p.walk(deal, programme, names.slice(1, 3))
  const r = await p.reach(deal, programme, names[2], names[3])
  return p.walk(deal, programme, [names[3]], { [names[3]]: { check_ids: r.body.missing.map((m) => m.gate_id) } })
}
async function production(deal) {
  deal = await needs(deal)
  const buyer = await met(deal)
  await p.seller.patch(`/api/buyers/${buyer.id}`, { needs: 'Автоматизировать склад', expectations: 'Запуск за квартал', attitude: 'favours', last_contact_at: p.now })
  const r = await p.reach(deal, programme, names[3], names[4])
  return p.walk(deal, programme, [names[4]], { [names[4]]: { check_ids: [...deal.check_ids, ...r.body.missing.filter((m) => m.kind === 'check').map((m) => m.gate_id)] } })
}

test('production is not called in before the manager knows the buying centre and its needs (R361, R363, R365-R367, R376, R379, R380, R382)', async () => {
  const deal = await needs(await client())
  assert.deepEqual(asks(await p.reach(deal, programme, names[3], names[4])), new Set(['coverage', 'Задачи и ожидания записаны менеджером']))
  await met(deal)
  assert.equal((await p.seen(deal)).coverage, 0)
  const r = await p.head('PATCH', `/api/deals/${deal.id}`, { stage_id: p.stage(programme, names[6]).id })
  assert.equal(r.body.code, 'gates_unmet') // nor by skipping, nor by the head
})

test('when it is called in, the analyst has the task; called earlier, the task is marked and the manager told (R362, R369)', async () => {
  const early = await client()
  const task = await p.seller.create('/api/tasks', { title: 'Показать продукт', deal_id: early.id, owner_id: analyst.id, due_at: p.now + day })
  assert.equal(task.early, true)
  const deal = await production(await client())
  assert.equal(deal.coverage, 100)
  const given = (await p.tasks(deal)).find((t) => t.owner_id === analyst.id)
  assert.match(given.title, /^Изучить исходную ситуацию/)
  assert.equal(given.early, false)
})

test('no client is left in the dark: who waits two working days is shown to the head, and no demo is shown before the answer (R371, R373, R384)', async () => {
  let deal = await production(await client())
  deal = await p.walk(deal, programme, [names[5]])
  await p.seller.patch(`/api/deals/${deal.id}`, { waiting_since: p.now })
  await p.later(24 * 4)
  await eventually(async () => (await p.seller.get(`/api/deals/${deal.id}/runs`)).items.some((r) => r.name.startsWith('Клиент ждёт ответа') && r.state === 'done'))
  const r = await p.reach(deal, programme, names[5], names[6])
  assert.deepEqual(asks(r), new Set(['waiting', 'Демоверсия настроена на данные клиента'])) // R374
})

test('no open deal without a task: the last one is not done without the next (R023, R297)', async () => {
  const deal = await client()
  const [task] = await p.tasks(deal)
  const r = await p.seller('POST', `/api/tasks/${task.id}/finish`, { result: 'Встретились', next: null })
  assert.deepEqual([r.status, r.body.code], [422, 'next_task_required'])
  assert.ok(r.body.proposed.title)
  assert.equal((await p.tasks(deal)).length, 1)
  await p.seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Встретились', next: { ...r.body.proposed } })
})

test('one accountable manager: each hand-over has its reason and stays in the history (R224, R381)', async () => {
  const deal = await client()
  await p.head.patch(`/api/deals/${deal.id}`, { owner_id: p.head.session.user.id, owner_reason: 'Ключевой клиент' })
  const { items } = await p.head.get(`/api/deals/${deal.id}/owners`)
  assert.equal(items[0].reason, 'Ключевой клиент')
  // the client does not change hands without a word, on no path
  const [me, boss] = [p.seller.session.user.id, p.head.session.user.id]
  for (const [noun, body] of [['contacts', { name: 'Анна Ладожская' }], ['companies', { name: 'ООО «Ладога»' }]]) {
    const { id } = await p.seller.create(`/api/${noun}`, { ...body, owner_id: me })
    const refused = async (more, code) => {
      const r = await p.head('PATCH', `/api/${noun}/${id}`, { owner_id: boss, ...more })
      assert.deepEqual([r.status, r.body.code, r.body.field], [422, code, 'owner_reason'], r.text)
    }
    await refused({}, 'owner_reason_required')
    await refused({ owner_reason: '.' }, 'reason_too_short')
    const dry = await p.head.must(200)('POST', `/api/${noun}/bulk`, { ids: [id], set: { owner_id: boss }, dry_run: true })
    assert.deepEqual([dry.body.refused, dry.body.reasons[0].code], [1, 'owner_reason_required'])
    await p.head.patch(`/api/${noun}/${id}`, { owner_id: boss, owner_reason: 'Ведёт руководитель' })
    // many at once, some of which are in the right hands already: those stay as they are
    const another = await p.seller.create(`/api/${noun}`, { ...body, name: `${body.name}, второй`, owner_id: me })
    const both = await p.head.must(200)('POST', `/api/${noun}/bulk`, { ids: [id, another.id], set: { owner_id: boss, owner_reason: 'Команда разделилась' }, dry_run: true })
    assert.equal(both.body.refused, 0, both.text)
    assert.equal((await p.head.patch(`/api/${noun}/${id}`, { owner_id: boss, owner_reason: 'Команда разделилась' })).owner_reason, 'Ведёт руководитель')
    const twin = await p.head.create(`/api/${noun}`, { ...body, owner_id: me })
    await p.head.must(200)('POST', `/api/${noun}/${id}/merge`, { with: [twin.id], fields: { owner_id: twin.id } })
    const owners = (await p.head.get(`/api/${noun}/${id}/owners`)).items
    assert.deepEqual(owners.map((o) => [o.owner_id, o.reason]), [[me, 'Объединение карточек'], [boss, 'Ведёт руководитель'], [me, null]])
  }
})

test('a rule is set aside by name and reason only, and it is counted', async () => {
  const deal = await client()
  const to = p.stage(programme, names[4]).id
  let r = await p.seller('POST', `/api/deals/${deal.id}/override`, { stage_id: to, reason: 'Клиент торопит' })
  assert.equal(r.status, 403)
  r = await p.head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: to, reason: 'Клиент торопит' })
  assert.deepEqual([r.body.stage_id, r.body.overrides], [to, 1])
  const discipline = await p.head.get('/api/discipline')
  assert.ok(JSON.stringify(discipline.overrides).includes('1'))
})

test('the weekly review collects what needs a look, records decisions, and the next one says whether they were kept (R386-R388)', async () => {
  const stuck = await client()
  await p.later(24 * 30)
  const monday = new Date(p.now - ((new Date(p.now + 3 * hour).getUTCDay() + 6) % 7) * day + 3 * hour).toISOString().slice(0, 10)
  const review = await p.head.create('/api/reviews', { team_id: team.id, week_on: monday })
  const items = await p.all('/api/review-items', `review_id = ${review.id}`)
  const item = items.find((i) => i.deal_id === stuck.id)
  assert.ok(JSON.stringify(item.why).includes('stuck'), JSON.stringify(item.why))
  const r = await p.head('PATCH', `/api/reviews/${review.id}`, { closed: true })
  assert.deepEqual([r.status, r.body.code], [422, 'decision_missing'])
  for (const i of items) await p.head.patch(`/api/review-items/${i.id}`, { decision: 'Встретиться до пятницы' })
  await p.head.patch(`/api/reviews/${review.id}`, { closed: true })
  await p.walk(await p.seen(stuck), programme, [names[1]])
  await p.later(24 * 7)
  const next = new Date(Date.parse(monday) + 7 * day).toISOString().slice(0, 10)
  const second = await p.head.create('/api/reviews', { team_id: team.id, week_on: next })
  for (const i of await p.all('/api/review-items', `review_id = ${second.id}`)) await p.head.patch(`/api/review-items/${i.id}`, { decision: 'Продолжать' })
  const closed = await p.head.patch(`/api/reviews/${second.id}`, { closed: true })
  assert.ok(closed.score > 0 && closed.score <= 100)
  assert.equal((await p.all('/api/review-items', `review_id = ${review.id} and deal_id = ${stuck.id}`))[0].kept, true)
})
