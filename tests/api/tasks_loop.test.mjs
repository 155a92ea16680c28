// The loop of work: a due task, its deal, the result, the next task; first answers in time; waiting and waking (R022-R027, R258).
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { clock, cli, eventually, freshPlace, funnelOf, onPostgres, peopleOf, scratchFile, serveWithClock, startServer, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const head = await tokenOf(server, people.head)
const seller = await tokenOf(server, people.seller)
const [me, boss, root] = [seller.session.user.id, head.session.user.id, admin.session.user.id]

// The moment of a weekday (1: Monday) at a Moscow time, in the week that begins behind the present one of the test.
let monday = (() => {
  const d = new Date(Date.now() + 3 * hour)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) + ((8 - d.getUTCDay()) % 7 || 7) * day
})()
const at = (weekday, hours, minutes = 0) => monday + (weekday - 1) * day + (hours - 3) * hour + minutes * 60000
const go = (ms) => clock(server, ms)
const nextWeek = () => (monday += 7 * day)
let n = 0
const funnel = (fields = {}) => funnelOf(admin, { name: `Воронка ${++n}`, ...fields })
const tasksOf = async (api, deal, rest = '') => (await api.list('/api/tasks', { filter: `deal_id = ${deal.id}${rest}`, sort: 'id' })).items
// What a token must not do: make people.
const person = async (name, email, fields = {}) => (await server.admin()).create('/api/users', { name, email, role: 'seller', password: 'пароль для тестов', ...fields })
const notices = async (api, kind) => (await api.list('/api/notifications', { filter: `kind = "${kind}"`, sort: 'id' })).items

test('a new deal gets its first task: answer within 4 working hours, across a weekend and a holiday (R293, R294)', async () => {
  await admin.patch('/api/settings', { calendar: { week: [...Array(5).fill({ from: '09:00', to: '18:00', break_from: '13:00', break_to: '14:00' }), null, null],
    exceptions: [{ on: new Date(monday + 7 * day).toISOString().slice(0, 10), kind: 'holiday', name: 'День основания' }] } })
  const { stages } = await funnel({ response_hours: 4 })
  await go(at(5, 16, 30))
  const deal = await seller.create('/api/deals', { title: 'Заявка с сайта', stage_id: stages[0].id })
  // Friday from 16:30: an hour and a half; Monday is a holiday; Tuesday two and a half hours more.
  nextWeek()
  assert.equal(Math.round((deal.first_response_due_at - at(2, 11, 30)) / 60000), 0)
  const [task] = await tasksOf(seller, deal)
  assert.deepEqual([task.title, task.kind, task.lead, task.due_at, task.owner_id], ['Связаться с новым клиентом', 'call', true, deal.first_response_due_at, me])
})

test('a team of Vladivostok answers by its own clock (R294)', async () => {
  const week = [...Array(5).fill({ from: '10:00', to: '19:00' }), null, null]
  const team = await admin.create('/api/teams', { name: 'Восток', head_id: boss, time_zone: 'Asia/Vladivostok', calendar: { week } })
  assert.equal((await admin('PATCH', `/api/teams/${team.id}`, { time_zone: 'Asia/Nowhere' })).body.code, 'unknown_zone')
  assert.equal((await admin('PATCH', `/api/teams/${team.id}`, { calendar: { week: [] } })).body.code, 'bad_calendar')
  const { stages } = await funnel({ response_hours: 4 })
  const eastern = await person('Восточный', 'east@example.ru', { team_id: team.id })
  await go(at(3, 11)) // 18:00 in Vladivostok: one hour is left of the day there
  const deal = await admin.create('/api/deals', { title: 'С востока', stage_id: stages[0].id, owner_id: eastern.id })
  assert.equal(Math.round((deal.first_response_due_at - (at(4, 6))) / 60000), 0) // next day, 13:00 there
  const west = await admin.create('/api/deals', { title: 'С запада', stage_id: stages[0].id, owner_id: me })
  assert.equal(Math.round((west.first_response_due_at - at(3, 16)) / 60000), 0)
})

test('before a first answer is missed the owner and the head of the team hear of it, once (R294)', async () => {
  const team = await admin.create('/api/teams', { name: 'Первая линия', head_id: boss })
  await (await server.admin()).patch(`/api/users/${me}`, { team_id: team.id })
  const { stages } = await funnel({ response_hours: 4 })
  await go(at(4, 9))
  const [late, answered] = [await seller.create('/api/deals', { title: 'Без ответа', stage_id: stages[0].id }), await seller.create('/api/deals', { title: 'С ответом', stage_id: stages[0].id })]
  await go(at(4, 10, 30))
  await seller.patch(`/api/tasks/${(await tasksOf(seller, answered))[0].id}`, { done: true, result: 'Дозвонились' })
  const told = await seller.get(`/api/deals/${answered.id}`)
  assert.equal(Math.round((told.first_response_at - at(4, 10, 30)) / 60000), 0)
  assert.equal(told.last_contact_at, told.first_response_at)
  assert.equal(told.last_channel, 'call')
  await go(at(4, 12, 5)) // three of four hours have gone
  const [notice] = await eventually(async () => { const l = (await notices(head, 'deal.answer_due')).filter((x) => x.object_id === late.id); return l.length && l }, 'the notice to the head')
  assert.deepEqual([notice.object_id, notice.params.title], [late.id, 'Без ответа'])
  assert.equal((await notices(seller, 'deal.answer_due')).filter((x) => x.object_id === late.id).length, 1)
  await go(at(4, 17))
  await new Promise((done) => setTimeout(done, 300))
  assert.equal((await notices(head, 'deal.answer_due')).filter((x) => [late.id, answered.id].includes(x.object_id)).length, 1)
  await seller.patch(`/api/tasks/${(await tasksOf(seller, late))[0].id}`, { done: true, result: 'Поздно, но дозвонились' })
  const missed = await seller.list('/api/deals', { filter: `late_answer = true and funnel_id = ${late.funnel_id}` })
  assert.deepEqual(missed.items.map((d) => d.id), [late.id])
})

test('a funnel that refuses: a dialogue does not end without the next step, a date is proposed (R023, R027, R297, R298)', async () => {
  const { stages, won, lost } = await funnel({ task_rule: 'refuse' })
  await go(at(5, 10))
  const deal = await seller.create('/api/deals', { title: 'Ремонт', stage_id: stages[0].id })
  const [task] = await tasksOf(seller, deal)
  assert.deepEqual([task.title, task.lead], ['Связаться с новым клиентом', true])
  const no = await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'Поговорили', next: null })
  assert.equal(no.body.code, 'next_task_required', no.text)
  assert.deepEqual([no.body.proposed.title, no.body.proposed.kind], ['Позвонить клиенту', 'call'])
  assert.equal(Math.round((no.body.proposed.due_at - at(12, 10)) / 60000), 0, 'in a week, at a working hour')
  const proposed = await seller.get(`/api/tasks/${task.id}/proposed`)
  assert.deepEqual({ ...proposed, due_at: 0 }, { ...no.body.proposed, due_at: 0 })
  for (const [method, body] of [['PATCH', { done: true, result: 'Поговорили' }], ['DELETE'], ['PATCH', { deal_id: null }]])
    assert.equal((await seller(method, `/api/tasks/${task.id}`, body)).body.code, 'next_task_required', method)
  const bulk = (await seller.must(202)('POST', '/api/tasks/bulk', { ids: [task.id], set: { done: true, result: 'разом' } })).body
  const over = await eventually(async () => { const o = await seller.get(`/api/operations/${bulk.id}`); return o.state === 'done' && o })
  assert.deepEqual([over.done_count, over.failed_count], [0, 1])
  const dry = (await seller.must(200)('POST', '/api/tasks/bulk', { ids: [task.id], delete: true, dry_run: true })).body
  assert.deepEqual(dry.reasons.map((r) => r.code), ['next_task_required'])
  const done = (await seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Договорились о встрече', stage_id: stages[1].id, deal: { value_minor: 500000 },
    next: { title: 'Встреча в офисе', kind: 'meeting', due_at: at(8, 11) } })).body
  assert.deepEqual([done.task.done, done.task.result, done.deal.stage_id, done.deal.value_minor, done.next.title, done.next.deal_id, done.next.owner_id],
    [true, 'Договорились о встрече', stages[1].id, 500000, 'Встреча в офисе', deal.id, me])
  assert.equal((await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'ещё раз' })).body.code, 'task_done')
  // Closing needs no further task, opening again does.
  await seller.must(200)('POST', `/api/tasks/${done.next.id}/finish`, { result: 'Согласились', stage_id: won.id })
  assert.equal((await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: stages[1].id, move_reason: 'передумали' })).body.code, 'next_task_required')
  // Deleting the deal is no way to be left without a task; undo brings anything back.
  const other = await seller.create('/api/deals', { title: 'Лишняя', stage_id: stages[0].id })
  await seller.del(`/api/deals/${other.id}`)
  assert.ok(lost.id)
})

test('a result is said in words: a dot or a dash ends no task, on no path', async () => {
  const task = await admin.create('/api/tasks', { title: 'Позвонить', owner_id: admin.session.user.id })
  for (const result of ['.', ' - ', '+', '123', 'я'])
    for (const [method, path, body] of [['PATCH', `/api/tasks/${task.id}`, { done: true, result }], ['POST', `/api/tasks/${task.id}/finish`, { result }], ['POST', '/api/tasks', { title: 'Сразу', done: true, result }]]) {
      const r = await admin(method, path, body)
      assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'result_says_nothing', 'result'], `${method} ${path} ${result}`)
    }
  const dry = (await admin.must(200)('POST', '/api/tasks/bulk', { ids: [task.id], set: { done: true, result: '.' }, dry_run: true })).body
  assert.deepEqual([dry.refused, dry.reasons[0].code], [1, 'result_says_nothing'])
  assert.equal((await admin.patch(`/api/tasks/${task.id}`, { done: true, result: 'Да' })).done, true)
  // a rule closes what it was set up to close, in the words it was given
  const { stages } = await funnel()
  const deal = await admin.create('/api/deals', { title: 'С тегом', stage_id: stages[0].id })
  const left = await admin.create('/api/tasks', { title: 'Напомнить', deal_id: deal.id, owner_id: admin.session.user.id })
  const tag = await admin.create('/api/tags', { name: 'Закрыто правилом' })
  await admin.create('/api/triggers', { name: '24/7', event: { on: 'tagged', object: 'deal', tag_id: tag.id }, actions: [{ do: 'close_tasks', result: '+' }], enabled: true })
  await admin.patch(`/api/deals/${deal.id}`, { tag_ids: [tag.id] })
  const closed = await eventually(async () => { const t = await admin.get(`/api/tasks/${left.id}`); return t.done && t }, 'the task closed by the rule')
  assert.equal(closed.result, '+')
})

test('finishing is all or nothing: a refused next task leaves deal and task as they were', async () => {
  const { stages } = await funnel()
  const deal = await seller.create('/api/deals', { title: 'Целиком', stage_id: stages[0].id })
  const task = await seller.create('/api/tasks', { title: 'Позвонить', kind: 'call', deal_id: deal.id, due_at: at(5, 15) })
  const bad = await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'ок', stage_id: stages[1].id, next: { title: 'Дальше', contact_id: 999999 } })
  assert.deepEqual([bad.status, bad.body.code, bad.body.field], [422, 'ref_not_found', 'contact_id'])
  assert.equal((await seller.get(`/api/deals/${deal.id}`)).stage_id, stages[0].id)
  assert.equal((await seller.get(`/api/tasks/${task.id}`)).done, false)
  assert.equal((await seller('POST', `/api/tasks/${task.id}/finish`, { result: '  ' })).body.code, 'result_required')
  assert.equal((await seller('POST', `/api/tasks/${task.id}/finish`, {})).body.code, 'result_required')
  const done = await seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'ок' }, { headers: { 'idempotency-key': 'finish-1' } })
  const again = await seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'ок' }, { headers: { 'idempotency-key': 'finish-1' } })
  assert.equal(again.body.task.version, done.body.task.version)
  assert.equal(done.body.next, null, 'a funnel that only warns')
  assert.equal((await seller('POST', '/api/undo', { change_id: Number(done.headers.get('voronka-change')) })).status, 200)
  assert.equal((await seller.get(`/api/tasks/${task.id}`)).done, false)
})

test('a funnel that creates: the last task done, the next is there; by the channel used last (R300)', async () => {
  const { stages } = await funnel({ task_rule: 'create' })
  const other = await funnel({ task_rule: 'create' })
  const deal = await seller.create('/api/deals', { title: 'Сама', stage_id: stages[0].id })
  const [lead] = await tasksOf(seller, deal)
  await seller.patch(`/api/tasks/${lead.id}`, { kind: 'mail' })
  const { next } = (await seller.must(200)('POST', `/api/tasks/${lead.id}/finish`, { result: 'Написали' })).body
  assert.deepEqual([next.kind, next.title, next.deal_id], ['mail', 'Написать клиенту', deal.id])
  await admin.patch(`/api/stages/${stages[0].id}`, { next_task: { title: 'Отправить КП', kind: 'todo', due_hours: 8, working: true } })
  await go(at(5, 12))
  await seller.must(200)('POST', `/api/tasks/${next.id}/finish`, { result: 'Попросили КП' })
  const [offer] = await tasksOf(seller, deal, ' and done = false')
  assert.equal(offer.title, 'Отправить КП')
  assert.equal(Math.round((offer.due_at - at(8, 12)) / 60000), 0, 'five hours on Friday, three on Monday')
  // To another funnel, and back from the dead.
  const bare = await seller.create('/api/deals', { title: 'Без правил', stage_id: (await funnel()).stages[0].id })
  assert.equal((await tasksOf(seller, bare)).length, 0)
  await seller.patch(`/api/deals/${bare.id}`, { stage_id: other.stages[0].id })
  assert.equal((await tasksOf(seller, bare)).length, 1)
})

test('a goal is ticked while finishing: stage and next task come by themselves (R026)', async () => {
  const { stages } = await funnel({ task_rule: 'refuse' })
  const goal = await admin.create('/api/goals', { stage_id: stages[0].id, name: 'Есть интерес', actions: [{ do: 'move', stage_id: stages[1].id }, { do: 'task', title: 'Отправить КП', kind: 'mail', due_hours: 4, working: true, to: 'owner' }] })
  const deal = await seller.create('/api/deals', { title: 'По цели', stage_id: stages[0].id })
  const [task] = await tasksOf(seller, deal)
  const done = (await seller.must(200)('POST', `/api/tasks/${task.id}/finish`, { result: 'Хотят КП', goal_id: goal.id, deal: { value_minor: 70000 } })).body
  assert.deepEqual([done.deal.stage_id, done.deal.goal_ids, done.deal.value_minor, done.next.title], [stages[1].id, [goal.id], 70000, 'Отправить КП'])
  assert.ok(done.run.id > 0)
  assert.equal((await seller('POST', `/api/tasks/${done.next.id}/finish`, { result: 'ещё', goal_id: goal.id })).body.code, 'goal_of_other_stage')
  assert.equal((await seller.get(`/api/tasks/${done.next.id}`)).done, false)
})

test('a repeating reminder of payment makes the next one until the deal leaves its stage (R299, R302)', async () => {
  const { stages } = await funnel()
  nextWeek()
  await go(at(1, 10))
  const deal = await seller.create('/api/deals', { title: 'Счёт', stage_id: stages[0].id })
  const first = await seller.create('/api/tasks', { title: 'Напомнить об оплате', kind: 'call', deal_id: deal.id, due_at: at(1, 12), repeat_days: 3, repeat_left: 2 })
  const finish = async (task) => { await seller.patch(`/api/tasks/${task.id}`, { done: true, result: 'обещал оплатить' }); return (await tasksOf(seller, deal, ' and done = false'))[0] }
  const second = await finish(first)
  assert.deepEqual([second.due_at, second.repeat_left, second.author_id], [at(4, 12), 1, me])
  const third = await finish(second)
  assert.deepEqual([third.due_at, third.repeat_left], [at(7, 12), 0])
  assert.equal(await finish(third), undefined)
  const again = await seller.create('/api/tasks', { title: 'Напомнить об оплате', deal_id: deal.id, due_at: at(1, 12), repeat_days: 3 })
  await seller.must(200)('POST', `/api/tasks/${again.id}/finish`, { result: 'оплатил', stage_id: stages[1].id })
  assert.deepEqual(await tasksOf(seller, deal, ' and done = false'), [])
})

test('a deadline that somebody else has set is moved by asking (R304, R305)', async () => {
  const task = await head.create('/api/tasks', { title: 'Отчёт', owner_id: me, due_at: at(2, 18) })
  assert.equal(task.author_id, boss)
  assert.equal((await seller('PATCH', `/api/tasks/${task.id}`, { due_at: at(3, 18) })).body.code, 'ask_author')
  assert.equal((await seller('PATCH', `/api/tasks/${task.id}`, { due_at: null })).body.code, 'ask_author')
  await seller.patch(`/api/tasks/${task.id}`, { due_at: at(2, 17), started_at: at(1, 12) }) // sooner is welcome
  assert.equal((await seller('POST', `/api/tasks/${task.id}/ask-due`, { due_at: at(2, 16), reason: 'раньше' })).body.code, 'due_not_later')
  const asked = (await seller.must(200)('POST', `/api/tasks/${task.id}/ask-due`, { due_at: at(3, 18), reason: 'жду данные' })).body
  assert.deepEqual([asked.due_at, asked.asked_due_at, asked.asked_reason], [at(2, 17), at(3, 18), 'жду данные'])
  const [notice] = await notices(head, 'task.due_asked')
  assert.deepEqual([notice.object_id, notice.params.reason, notice.params.who], [task.id, 'жду данные', 'seller'])
  assert.equal((await seller('POST', `/api/tasks/${task.id}/answer-due`, { accept: true })).status, 403)
  const moved = (await head.must(200)('POST', `/api/tasks/${task.id}/answer-due`, { accept: true })).body
  assert.deepEqual([moved.due_at, moved.asked_due_at, moved.asked_reason], [at(3, 18), null, null])
  assert.equal((await notices(seller, 'task.due_moved')).length, 1)
  assert.equal((await head('POST', `/api/tasks/${task.id}/answer-due`, { accept: true })).body.code, 'nothing_asked')
  await seller.must(200)('POST', `/api/tasks/${task.id}/ask-due`, { due_at: at(4, 18), reason: 'ещё' })
  await head.must(200)('POST', `/api/tasks/${task.id}/answer-due`, { accept: false })
  assert.equal((await seller.get(`/api/tasks/${task.id}`)).due_at, at(3, 18))
  const own = await seller.create('/api/tasks', { title: 'Своя', due_at: at(2, 18) })
  assert.equal((await seller('POST', `/api/tasks/${own.id}/ask-due`, { due_at: at(3, 18), reason: 'сам себе' })).body.code, 'no_author')
  await seller.patch(`/api/tasks/${own.id}`, { due_at: at(5, 18) })
})

test('a reminder comes when it is due, once, also over a restart (R024)', async () => {
  const soon = await seller.create('/api/tasks', { title: 'Позвонить в полдень', due_at: at(2, 12) })
  const early = await seller.create('/api/tasks', { title: 'Заранее', due_at: at(2, 12), remind_at: at(2, 9) })
  const past = await seller.create('/api/tasks', { title: 'Давно пора', due_at: at(1, 1) })
  const told = async (task) => (await notices(seller, 'task.due')).filter((x) => x.object_id === task.id)
  await go(at(2, 9, 1))
  assert.equal((await eventually(async () => { const l = await told(early); return l.length && l })).length, 1)
  assert.deepEqual([await told(soon), await told(past)], [[], []])
  await go(at(2, 12, 1))
  const [notice] = await eventually(async () => { const l = await told(soon); return l.length && l })
  assert.deepEqual(notice.params, { title: 'Позвонить в полдень', due_at: at(2, 12) })
  await seller.patch(`/api/tasks/${soon.id}`, { due_at: at(2, 15) }) // put off: once more then
  await go(at(2, 15, 1))
  await eventually(async () => (await told(soon)).length === 2)
  assert.deepEqual([(await told(early)).length, (await told(past)).length], [1, 0])
})

test('a deal put off sleeps out of the queue and wakes with a task on its day (R029)', async () => {
  const { stages } = await funnel({ task_rule: 'refuse' })
  const deal = await seller.create('/api/deals', { title: 'Вернуться весной', stage_id: stages[0].id })
  const [lead] = await tasksOf(seller, deal)
  const put = (await seller.must(200)('POST', `/api/tasks/${lead.id}/finish`, { result: 'Пока не готовы', defer: { until: at(10, 9) } })).body
  assert.deepEqual([put.deal.deferred_until, put.next], [at(10, 9), null], 'who sleeps needs no task')
  await go(at(10, 9, 1))
  const [task] = await eventually(async () => { const l = await tasksOf(seller, deal, ' and done = false'); return l.length && l })
  assert.deepEqual([task.title, task.owner_id, (await seller.get(`/api/deals/${deal.id}`)).deferred_until], ['Вернуться к клиенту: отложенный срок наступил', me, null])
  assert.equal((await notices(seller, 'deal.woken')).length, 1)
})

test('who waits for a group wakes when it fills, and by hand; one undo puts all back to sleep', async () => {
  const { stages, lost } = await funnel()
  const wait = await admin.create('/api/waits', { name: 'Группа на май', needed: 3 })
  const deals = []
  for (let i = 0; i < 2; i++) deals.push(await seller.create('/api/deals', { title: `Слушатель ${i}`, stage_id: stages[0].id, wait_id: wait.id }))
  const gone = await seller.create('/api/deals', { title: 'Передумал', stage_id: stages[0].id })
  await seller.patch(`/api/deals/${gone.id}`, { stage_id: lost.id })
  assert.equal((await admin.get(`/api/waits/${wait.id}`)).filled, false)
  const last = await seller.must(201)('POST', '/api/deals', { title: 'Слушатель 3', stage_id: stages[0].id, wait_id: wait.id })
  deals.push(last.body)
  assert.equal((await admin.get(`/api/waits/${wait.id}`)).filled, true)
  for (const d of deals) {
    assert.equal((await seller.get(`/api/deals/${d.id}`)).wait_id, null)
    assert.deepEqual((await tasksOf(seller, d)).map((t) => t.title), ['Связаться с клиентом: «Группа на май» — дождались'])
  }
  assert.equal((await notices(seller, 'deal.woken_by')).length, 3)
  assert.equal((await seller('PATCH', `/api/deals/${deals[0].id}`, { wait_id: wait.id })).body.code, 'wait_filled')
  await admin.must(200)('POST', '/api/undo', { change_id: Number(last.headers.get('voronka-change')) })
  assert.equal((await seller.get(`/api/deals/${deals[0].id}`)).wait_id, wait.id)
  assert.deepEqual(await tasksOf(seller, deals[0]), [])
  await admin.patch(`/api/waits/${wait.id}`, { filled: true })
  assert.equal((await tasksOf(seller, deals[1])).length, 1)
})

test('deals that are brought in have a task each where the funnel wants one (R023)', async () => {
  const { funnel: f, stages } = await funnel({ task_rule: 'refuse', response_hours: 4 })
  const upload = await fetch(`${server.url}/api/uploads?name=deals.csv`, { method: 'POST', headers: { authorization: `Bearer ${admin.session.token}`, 'content-type': 'application/octet-stream' }, body: 'Название;Этап\nПервая;Заявка\nВторая;Связались\nТретья;Выиграна\n' })
  const { upload_id } = await upload.json()
  const { id } = (await admin.must(202)('POST', '/api/imports', { upload_id, object: 'deal', delimiter: ';', funnel_id: f.id, match: [], on_match: 'create', on_bad: 'skip',
    columns: [{ column: 0, object: 'deal', field: 'title' }, { column: 1, object: 'deal', field: 'stage_id' }] })).body
  const over = await eventually(async () => { const o = await admin.get(`/api/operations/${id}`); return o.state === 'done' && o }, 'the import')
  assert.deepEqual([over.done_count, over.failed_count], [3, 0])
  const deals = (await admin.list('/api/deals', { filter: `funnel_id = ${f.id}`, sort: 'id' })).items
  assert.deepEqual(deals.map((d) => [d.title, d.open_tasks, d.first_response_due_at]), [['Первая', 1, null], ['Вторая', 1, null], ['Третья', 0, null]], 'history is not to be answered now')
  await admin.must(202)('POST', `/api/operations/${id}/undo`)
  await eventually(async () => (await admin.list('/api/deals', { filter: `funnel_id = ${f.id}` })).items.length === 0, 'the undo')
  assert.ok(stages.length)
})

test('a log of events from another program leaves no open deal without a task, either', async () => {
  const own = await startServer()
  const her = await own.admin()
  const { funnel: f } = await funnelOf(her, { name: 'Журнал', task_rule: 'create' })
  await own.stop()
  const file = scratchFile('log.csv')
  writeFileSync(file, 'case,stage,at\nА-1,Заявка,2026-01-10\nА-1,Связались,2026-01-12\nА-2,Заявка,2026-01-11\nА-2,Выиграна,2026-02-01\n')
  const { code, err, out } = await cli(['import', ...own.place, '--events', file, '--funnel', 'Журнал', '--case', 'case', '--stage', 'stage', '--at', 'at', '--won', 'Выиграна'])
  assert.equal(code, 0, err + out)
  assert.equal((await cli(['check', ...own.place])).code, 0)
  const again = await startServer({ place: own.place })
  const deals = (await (await again.admin()).list('/api/deals', { filter: `funnel_id = ${f.id}`, sort: 'title' })).items
  assert.deepEqual(deals.map((d) => [d.title, d.status, d.open_tasks]), [['А-1', 'open', 1], ['А-2', 'won', 0]])
  await again.stop()
})

test('hundreds who wait for one thing all wake, each once, also with two servers and after a crash', async () => {
  const place = freshPlace()
  const first = await startServer({ place, args: ['--test-clock'] })
  const people = await peopleOf(first)
  const { stages } = await funnelOf(people.admin)
  const wait = await people.admin.create('/api/waits', { name: 'Группа' })
  const rows = ['Название']
  for (let i = 0; i < 900; i++) rows.push(`Слушатель ${i}`)
  const { upload_id } = await (await fetch(`${first.url}/api/uploads?name=deals.csv`, { method: 'POST', body: rows.join('\n'), headers: { cookie: people.admin.session.cookie, 'x-csrf-token': people.admin.session.csrf, 'content-type': 'application/octet-stream' } })).json()
  const done = async (id) => eventually(async () => (await people.admin.get(`/api/operations/${id}`)).state === 'done', 'the operation', 60000)
  await done((await people.admin.must(202)('POST', '/api/imports', { upload_id, object: 'deal', delimiter: ';', funnel_id: stages[0].funnel_id, owner_id: people.seller.session.user.id, columns: [{ column: 0, object: 'deal', field: 'title' }], match: [], on_match: 'create', on_bad: 'stop' })).body.id)
  await done((await people.admin.must(202)('POST', '/api/deals/bulk', { filter: 'status = "open"', set: { wait_id: wait.id } })).body.id)
  const soon = Date.now() + 3 * day
  const reminder = await people.seller.create('/api/tasks', { title: 'Позвонить', due_at: soon })
  await people.admin.patch(`/api/waits/${wait.id}`, { filled: true })
  await first.stop('SIGKILL') // in the middle of it
  const second = await startServer({ place, args: ['--test-clock'] })
  const third = onPostgres ? await startServer({ place, args: ['--test-clock'] }) : null
  const seller = await second.signIn('seller@example.ru', 'пароль для тестов')
  await Promise.all([second, third].filter(Boolean).map((s) => clock(s, soon + 1000)))
  const count = async (filter) => (await seller.list('/api/tasks', { filter, count: 1, limit: 1 })).count
  const woken = 'deal_id is not null'
  await eventually(async () => (await count(woken)) >= 900, 'all tasks', 60000)
  await eventually(async () => (await seller.list('/api/notifications', { filter: `kind = "task.due" and object_id = ${reminder.id}` })).items.length > 0, 'the reminder', 60000)
  await new Promise((ok) => setTimeout(ok, 1500)) // another round of each server
  assert.equal(await count(woken), 900)
  assert.equal((await seller.list('/api/deals', { filter: 'wait_id is not null', count: 1 })).count, 0)
  assert.equal((await seller.list('/api/notifications', { filter: `kind = "task.due" and object_id = ${reminder.id}`, count: 1 })).count, 1)
  assert.equal((await seller.list('/api/notifications', { filter: 'kind = "deal.woken_by"', count: 1 })).count, 900)
  await Promise.all([second, third].filter(Boolean).map((s) => s.stop()))
  assert.equal((await cli(['check', ...place])).code, 0)
})

test('the queue shows no more than one may see: neither tasks of others nor hidden values, also not by their order', async () => {
  const own = (scope) => ({ see: scope, create: scope, edit: scope, delete: scope, export: 'none' })
  const role = await admin.create('/api/roles', { name: 'Только своё', base: 'seller', rights: { objects: { deal: own('own'), task: own('own') }, fields: { 'deal.value_minor': 'hidden' } } })
  const narrow = await person('Узкий', 'narrow@example.ru', { role: undefined, role_id: role.id })
  const him = await server.signIn('narrow@example.ru', 'пароль для тестов')
  const { stages } = await funnel()
  const [foreign, small, big] = [await admin.create('/api/deals', { title: 'Чужая', stage_id: stages[0].id, owner_id: boss, value_minor: 900 }), ...(await Promise.all([1, 999].map((value_minor) => admin.create('/api/deals', { title: `На ${value_minor}`, stage_id: stages[0].id, owner_id: narrow.id, value_minor }))))]
  const due = (await him.get('/api/boot')).now - 5 * hour
  for (const [i, deal] of [small, big, foreign].entries()) await admin.create('/api/tasks', { title: `К сделке ${deal.title}`, deal_id: deal.id, owner_id: narrow.id, due_at: due + i * 1000 })
  const queue = (await him.get('/api/queue')).items
  assert.deepEqual(queue.map((x) => x.task.title), ['К сделке На 1', 'К сделке На 999', 'К сделке Чужая'])
  assert.deepEqual(queue.map((x) => x.deal && 'value_minor' in x.deal), [false, false, null])
  assert.deepEqual((await him.get(`/api/queue?owner_id=${me}`)).items, [])
  assert.deepEqual(Object.values((await him.get(`/api/queue?owner_id=${me}`)).counts), [0, 0, 0, 0, 0, 0])
  const foreignTask = await head.create('/api/tasks', { title: 'Не его', owner_id: boss, deal_id: foreign.id, due_at: due })
  for (const [method, path, body] of [['GET', 'proposed'], ['POST', 'finish', { result: 'x' }], ['POST', 'ask-due', { due_at: due + 9 * day, reason: 'занят' }], ['POST', 'answer-due', { accept: true }]])
    assert.equal((await him(method, `/api/tasks/${foreignTask.id}/${path}`, body)).status, 404, path)
})

test('the queue of 10,000 tasks: urgent, new leads, late by value, then by time; page by page (R020, R021, R293)', async () => {
  await person('Очередь', 'queue@example.ru')
  const her = await tokenOf(server, await server.signIn('queue@example.ru', 'пароль для тестов'))
  const { stages } = await funnel()
  const leads = await funnel({ response_hours: 4 })
  nextWeek()
  nextWeek()
  await go(at(2, 10))
  const deal = async (title, fields = {}) => her.create('/api/deals', { title, stage_id: stages[0].id, ...fields })
  const task = (title, fields) => her.create('/api/tasks', { title, kind: 'call', ...fields })
  const [big, small, asleep] = [await deal('Крупная', { value_minor: 9000000 }), await deal('Мелкая', { value_minor: 100000 }), await deal('Спит', { deferred_until: at(20, 9) })]
  await task('спящая', { deal_id: asleep.id, due_at: at(1, 9) })
  await task('без даты', {})
  await task('завтра', { due_at: at(3, 9) })
  await task('сегодня вечером', { due_at: at(2, 18) })
  await task('сегодня днём', { due_at: at(2, 15) })
  await task('мелкая, неделю', { deal_id: small.id, due_at: at(-5, 9) })
  await task('крупная, день', { deal_id: big.id, due_at: at(1, 12) })
  await task('крупная, два', { deal_id: big.id, due_at: at(1, 9) })
  await task('пожар', { due_at: at(9, 9), priority: 'urgent' })
  const lead = await her.create('/api/deals', { title: 'Новая заявка', stage_id: leads.stages[0].id })
  const first = await her.get('/api/queue?limit=4')
  assert.deepEqual(first.items.map((x) => [x.kind, x.task.title]), [['urgent', 'пожар'], ['lead', 'Связаться с новым клиентом'], ['overdue', 'крупная, два'], ['overdue', 'крупная, день']])
  assert.deepEqual(first.items[1].deal, { id: lead.id, title: 'Новая заявка', value_minor: null, currency: 'RUB', stage_id: leads.stages[0].id, contact_id: null, company_id: null })
  assert.ok(first.items[1].left_ms > 3.9 * hour && first.items[2].left_ms < 0)
  const rest = await her.get(`/api/queue?limit=50&cursor=${first.next_cursor}`)
  assert.deepEqual(rest.items.map((x) => [x.kind, x.task.title]), [['overdue', 'мелкая, неделю'], ['today', 'сегодня днём'], ['today', 'сегодня вечером'], ['later', 'завтра'], ['no_date', 'без даты']])
  assert.equal(rest.next_cursor, null)
  assert.deepEqual(rest.counts, { urgent: 1, lead: 1, overdue: 3, today: 2, later: 1, no_date: 1 })
  // Another's queue: as far as one sees.
  const id = her.session.user.id
  assert.equal((await head.get(`/api/queue?owner_id=${id}`)).items.length, 9)
  assert.equal((await her('GET', '/api/queue?cursor=x')).body.code, 'bad_cursor')
  // Many.
  const rows = ['Задача;Срок;Ответственный']
  for (let i = 0; i < 9990; i++) rows.push(`Дело ${i};${new Date(at(1, 9) + i * 60000).toISOString().slice(0, 16).replace('T', ' ')};Очередь`)
  const upload = await fetch(`${server.url}/api/uploads?name=tasks.csv`, { method: 'POST', headers: { authorization: `Bearer ${admin.session.token}`, 'content-type': 'application/octet-stream' }, body: rows.join('\n') })
  const { upload_id } = await upload.json()
  const { id: operation } = (await admin.must(202)('POST', '/api/imports', { upload_id, object: 'task', delimiter: ';',
    columns: [{ column: 0, object: 'task', field: 'title' }, { column: 1, object: 'task', field: 'due_at' }, { column: 2, object: 'task', field: 'owner_id' }], match: [], on_match: 'create', on_bad: 'stop' })).body
  await eventually(async () => (await admin.get(`/api/operations/${operation}`)).state === 'done', 'the import', 120000)
  const began = performance.now()
  const page = await her.get('/api/queue?limit=100')
  const took = performance.now() - began
  assert.equal(Object.values(page.counts).reduce((a, b) => a + b), 9999)
  assert.deepEqual(page.items.slice(0, 4).map((x) => x.task.title), first.items.map((x) => x.task.title))
  assert.ok(took < 1000, `the queue of 10,000 took ${took} ms`)
})
