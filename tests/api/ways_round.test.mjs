// Ways round the rules that somebody might find: each is shut. R077, R199-R201, R338.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cli, clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const seller = await tokenOf(server, people.seller), head = await tokenOf(server, people.head)
const of = (name, more = {}) => funnelOf(admin, { name, task_rule: 'off', back_reason: false, ...more })
const ended = (id) => eventually(async () => { const o = await admin.get(`/api/operations/${id}`); return ['done', 'failed', 'undone'].includes(o.state) && o }, 'the operation')
const open = async (d) => (await admin.list('/api/tasks', { filter: `deal_id = ${d.id} and done = false` })).items
let now = Date.now()
const later = async (ms) => (now = await clock(server, now + ms))
const withRole = async (name, rights) => {
  const boss = await server.admin()
  const role = await boss.create('/api/roles', { name, base: 'seller', rights })
  const user = await boss.create('/api/users', { name, email: `${role.id}@example.ru`, role_id: role.id, password: 'пароль для тестов' })
  return tokenOf(server, await server.signIn(user.email, 'пароль для тестов'))
}

describe('what a stage asks of one class of deals', async () => {
  const f = await of('По классам')
  const [big, small] = [await admin.create('/api/deal-classes', { name: 'Крупная' }), await admin.create('/api/deal-classes', { name: 'Мелкая' })]
  const gate = await admin.create('/api/gates', { stage_id: f.stages[1].id, kind: 'check', name: 'Смета согласована', deal_class_id: big.id })
  await admin.create('/api/gates', { stage_id: f.stages[1].id, kind: 'field', field: 'value_minor' })
  const past = async () => {
    const d = await seller.create('/api/deals', { title: 'Станок', stage_id: f.stages[0].id, deal_class_id: small.id, value_minor: 100 })
    await seller.patch(`/api/deals/${d.id}`, { stage_id: f.stages[1].id })
    return d
  }
  test('is not passed by changing the class for the length of a move', async () => {
    const d = await past()
    for (const [api, body] of [[seller, { deal_class_id: big.id }], [admin, { deal_class_id: big.id }], [seller, { deal_class_id: big.id, stage_id: f.stages[2].id }]]) {
      const r = await api('PATCH', `/api/deals/${d.id}`, body)
      assert.deepEqual([r.status, r.body.code, r.body.field, r.body.missing?.map((m) => m.gate_id)], [422, 'gates_unmet', body.stage_id ? 'stage_id' : 'deal_class_id', [gate.id]])
    }
    await seller.patch(`/api/deals/${d.id}`, { check_ids: [gate.id], deal_class_id: big.id })
  })
  test('does not hold where the deal has not come yet, and can be set aside with a reason', async () => {
    const d = await seller.create('/api/deals', { title: 'Новая', stage_id: f.stages[0].id, deal_class_id: small.id })
    await seller.patch(`/api/deals/${d.id}`, { deal_class_id: big.id })
    const stands = await past()
    const over = await head.must(200)('POST', `/api/deals/${stands.id}/override`, { stage_id: f.stages[1].id, deal_class_id: big.id, reason: 'Смету пришлют завтра' })
    assert.deepEqual([over.body.deal_class_id, over.body.overrides], [big.id, 1])
  })
  test('holds for a trigger that sets the class, and in bulk', async () => {
    const d = await past()
    await admin.create('/api/triggers', { name: 'Крупная с миллиона', funnel_id: f.funnel.id, event: { on: 'updated', field: 'value_minor' }, condition: 'value_minor > 1000', enabled: true, actions: [{ do: 'set', field: 'deal_class_id', value: big.id }] })
    await seller.patch(`/api/deals/${d.id}`, { value_minor: 5000 })
    assert.equal((await admin.get(`/api/deals/${d.id}`)).deal_class_id, small.id)
    assert.equal((await admin.get(`/api/deals/${d.id}/runs`)).items[0].error_code, 'gates_unmet')
    const op = (await admin.must(202)('POST', '/api/deals/bulk', { ids: [d.id], set: { deal_class_id: big.id } })).body
    assert.equal((await ended(op.id)).failed_count, 1)
  })
})

test('a goal moves no deal out of a stage that whoever ticks it may not leave or close', async () => {
  const f = await of('Права этапов')
  const goal = await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Договорились', actions: [{ do: 'move', stage_id: f.stages[1].id }] })
  const refusal = await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Отказ', kind: 'refusal' })
  const hand = await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Записано', actions: [{ do: 'note', text: 'Готово' }] })
  const stays = await withRole('Не отпускает', { stages: { [f.stages[0].id]: 'no_leave' } })
  const keeps = await withRole('Не закрывает', { stages: { [f.stages[0].id]: 'no_close', [f.stages[1].id]: 'closed' } })
  const d = await admin.create('/api/deals', { title: 'Чужая', stage_id: f.stages[0].id })
  const reach = (api, g) => api('POST', `/api/deals/${d.id}/reach`, { goal_id: g.id })
  for (const [api, g] of [[stays, goal], [stays, refusal], [keeps, refusal]]) {
    const r = await reach(api, g)
    assert.deepEqual([r.status, r.body.code, r.body.field], [403, 'forbidden', 'stage_id'])
  }
  assert.deepEqual((await admin.get(`/api/deals/${d.id}`)).goal_ids, [], 'all or nothing')
  assert.equal((await reach(stays, hand)).status, 200)
  assert.equal((await reach(keeps, goal)).status, 200, 'where it goes the goal says')
})

describe('taking back leaves no open deal without a task', () => {
  test('by one change: a task comes, and the answer says so', async () => {
    const f = await of('Всегда с задачей', { task_rule: 'refuse' })
    const d = await seller.create('/api/deals', { title: 'Одна', stage_id: f.stages[0].id })
    const [lead] = await open(d)
    const next = await seller('POST', '/api/tasks', { title: 'Позвонить', deal_id: d.id, due_at: now + 3600000 })
    await seller.patch(`/api/tasks/${lead.id}`, { done: true, result: 'Поговорили' })
    const undo = (await seller.must(200)('POST', '/api/undo', { change_id: Number(next.headers.get('voronka-change')) })).body
    const left = await open(d)
    assert.equal(left.length, 1)
    assert.deepEqual(undo.tasks, [left[0].id])
    const again = (await seller.must(200)('POST', '/api/undo', { change_id: undo.change_id })).body
    assert.deepEqual([again.tasks, (await open(d)).map((t) => t.title)], [[], ['Позвонить']])
  })
  test('by an operation: only where in the end there is none', async () => {
    const f = await of('Массово', { task_rule: 'off' })
    const deals = await Promise.all([1, 2].map((n) => seller.create('/api/deals', { title: `Сделка ${n}`, stage_id: f.lost.id })))
    const [bare, busy] = deals
    const op = (await admin.must(202)('POST', '/api/deals/bulk', { ids: deals.map((d) => d.id), set: { stage_id: f.stages[0].id } })).body
    await ended(op.id)
    await seller.create('/api/tasks', { title: 'Есть', deal_id: busy.id })
    const op2 = (await admin.must(202)('POST', '/api/deals/bulk', { ids: deals.map((d) => d.id), set: { stage_id: f.won.id } })).body
    await ended(op2.id)
    await admin.patch(`/api/funnels/${f.funnel.id}`, { task_rule: 'refuse' })
    const back = (await admin.must(202)('POST', `/api/operations/${op2.id}/undo`)).body
    assert.equal((await ended(back.id)).state, 'done')
    assert.deepEqual([(await open(bare)).length, (await open(busy)).map((t) => t.title)], [1, ['Есть']])
  })
})

describe('deals that make deals', async () => {
  test('at once: the chain stops where it comes back to itself', async () => {
    const f = await of('Кольцо')
    const copy = { do: 'copy', stage_id: f.stages[0].id }
    const t = await admin.create('/api/triggers', { name: 'Ещё две', funnel_id: f.funnel.id, event: { on: 'created' }, enabled: true, actions: [copy, copy] })
    const d = await admin.create('/api/deals', { title: 'Первая', stage_id: f.stages[0].id })
    assert.equal((await admin.list('/api/deals', { filter: `funnel_id = ${f.funnel.id}`, count: 1 })).count, 3)
    const runs = (await admin.get(`/api/triggers/${t.id}/runs`)).items
    assert.deepEqual(runs.map((r) => r.state).sort(), ['done', 'stopped', 'stopped'])
    assert.equal(runs.find((r) => r.object_id === d.id).state, 'done')
  })
  test('by a timer of each new deal: the chain is counted over its deals, not a deal', async () => {
    const f = await of('Кольцо по времени')
    const t = await admin.create('/api/triggers', { name: 'Через час ещё две', funnel_id: f.funnel.id, event: { on: 'timer', after: 'created', hours: 1 }, enabled: true, actions: [{ do: 'copy', stage_id: f.stages[0].id }, { do: 'copy', stage_id: f.stages[1].id }] })
    await admin.create('/api/deals', { title: 'Первая', stage_id: f.stages[0].id })
    const n = async () => (await admin.list('/api/deals', { filter: `funnel_id = ${f.funnel.id}`, count: 1 })).count
    for (const [deals, runs] of [[3, 1], [3, 3], [3, 3]]) {
      await later(2 * 3600000)
      await eventually(async () => (await admin.get(`/api/triggers/${t.id}/runs`)).items.length === runs, 'the timers')
      assert.equal(await n(), deals)
    }
    assert.deepEqual((await admin.get(`/api/triggers/${t.id}/runs`)).items.map((r) => r.state), ['stopped', 'stopped', 'done'])
    const person = await admin.create('/api/deals', { title: 'Новая', stage_id: f.stages[0].id })
    await later(2 * 3600000)
    await eventually(async () => (await n()) === 6, 'a chain of its own')
    assert.ok(person.id)
  })
  test('the linter finds it before it is published, also when it goes by a timer', async () => {
    const f = await of('На проверку')
    for (const event of [{ on: 'created' }, { on: 'entered' }, { on: 'timer', after: 'created', hours: 1 }, { on: 'timer', after: 'stage_entry', hours: 1 }]) {
      const definition = await admin.get(`/api/funnels/${f.funnel.id}/definition`)
      definition.triggers = [{ name: 'Размножение', event, actions: [{ do: 'copy', stage_id: f.stages[0].id }], enabled: true }]
      const { findings } = (await admin.must(200)('POST', '/api/lint', { definition })).body
      assert.ok(findings.some((x) => x.code === 'loop'), JSON.stringify(event))
      const draft = await admin.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'Черновик', definition })
      const r = await admin('POST', `/api/funnel-drafts/${draft.id}/publish`)
      assert.deepEqual([r.status, r.body.code], [422, 'trigger_loop'])
      await admin.del(`/api/funnel-drafts/${draft.id}`)
    }
  })
})

test('what is tried again looks first whether the deal still stands where it stood', async () => {
  const f = await of('Повторы')
  const one = await withRole('Занятый', {})
  await admin.patch(`/api/users/${one.session.user.id}`, { load_cap: 1 })
  await admin.create('/api/deals', { title: 'Загрузка', stage_id: f.stages[0].id, owner_id: one.session.user.id })
  const busy = (await admin.list('/api/deals', { filter: `owner_id = ${one.session.user.id}` })).items[0]
  const t = await admin.create('/api/triggers', { name: 'Передать', stage_id: f.stages[1].id, event: { on: 'entered' }, enabled: true, actions: [{ do: 'owner', to: { role_id: one.session.user.role_id, pick: 'least_loaded' }, reason: 'Свободен' }] })
  const deals = []
  for (const n of [1, 2]) {
    const d = await admin.create('/api/deals', { title: `Ждёт ${n}`, stage_id: f.stages[0].id })
    deals.push(await admin.patch(`/api/deals/${d.id}`, { stage_id: f.stages[1].id }))
  }
  assert.deepEqual((await admin.get(`/api/triggers/${t.id}/runs`)).items.map((r) => r.state), ['retry', 'retry'])
  await admin.patch(`/api/deals/${deals[0].id}`, { stage_id: f.stages[2].id })
  await admin.patch(`/api/deals/${busy.id}`, { stage_id: f.lost.id })
  await later(600000)
  await eventually(async () => (await admin.get(`/api/triggers/${t.id}/runs`)).items.length === 3, 'the second try')
  await later(3600000)
  assert.deepEqual(await Promise.all(deals.map(async (d) => (await admin.get(`/api/deals/${d.id}`)).owner_id === one.session.user.id)), [false, true])
  assert.equal((await admin.get(`/api/triggers/${t.id}/runs`)).items.length, 3)
})

test('a timer is of deals: of anything else it is refused in words', async () => {
  for (const event of [
    { on: 'timer', object: 'contact', date: 'next_contact_on', hours: 0 },
    { on: 'timer', object: 'task', after: 'created', hours: 1 },
    { on: 'timer', object: 'company', after: 'last_contact', hours: 1 },
    { on: 'timer', object: 'nothing', after: 'created', hours: 1 },
  ]) {
    const r = await admin('POST', '/api/triggers', { name: 'Не о сделке', event, actions: [{ do: 'notify', to: 'owner', text: 'Пора' }] })
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, event.object === 'nothing' ? 'bad_trigger_event' : 'timer_of_deals', 'event'], JSON.stringify(event))
  }
  await admin.create('/api/triggers', { name: 'О сделке', event: { on: 'timer', object: 'deal', after: 'created', hours: 1 }, actions: [{ do: 'notify', to: 'owner', text: 'Пора' }] })
})

test('deals that a publishing sends on are told apart by the company’s days, not by those of Greenwich', async () => {
  const f = await of('Делится по дням')
  const evening = Math.ceil((now + 3600000) / 86400000) * 86400000 + 22.5 * 3600000 // 1:30 in Moscow, the next day
  await later(evening - now)
  const day = (n) => new Date(evening + n * 86400000).toISOString().slice(0, 10)
  const [greenwich, moscow] = [await seller.create('/api/deals', { title: 'По Гринвичу', stage_id: f.stages[0].id, expected_close_on: day(0) }), await seller.create('/api/deals', { title: 'По Москве', stage_id: f.stages[0].id, expected_close_on: day(1) })]
  const definition = await admin.get(`/api/funnels/${f.funnel.id}/definition`)
  definition.stages = definition.stages.filter((s) => s.id !== f.stages[0].id)
  definition.remap = [{ from: f.stages[0].id, split: [{ condition: 'expected_close_on = today', to: f.stages[2].id }, { to: f.stages[1].id }] }]
  const draft = await admin.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'По дням', definition })
  await admin.must(200)('POST', `/api/funnel-drafts/${draft.id}/publish`)
  const at = async (d) => (await admin.get(`/api/deals/${d.id}`)).stage_id
  await eventually(async () => (await at(moscow)) !== f.stages[0].id && (await at(greenwich)) !== f.stages[0].id, 'the deals')
  assert.deepEqual([await at(greenwich), await at(moscow)], [f.stages[1].id, f.stages[2].id])
})

test('a draft that changes many timers at once looks at those who wait when all is written', async () => {
  const f = await of('Много таймеров')
  const hours = { on: 'timer', after: 'stage_entry', hours: 100 }
  const made = []
  for (let n = 0; n < 12; n++) made.push(await admin.create('/api/triggers', { name: `Таймер ${n}`, stage_id: f.stages[0].id, event: hours, enabled: true, actions: [{ do: 'note', text: 'Пора' }] }))
  const d = await seller.create('/api/deals', { title: 'Ждёт', stage_id: f.stages[0].id })
  const due = async () => (await admin.get(`/api/deals/${d.id}/timers`)).items.map((t) => Math.round((t.due_at - d.stage_entered_at) / 3600000))
  assert.deepEqual(await due(), Array(12).fill(100))
  const definition = await admin.get(`/api/funnels/${f.funnel.id}/definition`)
  definition.stages.find((s) => s.id === f.stages[0].id).triggers.forEach((t, i) => (t.event = { ...hours, hours: 200 + i }))
  const draft = await admin.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'Реже', definition })
  await admin.must(200)('POST', `/api/funnel-drafts/${draft.id}/publish`)
  assert.deepEqual(await due(), made.map((_, i) => 200 + i))
})

test('a reason that is demanded says something', async () => {
  const f = await of('С причинами', { back_reason: true })
  await admin.create('/api/gates', { stage_id: f.stages[2].id, kind: 'check', name: 'Пункт' })
  const d = await seller.create('/api/deals', { title: 'Назад', stage_id: f.stages[1].id })
  const c = await admin.create('/api/contacts', { name: 'Анна' })
  const task = await admin.create('/api/tasks', { title: 'Чужой срок', owner_id: seller.session.user.id, due_at: now + 3600000 })
  const boss = await server.admin()
  const asks = {
    move_reason: (move_reason) => seller('PATCH', `/api/deals/${d.id}`, { stage_id: f.stages[0].id, move_reason }),
    reason: (reason) => head('POST', `/api/deals/${d.id}/override`, { stage_id: f.stages[2].id, reason }),
  }
  for (const [field, ask] of Object.entries(asks))
    for (const empty of ['x', '…', '- - -', 'ок', '12345', '!!!!', 'a1b2']) {
      const r = await ask(empty)
      assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'reason_too_short', field], `${field}: ${empty}`)
    }
  for (const [path, body] of [[`/api/contacts/${c.id}/restrict`, { restricted: true }], [`/api/contacts/${c.id}/erase`, { dry_run: true }]])
    assert.equal((await boss('POST', path, { ...body, reason: '.' })).body.code, 'reason_too_short', path)
  assert.equal((await seller('POST', `/api/tasks/${task.id}/ask-due`, { due_at: now + 7200000, reason: '??' })).body.code, 'reason_too_short')
  assert.equal((await asks.move_reason('не тот клиент')).status, 200)
})

test('journal and rows agree in the end', async () => {
  const { code, out } = await cli(['check', ...server.place])
  assert.equal(code, 0, out)
})
