// Triggers and goals: every event, every action, chains, loops, what fails, why and why not, timers that fire once.
// Proves of the requirements what a sales manager expects of automation (R109-R119, R205, R265-R267, R276-R283, R309).
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { clock, eventually, funnelOf, serveWithClock, tokenOf } from './harness.mjs'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const server = await serveWithClock({ args: ['--allow-private-webhooks'] })
const api = await tokenOf(server, await server.admin())
let shop, tag, other, now

const trigger = (more) => api.create('/api/triggers', { name: 'Триггер', enabled: true, actions: [{ do: 'tag', tag_id: tag.id }], ...more })
const off = (t) => api.del(`/api/triggers/${t.id}`)
const deal = (more = {}) => api.create('/api/deals', { title: 'Сделка', stage_id: shop.stages[0].id, ...more })
const move = (d, stage, more = {}) => api.patch(`/api/deals/${d.id}`, { stage_id: stage.id, ...more })
const fresh = (d) => api.get(`/api/deals/${d.id}`)
const runs = async (d) => (await api.get(`/api/deals/${d.id}/runs`)).items
const tagged = async (d) => (await fresh(d)).tag_ids.includes(tag.id)
const forward = async (ms) => (now = await clock(server, (now ?? Date.now()) + ms))
// Tokens make no people, and sessions end while time is moved ahead.
const person = async (name, more = {}) => (await server.admin()).create('/api/users', { name, email: `${name}@example.ru`, role: 'seller', password: 'пароль для тестов', ...more })

before(async () => {
  shop = await funnelOf(api, { task_rule: 'off', back_reason: false })
  tag = await api.create('/api/tags', { name: 'Важный' })
  other = await api.create('/api/tags', { name: 'Другой' })
})

describe('a trigger hears of', () => {
  const hears = (what, event, act, more = {}) =>
    test(what, async () => {
      const t = await trigger({ event: typeof event === 'function' ? event() : event, funnel_id: shop.funnel.id, ...more })
      const d = await act()
      assert.ok(await tagged(d), 'the tag was put on')
      assert.equal((await runs(d))[0].trigger_id, t.id)
      await off(t)
    })
  hears('a new deal', { on: 'created' }, () => deal())
  hears('a changed field', { on: 'updated', field: 'value_minor' }, async () => {
    const d = await deal()
    await api.patch(`/api/deals/${d.id}`, { title: 'Иначе' })
    assert.ok(!(await tagged(d)), 'another field does not count')
    return (await api.patch(`/api/deals/${d.id}`, { value_minor: 5 }), d)
  })
  hears('a deal that comes to a stage', { on: 'entered' }, async () => move(await deal(), shop.stages[1]))
  hears('a deal that leaves', { on: 'left' }, async () => move(await deal(), shop.stages[1]))
  hears('a tag put on', () => ({ on: 'tagged', tag_id: other.id }), async () => {
    const d = await deal()
    return api.patch(`/api/deals/${d.id}`, { tag_ids: [other.id] })
  })
  hears('a tag taken off', () => ({ on: 'untagged', tag_id: other.id }), async () => {
    const d = await deal({ tag_ids: [other.id] })
    return api.patch(`/api/deals/${d.id}`, { tag_ids: [] })
  })
  hears('a won deal', { on: 'won' }, async () => move(await deal(), shop.won))
  hears('a lost deal', { on: 'lost' }, async () => move(await deal(), shop.lost))
  hears('a task done', { on: 'task_done' }, async () => {
    const d = await deal()
    const task = await api.create('/api/tasks', { title: 'Звонок', deal_id: d.id })
    await api.patch(`/api/tasks/${task.id}`, { done: true, result: 'Поговорили' })
    return d
  })
  hears('a note', { on: 'note_added' }, async () => {
    const d = await deal()
    await api.create('/api/notes', { text: 'Важно', deal_id: d.id })
    return d
  })
  hears('a file', { on: 'file_added' }, async () => {
    const d = await deal()
    const r = await fetch(`${server.url}/api/files?deal_id=${d.id}&name=a.txt`, { method: 'POST', headers: { authorization: `Bearer ${api.session.token}`, 'content-type': 'text/plain' }, body: 'договор' })
    assert.equal(r.status, 201)
    return d
  })
  test('a goal that is reached', async () => {
    const goal = await api.create('/api/goals', { stage_id: shop.stages[0].id, name: 'Договорились' })
    const t = await trigger({ event: { on: 'reached', goal_id: goal.id } })
    const d = await deal()
    await api.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })
    assert.ok(await tagged(d))
    await off(t)
    await api.del(`/api/goals/${goal.id}`)
  })
  test('contacts and companies, and their tags', async () => {
    const t = await trigger({ event: { on: 'created', object: 'contact' }, condition: 'phone is not null' })
    const c = await api.create('/api/contacts', { name: 'Анна', phone: '+7 912 345-67-89' })
    assert.deepEqual((await api.get(`/api/contacts/${c.id}`)).tag_ids, [tag.id])
    const without = await api.create('/api/contacts', { name: 'Без телефона' })
    assert.deepEqual((await api.get(`/api/contacts/${without.id}`)).tag_ids, [])
    await off(t)
  })
  test('a call from outside: by the deal or the client; nothing is created', async () => {
    const t = await trigger({ event: { on: 'webhook' }, stage_id: shop.stages[0].id })
    const { path } = (await api.must(200)('POST', `/api/triggers/${t.id}/hook`)).body
    const contact = await api.create('/api/contacts', { name: 'Пётр', phone: '89998887766', email: 'petr@example.ru' })
    const d = await deal({ contact_id: contact.id })
    const call = (body) => server.anon('POST', path, body)
    assert.deepEqual((await call({ phone: '+7 (999) 888-77-66', any: 'more' })).body, { ran: true, deal_id: d.id })
    assert.ok(await tagged(d))
    assert.deepEqual((await call({ email: 'никого@example.ru' })).body, { ran: false, deal_id: null })
    assert.equal((await server.anon('POST', '/api/hooks/vrh_nothing', {})).status, 404)
    await api.must(200)('POST', `/api/triggers/${t.id}/hook`)
    assert.equal((await call({ deal_id: d.id })).status, 404, 'a newer address replaces it')
    await off(t)
  })
})

describe('a condition', () => {
  test('is over the deal, its client and its history, and the run shows the values it saw', async () => {
    const t = await trigger({
      event: { on: 'entered' }, stage_id: shop.stages[2].id,
      condition: `value_minor >= 1000 and contact_id.name ~ "анна" and stage_ids has ${shop.stages[1].id} and not utm_source = "google"`,
    })
    const anna = await api.create('/api/contacts', { name: 'Анна Каренина' })
    const d = await deal({ value_minor: 5000, contact_id: anna.id })
    await move(d, shop.stages[2])
    assert.ok(!(await tagged(d)), 'it was not on the stage between')
    await move(d, shop.stages[1])
    await move(d, shop.stages[2])
    assert.ok(await tagged(d))
    const [run] = await runs(d)
    assert.deepEqual(run.conditions, [
      { text: 'value_minor >= 1000', value: '5000', met: true },
      { text: 'contact_id.name ~ "анна"', value: 'Анна Каренина', met: true },
      { text: `stage_ids has ${shop.stages[1].id}`, value: shop.stages.map((s) => s.id).join(', '), met: true },
      { text: 'utm_source != "google"', value: null, met: true },
    ])
    assert.equal(run.trigger_version, 1)
    await off(t)
  })
  test('asks for the tags of the client, too, in lists and in memory', async () => {
    const [vip, other] = [await api.create('/api/tags', { name: 'VIP' }), await api.create('/api/tags', { name: 'Обычный' })]
    const condition = `contact_id.tag_ids has ${vip.id} and not company_id.tag_ids in (${other.id})`
    const t = await trigger({ event: { on: 'updated', field: 'title' }, condition })
    const client = await api.create('/api/contacts', { name: 'Пётр' })
    const firm = await api.create('/api/companies', { name: 'ООО «Тракт»', tag_ids: [vip.id] })
    const d = await deal({ contact_id: client.id, company_id: firm.id })
    const found = async (where) => (await api.list('/api/deals', { filter: `id = ${d.id} and ${where}`, count: 1 })).count
    assert.equal(await found(condition), 0)
    await api.patch(`/api/deals/${d.id}`, { title: 'Раз' })
    assert.ok(!(await tagged(d)))
    await api.patch(`/api/contacts/${client.id}`, { tag_ids: [other.id, vip.id] })
    assert.deepEqual([await found(condition), await found('contact_id.tag_ids is null'), await found(`company_id.tag_ids has ${vip.id}`)], [1, 0, 1])
    assert.equal((await api.get(`/api/triggers/${t.id}/why-not?deal_id=${d.id}`)).would, true)
    await api.patch(`/api/deals/${d.id}`, { title: 'Два' })
    assert.ok(await tagged(d))
    assert.deepEqual((await runs(d))[0].conditions[0], { text: `contact_id.tag_ids has ${vip.id}`, value: `${vip.id}, ${other.id}`, met: true })
    const report = async (where) => (await api.list('/api/reports/funnel', { funnel_id: shop.funnel.id, filter: `id = ${d.id} and ${where}` })).rows
    assert.deepEqual(await report(condition), await report('title = "Два"'))
    assert.notDeepEqual(await report(condition), await report(`not (${condition})`))
    await off(t)
  })
  test('speaks of today as of each moment', async () => {
    const t = await trigger({ event: { on: 'updated', field: 'title' }, condition: 'created_at < now - 1d' })
    const d = await deal()
    await api.patch(`/api/deals/${d.id}`, { title: 'Раз' })
    assert.ok(!(await tagged(d)))
    await forward(2 * DAY)
    await api.patch(`/api/deals/${d.id}`, { title: 'Два' })
    assert.ok(await tagged(d))
    await off(t)
  })
  test('with a mistake is refused where it is', async () => {
    const refused = async (more, code, field) => {
      const r = await api('POST', '/api/triggers', { name: 'x', event: { on: 'created' }, actions: [{ do: 'note', text: 'x' }], ...more })
      assert.equal(r.status, 422, r.text)
      assert.deepEqual([r.body.code, r.body.field], [code, field])
    }
    await refused({ condition: 'цена = 1' }, 'bad_filter', 'condition')
    await refused({ condition: 'owner_id = me' }, 'me_in_trigger', 'condition')
    await refused({ event: { on: 'sometimes' } }, 'bad_trigger_event', 'event')
    await refused({ event: { on: 'timer', after: 'stage_entry' } }, 'bad_trigger_event', 'event')
    await refused({ event: { on: 'created', object: 'contact' }, actions: [{ do: 'move', stage_id: shop.won.id }] }, 'action_needs_deal', 'actions')
    await refused({ actions: [{ do: 'fly' }] }, 'action_unknown', 'actions')
    await refused({ actions: [{ do: 'tag' }] }, 'action_field_required', 'actions')
    await refused({ actions: [{ do: 'tag', tag_id: 999999 }] }, 'action_ref_not_found', 'actions')
    await refused({ actions: [{ do: 'set', field: 'status', value: 'won' }] }, 'action_field_wrong', 'actions')
    await refused({ actions: [] }, 'required', 'actions')
  })
})

describe('an action', () => {
  const does = async (actions, d) => {
    const t = await trigger({ event: { on: 'updated', field: 'title' }, actions, name: 'Делает' })
    d ??= await deal()
    await api.patch(`/api/deals/${d.id}`, { title: `Сделка ${Math.random()}` })
    await off(t)
    const [run] = await runs(d)
    assert.equal(run?.state, 'done', JSON.stringify(run))
    return [await fresh(d), run]
  }
  test('puts tags on and takes them off, of the deal and of the client', async () => {
    const c = await api.create('/api/contacts', { name: 'Клиент' })
    const [d] = await does([{ do: 'tag', tag_id: tag.id }, { do: 'untag', tag_id: other.id }, { do: 'tag', tag_id: other.id, of: 'contact' }], await deal({ tag_ids: [other.id], contact_id: c.id }))
    assert.deepEqual(d.tag_ids, [tag.id])
    assert.deepEqual((await api.get(`/api/contacts/${c.id}`)).tag_ids, [other.id])
  })
  test('sets a field, a date so many days ahead, and a classifier of the client', async () => {
    const level = await api.create('/api/classifiers', { kind: 'importance', name: 'Ключевой' })
    const c = await api.create('/api/contacts', { name: 'Клиент' })
    const [d] = await does(
      [{ do: 'set', field: 'utm_medium', value: 'cpc' }, { do: 'set', of: 'deal', field: 'expected_close_on', value: { days: 3 } }, { do: 'set', of: 'contact', field: 'importance_id', value: level.id }],
      await deal({ contact_id: c.id }),
    )
    assert.equal(d.utm_medium, 'cpc')
    assert.match(d.expected_close_on, /^\d{4}-\d\d-\d\d$/)
    assert.equal((await api.get(`/api/contacts/${c.id}`)).importance_id, level.id)
  })
  test('creates tasks for others and closes what is open', async () => {
    const [a, b] = [await person('юрист1'), await person('юрист2')]
    const team = await api.create('/api/teams', { name: 'Юристы' })
    const boss = await server.admin()
    for (const u of [a, b]) await boss.patch(`/api/users/${u.id}`, { team_id: team.id })
    const d = await deal({ title: 'Договор' })
    const [, run] = await does([{ do: 'task', title: 'Согласовать «{title}»', kind: 'todo', due_hours: 8, priority: 'high', to: { team_id: team.id, pick: 'all' } }], d)
    let tasks = (await api.list('/api/tasks', { filter: `deal_id = ${d.id}`, sort: 'id' })).items
    assert.deepEqual(tasks.map((t) => t.owner_id), [a.id, b.id])
    assert.deepEqual([tasks[0].priority, tasks[0].trigger_id], ['high', run.trigger_id])
    assert.match(tasks[0].title, /^Согласовать «Сделка 0\./)
    await does([{ do: 'close_tasks', result: 'Неактуально' }], d)
    tasks = (await api.list('/api/tasks', { filter: `deal_id = ${d.id}` })).items
    assert.ok(tasks.every((t) => t.done && t.result === 'Неактуально'))
  })
  test('moves into a lost stage with its reason, and copies into another funnel', async () => {
    const reason = await api.create('/api/loss-reasons', { name: 'Пропал', timeout: true })
    const missing = await api('POST', '/api/triggers', { name: 'x', event: { on: 'created' }, actions: [{ do: 'move', stage_id: shop.lost.id }] })
    assert.equal(missing.body.code, 'action_field_required')
    const [d] = await does([{ do: 'move', stage_id: shop.lost.id, loss_reason_id: reason.id }])
    assert.deepEqual([d.status, d.loss_reason_id, d.loss_class], ['lost', reason.id, 'timeout'])
    const returns = await funnelOf(api, { name: 'Возврат', task_rule: 'off' })
    const [from] = await does([{ do: 'copy', stage_id: returns.stages[0].id }], await deal({ value_minor: 777, tag_ids: [tag.id] }))
    const [made] = (await api.list('/api/deals', { filter: `funnel_id = ${returns.funnel.id}` })).items
    assert.deepEqual([made.value_minor, made.tag_ids, made.title], [777, [tag.id], from.title])
    await api.del(`/api/loss-reasons/${reason.id}`)
  })
  test('gives the deal to the next one in turn, the least loaded, within the cap; says why', async () => {
    const team = await api.create('/api/teams', { name: 'Продавцы' })
    const people = []
    for (const name of ['продавец1', 'продавец2']) people.push(await person(name, { team_id: team.id, load_cap: 3 }))
    const give = (pick) => does([{ do: 'owner', to: { team_id: team.id, pick } }])
    const turns = []
    const t = await trigger({ event: { on: 'created' }, actions: [{ do: 'owner', to: { team_id: team.id, pick: 'round_robin' } }] })
    for (let i = 0; i < 4; i++) turns.push((await fresh(await deal())).owner_id)
    await off(t)
    assert.deepEqual(turns, [people[0].id, people[1].id, people[0].id, people[1].id])
    await deal({ owner_id: people[0].id })
    const [least, run] = await give('least_loaded')
    assert.equal(least.owner_id, people[1].id)
    assert.match(run.actions[0].text, /свободнее всех: открытых сделок 2/)
    assert.equal(least.owner_reason, 'Делает')
    const full = await trigger({ event: { on: 'created' }, name: 'Все заняты', actions: [{ do: 'owner', to: { team_id: team.id, pick: 'best' } }] })
    const d = await deal()
    await off(full)
    const [failed] = await runs(d)
    assert.deepEqual([failed.state, failed.error_code], ['retry', 'nobody_free'])
  })
  test('tells the owner, writes a note, calls another program', async () => {
    const got = []
    const receiver = createServer((q, a) => {
      let body = ''
      q.on('data', (c) => (body += c))
      q.on('end', () => (got.push(JSON.parse(body)), a.end('ok')))
    })
    await new Promise((done) => receiver.listen(0, '127.0.0.1', done))
    after(() => (receiver.close(), receiver.closeAllConnections()))
    const seller = await person('слушатель')
    const d = await deal({ owner_id: seller.id })
    const me = await server.signIn('слушатель@example.ru', 'пароль для тестов')
    await does([{ do: 'notify', to: 'owner', text: 'Пора: {title}' }, { do: 'note', text: 'Сам: {owner}' }, { do: 'webhook', url: `http://127.0.0.1:${receiver.address().port}/x` }], d)
    const notices = (await me.list('/api/notifications')).items
    assert.ok(notices.some((n) => n.kind === 'trigger.notify' && n.params.text.startsWith('Пора: Сделка')))
    assert.equal((await api.list('/api/notes', { filter: `deal_id = ${d.id}` })).items[0].text, 'Сам: слушатель')
    const call = await eventually(() => got[0], 'the call')
    assert.deepEqual([call.kind, call.data.id, call.trigger.name], ['trigger.fired', d.id, 'Делает'])
  })
  test('puts the deal off, and counts a goal', async () => {
    const [d] = await does([{ do: 'defer', days: 7 }])
    assert.ok(d.deferred_until > (now ?? Date.now()) + 6 * DAY)
    const goal = await api.create('/api/goals', { stage_id: shop.stages[0].id, name: 'Сама', actions: [{ do: 'move', stage_id: shop.stages[1].id }] })
    const [moved] = await does([{ do: 'reach', goal_id: goal.id }])
    assert.deepEqual([moved.goal_ids, moved.stage_id], [[goal.id], shop.stages[1].id])
    await api.del(`/api/goals/${goal.id}`)
  })
})

describe('a goal', () => {
  test('does all of it at once: fields, stage, owner, client, tasks, tags', async () => {
    const boss = await person('начальник')
    const c = await api.create('/api/contacts', { name: 'Клиент цели' })
    const goal = await api.create('/api/goals', {
      stage_id: shop.stages[0].id, name: 'Счёт выставлен',
      actions: [{ do: 'move', stage_id: shop.stages[1].id }, { do: 'owner', to: { user_id: boss.id } }, { do: 'set', of: 'contact', field: 'comment', value: 'Платит' }, { do: 'task', title: 'Проверить оплату', due_hours: 24 }, { do: 'tag', tag_id: tag.id }],
    })
    const d = await deal({ contact_id: c.id })
    const r = await api.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, value_minor: 4200 }, { headers: { 'idempotency-key': 'цель-1'.replace(/[^\x21-\x7e]/g, '') + d.id } })
    assert.deepEqual([r.body.deal.stage_id, r.body.deal.owner_id, r.body.deal.value_minor, r.body.deal.tag_ids, r.body.deal.open_tasks], [shop.stages[1].id, boss.id, 4200, [tag.id], 1])
    assert.equal((await api.get(`/api/contacts/${c.id}`)).comment, 'Платит')
    assert.deepEqual([r.body.run.goal_id, r.body.run.state, r.body.run.actions.length], [goal.id, 'done', 5])
    const change = Number(r.headers.get('voronka-change'))
    await api.must(200)('POST', '/api/undo', { change_id: change })
    const back = await fresh(d)
    assert.deepEqual([back.stage_id, back.goal_ids, back.open_tasks, back.value_minor], [shop.stages[0].id, [], 0, null])
    await api.del(`/api/goals/${goal.id}`)
  })
  test('of another stage is refused; a gate that refuses its move refuses all of it', async () => {
    const goal = await api.create('/api/goals', { stage_id: shop.stages[0].id, name: 'Дальше', actions: [{ do: 'tag', tag_id: tag.id }, { do: 'move', stage_id: shop.stages[1].id }] })
    const gate = await api.create('/api/gates', { stage_id: shop.stages[1].id, kind: 'field', field: 'value_minor' })
    const d = await deal()
    const r = await api('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })
    assert.deepEqual([r.status, r.body.code, r.body.missing.length], [422, 'gates_unmet', 1])
    const same = await fresh(d)
    assert.deepEqual([same.tag_ids, same.goal_ids, same.version], [[], [], d.version])
    await api.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, value_minor: 1 })
    assert.equal((await api('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })).body.code, 'goal_of_other_stage')
    await api.del(`/api/gates/${gate.id}`)
    await api.del(`/api/goals/${goal.id}`)
  })
  test('of refusal takes the reason along and loses the deal; of deferral wants a date', async () => {
    const reason = await api.create('/api/loss-reasons', { name: 'Дорого' })
    const no = await api.create('/api/goals', { stage_id: shop.stages[0].id, name: 'Отказался', kind: 'refusal' })
    const later = await api.create('/api/goals', { stage_id: shop.stages[0].id, name: 'Позже', kind: 'deferral' })
    const d = await deal()
    assert.equal((await api('POST', `/api/deals/${d.id}/reach`, { goal_id: no.id })).body.code, 'loss_reason_required')
    const lost = (await api.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: no.id, loss_reason_id: reason.id })).body.deal
    assert.deepEqual([lost.status, lost.loss_reason_id, lost.loss_class], ['lost', reason.id, 'decision'])
    const e = await deal()
    const r = await api('POST', `/api/deals/${e.id}/reach`, { goal_id: later.id })
    assert.deepEqual([r.status, r.body.field], [422, 'deferred_until'])
    await api.must(200)('POST', `/api/deals/${e.id}/reach`, { goal_id: later.id, deferred_until: (now ?? Date.now()) + 30 * DAY })
    for (const x of [no, later]) await api.del(`/api/goals/${x.id}`)
    await api.del(`/api/loss-reasons/${reason.id}`)
  })
})

describe('what happens by itself', () => {
  test('goes on in a chain, and why tells it up to the person', async () => {
    const a = await trigger({ name: 'Первый', event: { on: 'entered' }, stage_id: shop.stages[1].id, actions: [{ do: 'move', stage_id: shop.stages[2].id }] })
    const b = await trigger({ name: 'Второй', event: { on: 'entered' }, stage_id: shop.stages[2].id })
    const d = await deal()
    await move(d, shop.stages[1])
    assert.ok(await tagged(d))
    const [one] = (await runs(d)).filter((r) => r.trigger_id === b.id)
    assert.equal(one.depth, 1)
    const why = await api.get(`/api/events/${one.actions[0].seq}/why`)
    assert.equal(why.run.id, one.id)
    assert.equal(why.chain.length, 3)
    assert.match(why.chain[0].text, /Администратор|Administrator|admin/i)
    assert.match(why.chain[1].text, /Первый/)
    assert.match(why.chain[2].text, /Второй/)
    await off(a)
    await off(b)
  })
  test('is stopped when it goes round, told to who made it, and the person’s change stands', async () => {
    const there = await trigger({ name: 'Туда', event: { on: 'entered' }, stage_id: shop.stages[1].id, actions: [{ do: 'move', stage_id: shop.stages[2].id }] })
    const back = await trigger({ name: 'Обратно', event: { on: 'entered' }, stage_id: shop.stages[2].id, actions: [{ do: 'move', stage_id: shop.stages[1].id }] })
    const d = await deal()
    assert.equal((await api('PATCH', `/api/deals/${d.id}`, { stage_id: shop.stages[1].id })).status, 200)
    const all = await runs(d)
    assert.equal(all.filter((r) => r.state === 'done').length, 8)
    assert.deepEqual(all.filter((r) => r.state === 'stopped').map((r) => r.error_code), ['rules_too_deep'])
    const notices = (await api.list('/api/notifications')).items
    assert.ok(notices.some((n) => n.kind === 'trigger.stopped'))
    await off(there)
    await off(back)
  })
  test('never stands in the way: what fails is taken back alone, and shown', async () => {
    const gate = await api.create('/api/gates', { stage_id: shop.stages[2].id, kind: 'field', field: 'company_id' })
    const t = await trigger({ name: 'Спешит', event: { on: 'entered' }, stage_id: shop.stages[1].id, actions: [{ do: 'tag', tag_id: tag.id }, { do: 'move', stage_id: shop.stages[2].id }] })
    const d = await deal()
    const moved = await move(d, shop.stages[1])
    assert.deepEqual([moved.stage_id, moved.tag_ids], [shop.stages[1].id, []])
    const [run] = await runs(d)
    assert.deepEqual([run.state, run.error_code, run.actions], ['failed', 'gates_unmet', []])
    assert.ok(run.error.length > 10)
    const notices = (await api.list('/api/notifications')).items
    assert.ok(notices.some((n) => n.kind === 'trigger.failed' && n.params.name === 'Спешит' && n.object_id === d.id))
    await off(t)
    await api.del(`/api/gates/${gate.id}`)
  })
  test('keeps every version: a run shows the one it was', async () => {
    const t = await trigger({ name: 'Было', event: { on: 'updated', field: 'title' } })
    const d = await deal()
    await api.patch(`/api/deals/${d.id}`, { title: 'Раз' })
    await api.patch(`/api/triggers/${t.id}`, { name: 'Стало', actions: [{ do: 'untag', tag_id: tag.id }] })
    await api.patch(`/api/deals/${d.id}`, { title: 'Два' })
    const [second, first] = await runs(d)
    assert.deepEqual([first.name, first.trigger_version, second.name, second.trigger_version], ['Было', 1, 'Стало', 2])
    assert.match(first.actions[0].text, /оставить тег «Важный»/)
    assert.deepEqual((await fresh(d)).tag_ids, [])
    await off(t)
  })
  test('says why not: switched off, another stage, a condition with its value', async () => {
    const t = await trigger({ name: 'Строгий', enabled: false, event: { on: 'entered' }, stage_id: shop.stages[1].id, condition: 'value_minor > 100' })
    const d = await deal({ value_minor: 5 })
    const no = await api.get(`/api/triggers/${t.id}/why-not?deal_id=${d.id}`)
    assert.equal(no.would, false)
    assert.deepEqual(no.reasons.map((r) => r.code), ['off', 'other_stage', 'condition', 'waits_event'])
    assert.equal(no.reasons[2].value, '5')
    await api.patch(`/api/triggers/${t.id}`, { enabled: true })
    await api.patch(`/api/deals/${d.id}`, { value_minor: 500 })
    await move(d, shop.stages[1])
    const yes = await api.get(`/api/triggers/${t.id}/why-not?deal_id=${d.id}`)
    assert.deepEqual([yes.would, yes.reasons.at(-1).code], [true, 'ran'])
    await off(t)
  })
  test('is not set off by taking back', async () => {
    const d = await deal()
    await move(d, shop.stages[1])
    const t = await trigger({ event: { on: 'entered' }, stage_id: shop.stages[0].id })
    const events = (await api.get(`/api/deals/${d.id}/timeline`)).items
    await api.must(200)('POST', '/api/undo', { change_id: events[0].change_id })
    assert.ok(!(await tagged(d)))
    await off(t)
  })
  test('the catalogue names every event and action', async () => {
    const c = await api.get('/api/actions')
    assert.equal(c.events.length, 14)
    assert.deepEqual(c.actions.map((a) => a.do).sort(), ['close_tasks', 'copy', 'defer', 'move', 'note', 'notify', 'owner', 'reach', 'set', 'tag', 'task', 'untag', 'webhook'])
    assert.deepEqual(c.actions.find((a) => a.do === 'move').fields[0], { name: 'stage_id', type: 'ref', ref: 'stage', names: null, required: true })
  })
})

describe('a timer', () => {
  const fires = async (d) => eventually(async () => (await tagged(d)) || null, 'the timer')
  const timers = async (d) => (await api.get(`/api/deals/${d.id}/timers`)).items
  test('closes a deal by itself after 336 hours on the stage, once, and says so before', async () => {
    const reason = await api.create('/api/loss-reasons', { name: 'Молчит', timeout: true })
    const t = await trigger({ name: 'Автозакрытие', event: { on: 'timer', after: 'stage_entry', hours: 336 }, stage_id: shop.stages[0].id, actions: [{ do: 'move', stage_id: shop.lost.id, loss_reason_id: reason.id }] })
    const [d, left] = [await deal(), await deal()]
    await forward(11 * DAY)
    const [one] = await timers(d)
    assert.equal(one.text, 'закроется сама через 3 дня')
    await move(left, shop.stages[1])
    assert.deepEqual(await timers(left), [], 'who left is not waited for')
    await forward(3 * DAY + HOUR)
    const closed = await eventually(async () => ((await fresh(d)).status === 'lost' ? fresh(d) : null))
    assert.deepEqual([closed.loss_class, closed.loss_reason_id], ['timeout', reason.id])
    assert.equal((await fresh(left)).status, 'open')
    assert.equal((await runs(d)).length, 1)
    await off(t)
    await api.del(`/api/loss-reasons/${reason.id}`)
  })
  test('hangs on a date and moves with it', async () => {
    const t = await trigger({ event: { on: 'timer', date: 'expected_close_on', hours: -48 } })
    const on = (days) => new Date(now + days * DAY).toISOString().slice(0, 10)
    const d = await deal({ expected_close_on: on(10) })
    const [before] = await timers(d)
    await api.patch(`/api/deals/${d.id}`, { expected_close_on: on(20) })
    const [later] = await timers(d)
    assert.equal(later.due_at - before.due_at, 10 * DAY)
    await forward(9 * DAY)
    assert.ok(!(await tagged(d)))
    await forward(10 * DAY)
    await fires(d)
    assert.deepEqual(await timers(d), [])
    await off(t)
  })
  test('counts from the last contact, from the last task, and while a field has held', async () => {
    const contact = await trigger({ name: 'Забыли', event: { on: 'timer', after: 'last_contact', hours: 48 } })
    const d = await deal()
    await forward(DAY)
    const call = await api.create('/api/tasks', { title: 'Звонок', kind: 'call', deal_id: d.id })
    await api.patch(`/api/tasks/${call.id}`, { done: true, result: 'Дозвонился' })
    await forward(DAY + HOUR)
    assert.ok(!(await tagged(d)), 'the call put it off')
    await forward(DAY)
    await fires(d)
    await off(contact)

    const idle = await trigger({ name: 'Без задачи', event: { on: 'timer', after: 'no_task', hours: 5 } })
    const e = await deal()
    const task = await api.create('/api/tasks', { title: 'Дело', deal_id: e.id })
    assert.deepEqual(await timers(e), [])
    await api.patch(`/api/tasks/${task.id}`, { done: true, result: 'Сделано' })
    await forward(6 * HOUR)
    await fires(e)
    await off(idle)

    const held = await trigger({ name: 'Сумма не менялась', event: { on: 'timer', after: 'field_held', field: 'value_minor', hours: 24 } })
    const f = await deal({ value_minor: 1 })
    await forward(20 * HOUR)
    await api.patch(`/api/deals/${f.id}`, { value_minor: 2 })
    await forward(20 * HOUR)
    assert.ok(!(await tagged(f)))
    await forward(5 * HOUR)
    await fires(f)
    await off(held)
  })
  test('asks its condition again when it fires, and is gone with its trigger', async () => {
    const t = await trigger({ event: { on: 'timer', after: 'created', hours: 10 }, condition: 'value_minor is null' })
    const [d, rich] = [await deal(), await deal()]
    await api.patch(`/api/deals/${rich.id}`, { value_minor: 9 })
    await forward(11 * HOUR)
    await fires(d)
    assert.ok(!(await tagged(rich)))
    const e = await deal()
    await api.patch(`/api/triggers/${t.id}`, { enabled: false })
    assert.deepEqual(await timers(e), [])
    await forward(DAY)
    await new Promise((done) => setTimeout(done, 700))
    assert.ok(!(await tagged(e)))
    await off(t)
  })
  test('in working hours passes over nights and weekends', async () => {
    const t = await trigger({ event: { on: 'timer', after: 'created', hours: 16, working: true } })
    const d = await deal()
    const [one] = await timers(d)
    assert.ok(one.due_at - now >= DAY, `${(one.due_at - now) / HOUR} hours`)
    await off(t)
  })
  test('that waits for somebody to be free tries again', async () => {
    const team = await api.create('/api/teams', { name: 'Один' })
    const only = await person('единственный', { team_id: team.id, load_cap: 1 })
    const busy = await deal({ owner_id: only.id })
    const t = await trigger({ name: 'Отдать', event: { on: 'created' }, actions: [{ do: 'owner', to: { team_id: team.id, pick: 'least_loaded' } }] })
    const d = await deal()
    assert.equal((await runs(d))[0].state, 'retry')
    await move(busy, shop.won)
    await forward(6 * 60_000)
    await eventually(async () => ((await fresh(d)).owner_id === only.id ? true : null), 'the second try')
    assert.deepEqual((await runs(d)).map((r) => r.state), ['done', 'retry'])
    await off(t)
  })
})
