// The case of the first-aid courses: nine funnels, nine fields, 56 triggers, 26 tags that come by themselves, cards that
// close by themselves, the ten rules of lead handling. Weeks of work are played on the test clock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const [admin, head, seller] = await Promise.all([people.admin, people.head, people.seller].map((p) => tokenOf(server, p)))
const me = seller.session.user.id
await head.must(201)('POST', '/api/presets/training')

const all = async (path, filter, extra = {}) => (await head.list(path, { limit: 500, ...(filter && { filter }), ...extra })).items
const named = (list, name) => list.find((x) => (x.name ?? x.label) === name) ?? assert.fail(`there is no ${name}`)
const funnels = await all('/api/funnels')
const stagesOf = async (funnel) => (await all('/api/stages', `funnel_id = ${funnel.id}`)).sort((a, b) => a.position - b.position)
const russia = named(funnels, 'Курсы для частных лиц')
const stages = await stagesOf(russia)
const stage = (name) => named(stages, name)
const fields = await all('/api/custom-fields', 'object = "deal"')
const options = await all('/api/field-options')
const tags = await all('/api/tags')
const cf = (label) => `cf_${named(fields, label).id}`
const option = (name) => named(options, name).id
const tag = (name) => named(tags, name).id
const goals = await all('/api/goals')
const goal = (at, name) => goals.find((g) => g.stage_id === stage(at).id && g.name === name) ?? assert.fail(`no goal ${name} on ${at}`)

// Monday, 10:00 in Moscow, of the week behind the present one.
const monday = (() => {
  const d = new Date(Date.now() + 3 * hour)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) + ((8 - d.getUTCDay()) % 7 || 7) * day + 7 * hour
})()
let now = monday
const go = async (ms) => clock(server, (now = ms))
const later = (hours) => go(now + hours * hour)
await go(monday)

let n = 0
const lead = (fields = {}) => seller.create('/api/deals', { title: `Заявка ${++n}`, stage_id: stage('Интерес проявлен').id, ...fields })
const seen = (deal) => head.get(`/api/deals/${deal.id}`)
const tasks = async (deal, rest = ' and done = false') => (await head.list('/api/tasks', { filter: `deal_id = ${deal.id}${rest}`, sort: 'id' })).items
const reach = (deal, at, name, rest = {}) => seller('POST', `/api/deals/${deal.id}/reach`, { goal_id: goal(at, name).id, ...rest })
const reached = async (...args) => {
  const r = await reach(...args)
  assert.equal(r.status, 200, r.text)
  return r.body.deal
}
const complete = (deal, rest = {}) => seller.patch(`/api/deals/${deal.id}`, { [cf('Курс')]: option('ITLS'), [cf('Город')]: 'Казань', ...rest })
async function talked() {
  const contact = await seller.create('/api/contacts', { name: `Клиент ${++n}` })
  const deal = await lead({ contact_id: contact.id, [cf('Курс')]: option('ITLS'), [cf('Город')]: 'Казань' })
  await reached(deal, 'Интерес проявлен', 'Контакт получен')
  await reached(deal, 'Контакты получены', 'Город и курс известны')
  return reached(deal, 'Заявка заполнена', 'Дозвонились')
}

test('the company stands after one click: 9 funnels, 12 stages, 9 fields, 26 automatic tags, 56 triggers (R260, R286, R292)', async () => {
  assert.equal(funnels.length, 9)
  assert.equal(stages.length, 12)
  assert.equal(fields.length, 9)
  const triggers = (await head.list('/api/triggers', { limit: 500 })).items
  assert.equal(triggers.length, 56)
  assert.ok(triggers.every((t) => t.enabled))
  assert.deepEqual(['product', 'source', 'client'].map((kind) => tags.filter((t) => t.kind === kind).length), [13, 11, 2])
  assert.deepEqual(new Set(funnels.map((f) => f.currency)), new Set(['RUB', 'KZT', 'KGS', 'UZS']))
})

test('a new lead has its task at once, is answered within 4 working hours, and stands first in the queue (R218, R279, R293, R294)', async () => {
  const old = await seller.create('/api/tasks', { title: 'Давняя', due_at: now - day })
  const deal = await lead()
  const [first] = await tasks(deal)
  assert.ok(first.lead)
  assert.ok(Math.abs(deal.first_response_due_at - (now + 5 * hour)) < 5000) // 10:00, with an hour of break
  const { items } = await seller.get('/api/queue?limit=10')
  assert.deepEqual(items.map((i) => [i.task.id, i.kind]), [[first.id, 'lead'], [old.id, 'overdue']])
  await later(2)
  await seller.must(200)('POST', `/api/tasks/${first.id}/finish`, { result: 'Ответил во ВКонтакте', next: { title: 'Узнать город', kind: 'call', due_at: now + day } })
  assert.ok((await seen(deal)).first_response_at >= now)
})

test('tags come by themselves: by course, by source, by client; nobody sets them by hand (R265, R269-R271, R278)', async () => {
  const [vk] = await all('/api/sources', 'name = "ВКонтакте"')
  const [again] = await all('/api/deal-classes', 'name = "Повторная покупка"')
  const deal = await lead()
  await complete(deal, { source_id: vk.id, deal_class_id: again.id })
  const { tag_ids } = await seen(deal)
  assert.deepEqual(new Set(tag_ids), new Set([tag('itls'), tag('vk'), tag('повторный клиент')]))
  const { items } = await seller.get(`/api/deals/${deal.id}/runs`)
  const run = items.find((r) => r.name === 'Тег itls по курсу')
  assert.equal(run.state, 'done')
  assert.ok(run.conditions.every((c) => c.met))
})

test('what is missing is asked for on the way: no request without course and city, no payment details without sum and day (R243, R244, R250)', async () => {
  const deal = await lead()
  let r = await reach(deal, 'Интерес проявлен', 'Контакт получен')
  assert.deepEqual([r.status, r.body.code], [422, 'gates_unmet'])
  assert.deepEqual(r.body.missing.map((m) => m.field), ['contact_id'])
  const contact = await seller.create('/api/contacts', { name: 'Анна' })
  await reached(deal, 'Интерес проявлен', 'Контакт получен', { contact_id: contact.id })
  r = await reach(deal, 'Контакты получены', 'Город и курс известны')
  assert.deepEqual(new Set(r.body.missing.map((m) => m.field)), new Set([cf('Курс'), cf('Город')]))
  await complete(deal)
  await reached(deal, 'Контакты получены', 'Город и курс известны')
  const talk = await reached(deal, 'Заявка заполнена', 'Дозвонились')
  assert.equal(talk.stage_id, stage('Разговор состоялся').id)
  r = await reach(deal, 'Разговор состоялся', 'Готов платить')
  assert.deepEqual(new Set(r.body.missing.map((m) => m.field)), new Set(['value_minor', cf('Оплатить до')]))
})

test('a ready buyer is led past the stages, with the union of what they ask (R204)', async () => {
  const contact = await seller.create('/api/contacts', { name: 'Готовый покупатель' })
  const deal = await lead({ contact_id: contact.id })
  const to = stage('Реквизиты отправлены').id
  const r = await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: to })
  assert.equal(r.body.code, 'gates_unmet')
  assert.deepEqual(new Set(r.body.missing.map((m) => m.field)), new Set([cf('Курс'), cf('Город'), 'value_minor', cf('Оплатить до')]))
  const done = await seller.patch(`/api/deals/${deal.id}`, { stage_id: to, [cf('Курс')]: option('ITLS'), [cf('Город')]: 'Пермь', value_minor: 1450000, [cf('Оплатить до')]: '2027-01-15' })
  assert.equal(done.stage_id, to)
})

test('payment is reminded of until it comes, then the reminders end (R299, R302)', async () => {
  const deal = await talked()
  await reached(deal, 'Разговор состоялся', 'Готов платить', { value_minor: 990000, [cf('Оплатить до')]: '2027-01-15' })
  const reminder = async () => (await tasks(deal)).filter((t) => t.repeat_days === 2)
  const [first] = await reminder()
  assert.match(first.title, /^Напомнить об оплате: Клиент/)
  await later(24)
  await seller.must(200)('POST', `/api/tasks/${first.id}/finish`, { result: 'Обещал завтра', next: null })
  const [second] = await reminder()
  assert.equal(second.repeat_left, 2)
  assert.ok(second.due_at > now + day)
  const paid = await reached(deal, 'Реквизиты отправлены', 'Оплатил')
  assert.equal(paid.stage_id, stage('Курс оплачен').id)
  await reached(deal, 'Курс оплачен', 'Материалы отправлены')
  const won = await reached(deal, 'Материалы отправлены', 'Экзамен сдан')
  assert.equal(won.status, 'won')
  assert.ok((await tasks(deal)).some((t) => t.title.startsWith('Предложить следующий курс')))
})

test('cards that nobody moves close by themselves: after 336 hours of interest, 720 of talk; a loss of its own class (R281-R283)', async () => {
  const forgotten = await lead()
  const talk = await talked()
  const [timer] = (await seller.get(`/api/deals/${forgotten.id}/timers`)).items
  assert.ok(Math.abs(timer.due_at - (now + 336 * hour)) < 60000)
  await later(335)
  assert.equal((await seen(forgotten)).status, 'open')
  await later(1)
  const closed = await eventually(async () => { const d = await seen(forgotten); return d.status === 'lost' && d })
  assert.deepEqual([closed.loss_class, closed.stage_id], ['timeout', stage('Закрыто и не реализовано').id])
  assert.equal(named(await all('/api/loss-reasons'), 'Закрыто по сроку').id, closed.loss_reason_id)
  assert.equal((await seen(talk)).status, 'open')
  await later(384)
  await eventually(async () => (await seen(talk)).status === 'lost')
  // A person cannot pick the reason of the timer.
  const other = await lead()
  const r = await seller('PATCH', `/api/deals/${other.id}`, { stage_id: stage('Закрыто и не реализовано').id, loss_reason_id: closed.loss_reason_id })
  assert.deepEqual([r.status, r.body.code], [422, 'loss_reason_by_timer'])
})

test('why did this card close: the trigger, its version, what it saw; and back with one undo', async () => {
  const deal = await lead()
  await later(337)
  await eventually(async () => (await seen(deal)).status === 'lost')
  const event = (await seller.get(`/api/deals/${deal.id}/timeline?limit=50`)).items.find((e) => e.kind === 'deal.moved')
  assert.equal(event.via, 'trigger')
  const why = await seller.get(`/api/events/${event.seq}/why`)
  assert.match(JSON.stringify(why), /Закрыть через 336 часов/)
  await head.must(200)('POST', '/api/undo', { change_id: event.change_id })
  assert.equal((await seen(deal)).status, 'open')
})

test('who waits for the group sleeps, and all wake when it fills (R248, R249)', async () => {
  const [group] = await all('/api/waits')
  const waiting = []
  for (let i = 0; i < group.needed; i++) {
    const deal = await talked()
    await seller.patch(`/api/deals/${deal.id}`, { wait_id: group.id })
    waiting.push(deal)
  }
  await eventually(async () => (await seen(waiting[0])).wait_id === null)
  for (const deal of waiting) await eventually(async () => (await seen(deal)).wait_id === null && (await tasks(deal)).length > 0)
  assert.equal((await head.get(`/api/waits/${group.id}`)).filled, true)
})

test('no task is done without its result, and no talk ends without the next step (R295, R297, R298, R305)', async () => {
  const deal = await lead()
  const [task] = await tasks(deal)
  let r = await seller('POST', `/api/tasks/${task.id}/finish`, { next: null })
  assert.equal(r.status, 422)
  assert.equal(r.body.field, 'result')
  await seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Подумает', next: null })
  assert.equal((await tasks(deal)).length, 1) // the funnel sets one by itself
  const given = await head.create('/api/tasks', { title: 'Сверить оплаты', owner_id: me, due_at: now + day })
  r = await seller('PATCH', `/api/tasks/${given.id}`, { due_at: now + 3 * day })
  assert.deepEqual([r.status, r.body.code], [422, 'ask_author'])
  await seller.must(200)('POST', `/api/tasks/${given.id}/ask-due`, { due_at: now + 3 * day, reason: 'Жду выписку' })
  await head.must(200)('POST', `/api/tasks/${given.id}/answer-due`, { accept: true })
  assert.equal((await seller.get(`/api/tasks/${given.id}`)).due_at, now + 3 * day)
})

test('one product, one deal: two courses on one card are proposed as two deals (R313, R314)', async () => {
  const products = await all('/api/products')
  const deal = await talked()
  for (const name of ['Травма: помощь до госпиталя (ITLS)', 'Выездной тренинг по чрезвычайным ситуациям'])
    await seller.create('/api/deal-products', { deal_id: deal.id, product_id: named(products, name).id, quantity: 1 })
  const { parts } = await seller.get(`/api/deals/${deal.id}/split`)
  assert.equal(parts.length, 1)
  assert.equal(parts[0].funnel_id, named(funnels, 'Обучение компаний').id)
})

test('thirteen people work with it: leads go round, late answers are told of, who leaves hands over, nobody’s card is lost (R259, R279, R280)', async () => {
  await go(Math.ceil((now - monday) / (7 * day)) * 7 * day + monday) // a Monday, 10:00
  const boss = await server.admin()
  const team = await boss.create('/api/teams', { name: 'Отдел курсов', head_id: head.session.user.id })
  const names = ['Анна', 'Борис', 'Вера', 'Глеб', 'Дина', 'Егор', 'Жанна', 'Захар', 'Инна']
  const crew = []
  for (const [i, name] of names.entries()) {
    await boss.create('/api/users', { name, email: `crew${i}@example.ru`, role: 'seller', team_id: team.id, password: 'пароль для тестов' })
    crew.push(await tokenOf(server, await server.signIn(`crew${i}@example.ru`, 'пароль для тестов')))
  }
  assert.equal((await all('/api/users', 'active = true')).length, 13)
  const idOf = (person) => person.session.user.id
  await head.create('/api/triggers', { name: 'Заявки по кругу', funnel_id: russia.id, event: { on: 'created' }, enabled: true, actions: [{ do: 'owner', to: { team_id: team.id, pick: 'round_robin' }, reason: 'По очереди' }] })

  // Monday: 27 requests from the site, three each, all of them at once and first in everybody's queue.
  const leads = (await Promise.all(Array.from({ length: 27 }, async (_, i) => (await boss.create('/api/deals', { title: `С сайта ${i}`, stage_id: stage('Интерес проявлен').id })).id)))
  const mine = async (person) => (await person.list('/api/deals', { filter: `owner_id = ${idOf(person)}`, limit: 100, sort: 'id' })).items
  for (const person of crew) {
    assert.equal((await mine(person)).length, 3, person.session.user.name)
    const { items } = await person.get('/api/queue?limit=50')
    assert.deepEqual(items.map((x) => x.kind), ['lead', 'lead', 'lead'])
    assert.ok(items.every((x) => x.task.owner_id === idOf(person)))
  }

  // Eight answer in time, at once; the ninth is ill: three quarters of the time have gone, then head and owner hear of it.
  const [ill, ...well] = crew.toReversed()
  await later(2)
  await Promise.all(well.map(async (person) => {
    for (const { task } of (await person.get('/api/queue?limit=50')).items)
      await person.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Перезвонил, записал город', next: { title: 'Узнать курс', kind: 'call', due_at: now + day } })
  }))
  const told = async (person) => (await person.list('/api/notifications', { filter: 'kind = "deal.answer_due"', limit: 200 })).items.filter((x) => leads.includes(x.object_id)).length
  assert.deepEqual([await told(head), await told(ill)], [0, 0])
  await later(2.2)
  await eventually(async () => (await told(head)) === 3 && (await told(ill)) === 3, 'three answers are due')
  assert.deepEqual(await Promise.all(well.map(told)), well.map(() => 0))
  await later(3)
  const late = await head.get(`/api/discipline?funnel_id=${russia.id}&team_id=${team.id}`)
  assert.equal(late.late_answers.count, 3)

  // She leaves: her cards go to two colleagues, with the reason, and thirteen become twelve.
  const { body: op } = await boss.must(202)('POST', `/api/users/${idOf(ill)}/hand-over`, { to: [idOf(crew[0]), idOf(crew[1])], objects: ['deals', 'contacts', 'companies', 'tasks'], reason: 'Болеет до весны', deactivate: true })
  await eventually(async () => (await boss.get(`/api/operations/${op.id}`)).state === 'done', 'the hand-over')
  assert.deepEqual([(await all('/api/users', 'active = true')).length, (await mine(crew[0])).length + (await mine(crew[1])).length], [12, 9])
  const handed = (await mine(crew[0])).at(-1)
  assert.match((await head.get(`/api/deals/${handed.id}/owners`)).items[0].reason, /Болеет/)

  // Each of the eight leads one request on, at the same time; the rest nobody touches.
  const moved = await Promise.all(crew.slice(0, 8).map(async (person) => {
    const [deal] = await mine(person)
    const contact = await person.create('/api/contacts', { name: `Клиент: ${person.session.user.name}` })
    const r = await person.must(200)('POST', `/api/deals/${deal.id}/reach`, { goal_id: goal('Интерес проявлен', 'Контакт получен').id, contact_id: contact.id })
    return r.body.deal.id
  }))
  await later(337)
  const state = async () => {
    const deals = await all('/api/deals', `id in (${leads.join(', ')})`)
    return [deals.length, deals.filter((d) => d.status === 'lost' && d.loss_class === 'timeout').length, deals.filter((d) => d.status === 'open').map((d) => d.id).sort().join()]
  }
  const rest = leads.length - moved.length
  await eventually(async () => (await state())[1] >= rest, 'the cards that nobody has moved close by themselves', 20_000)
  assert.deepEqual(await state(), [27, rest, moved.sort().join()])
  const after = await head.get(`/api/discipline?funnel_id=${russia.id}&team_id=${team.id}`)
  assert.equal(after.no_task.count, 0, 'no open deal without a task')
  assert.deepEqual((await head.list('/api/automation', { from: monday })).failed, 0)
})

test('the linter has nothing against the preset that its notes do not name', async () => {
  const { findings } = await head.get('/api/lint')
  assert.deepEqual(findings.filter((f) => f.level === 'error'), [])
})
