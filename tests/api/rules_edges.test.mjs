// Where rules, rights and many records meet: what a person sends along with a goal, what a rule may ask and set for who
// wrote it, how much one operation may set off.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually, funnelOf, peopleOf, serve, tokenOf } from './harness.mjs'

const server = await serve()
const people = await peopleOf(server)
const admin = await tokenOf(server, await server.admin())
const seller = await tokenOf(server, people.seller)
const of = async (api, name, more = {}) => funnelOf(api, { name, task_rule: 'off', back_reason: false, ...more })
const tag = await admin.create('/api/tags', { name: 'Отмечена' })
const over = (operation) => eventually(async () => { const o = await admin.get(`/api/operations/${operation.id}`); return ['done', 'failed', 'undone'].includes(o.state) && o })
// Somebody with a role of their own.
const withRole = async (name, base, rights) => {
  const boss = await server.admin()
  const role = await boss.create('/api/roles', { name, base, rights })
  const user = await boss.create('/api/users', { name, email: `${role.id}@example.ru`, role_id: role.id, password: 'пароль для тестов' })
  return tokenOf(server, await server.signIn(user.email, 'пароль для тестов'))
}

describe('with a goal a person sends', () => {
  test('no reason that only a timer gives', async () => {
    const { funnel, stages } = await of(admin, 'Отказы')
    const timeout = await admin.create('/api/loss-reasons', { name: 'Срок вышел', funnel_id: funnel.id, timeout: true })
    const own = await admin.create('/api/loss-reasons', { name: 'Дорого', funnel_id: funnel.id })
    const goal = await admin.create('/api/goals', { stage_id: stages[0].id, name: 'Отказ получен', kind: 'refusal' })
    const d = await seller.create('/api/deals', { title: 'Без ответа', stage_id: stages[0].id })
    const r = await seller('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, loss_reason_id: timeout.id })
    assert.deepEqual([r.status, r.body.code], [422, 'loss_reason_by_timer'])
    const { deal } = (await seller.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, loss_reason_id: own.id })).body
    assert.deepEqual([deal.status, deal.loss_class], ['lost', 'decision'])
  })
  test('only fields that they may fill in', async () => {
    const { stages, lost } = await of(admin, 'Чужие поля')
    const goal = await admin.create('/api/goals', { stage_id: stages[0].id, name: 'Отказ', kind: 'refusal' })
    const reader = await withRole('Без причин', 'seller', { fields: { 'deal.loss_comment': 'read_only' } })
    const d = await reader.create('/api/deals', { title: 'Своя', stage_id: stages[0].id })
    const r = await reader('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, loss_comment: 'Мимо прав' })
    assert.deepEqual([r.status, r.body.field], [403, 'loss_comment'])
    await reader.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })
    assert.equal((await reader.get(`/api/deals/${d.id}`)).stage_id, lost.id)
  })
  test('what is for its own move: rules that follow move other deals without it', async () => {
    const from = await of(admin, 'Первичная')
    const back = await of(admin, 'Возврат')
    const reason = await admin.create('/api/loss-reasons', { name: 'Не сейчас', funnel_id: from.funnel.id })
    const goal = await admin.create('/api/goals', { stage_id: from.stages[0].id, name: 'Отказано', kind: 'refusal' })
    await admin.create('/api/triggers', { name: 'В возврат', event: { on: 'lost' }, funnel_id: from.funnel.id, enabled: true, actions: [{ do: 'copy', stage_id: back.stages[0].id }] })
    await admin.create('/api/triggers', { name: 'Дальше', event: { on: 'created' }, funnel_id: back.funnel.id, enabled: true, actions: [{ do: 'move', stage_id: back.stages[1].id }] })
    const d = await seller.create('/api/deals', { title: 'Вернётся', stage_id: from.stages[0].id })
    await seller.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id, loss_reason_id: reason.id })
    const [copy] = (await admin.list('/api/deals', { filter: `funnel_id = ${back.funnel.id}` })).items
    assert.deepEqual([copy.stage_id, copy.loss_reason_id], [back.stages[1].id, null])
  })
  test('a version of a deal that they do not see tells them nothing', async () => {
    const { stages } = await of(admin, 'Чужая')
    const goal = await admin.create('/api/goals', { stage_id: stages[0].id, name: 'Готово' })
    const own = await withRole('Только свои', 'seller', { objects: { deal: { see: 'own', edit: 'own' } } })
    const d = await admin.create('/api/deals', { title: 'Не видна', stage_id: stages[0].id })
    for (const [path, body] of [[`/api/deals/${d.id}/reach`, { goal_id: goal.id }], [`/api/deals/${d.id}/split`, {}]])
      assert.equal((await own('POST', path, body, { headers: { 'if-match': '"77"' } })).status, 404, path)
  })
})

describe('whoever writes rules gets no further by them than by hand', async () => {
  const { stages } = await of(admin, 'Права автора')
  const author = await withRole('Автор правил', 'head', { fields: { 'deal.cost_minor': 'hidden', 'deal.value_minor': 'read_only' } })
  const draft = { name: 'Правило', stage_id: stages[0].id, event: { on: 'entered' }, actions: [{ do: 'tag', tag_id: tag.id }] }
  test('a condition asks only for what they see, in a trigger and in a trial', async () => {
    const r = await author('POST', '/api/triggers', { ...draft, condition: 'cost_minor > 100' })
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'bad_filter', 'condition'])
    const tried = await author('POST', '/api/triggers/try', { trigger: { ...draft, condition: 'cost_minor > 100' } })
    assert.deepEqual([tried.status, tried.body.code], [400, 'bad_filter'])
    await author.must(200)('POST', '/api/triggers/try', { trigger: { ...draft, condition: 'value_minor > 100' } })
    const t = await author.create('/api/triggers', { ...draft, condition: 'value_minor > 100' })
    await author.del(`/api/triggers/${t.id}`)
  })
  test('an action sets only what they may set; another of one that is there stays', async () => {
    const set = { do: 'set', field: 'value_minor', value: 5 }
    const r = await author('POST', '/api/triggers', { ...draft, actions: [set] })
    assert.deepEqual([r.status, r.body.code], [422, 'action_field_wrong'])
    assert.equal((await author('POST', '/api/goals', { stage_id: stages[0].id, name: 'Цена дана', actions: [set] })).status, 422)
    const t = await admin.create('/api/triggers', { ...draft, condition: 'cost_minor > 100', actions: [set] })
    assert.equal((await author.patch(`/api/triggers/${t.id}`, { name: 'Иначе названо' })).name, 'Иначе названо')
    await admin.del(`/api/triggers/${t.id}`)
  })
  test('nothing goes out of the company that they may not take out themselves', async () => {
    const call = [{ do: 'webhook', url: 'https://example.ru/' }]
    const r = await author('POST', '/api/triggers', { ...draft, actions: call })
    assert.deepEqual([r.status, r.body.code], [422, 'action_field_wrong'])
    const whole = await tokenOf(server, people.head)
    const t = await whole.create('/api/triggers', { ...draft, actions: call })
    await whole.del(`/api/triggers/${t.id}`)
  })
})

test('setting a trigger off reaches each of many cards that wait', async () => {
  const { stages: [first] } = await of(admin, 'Много ждут')
  const n = 130
  for (let i = 0; i < n; i++) await seller.create('/api/deals', { title: `Ждёт ${i}`, stage_id: first.id })
  const t = await admin.create('/api/triggers', { name: 'Всем', stage_id: first.id, event: { on: 'entered' }, actions: [{ do: 'tag', tag_id: tag.id }], enabled: true })
  const { body } = await admin.must(202)('POST', `/api/triggers/${t.id}/start`, {})
  assert.equal((await over(body)).done_count, n)
  assert.equal((await admin.list('/api/deals', { filter: `tag_ids has ${tag.id} and stage_id = ${first.id}`, count: 1 })).count, n)
})

test('a task of a deal is set by the field of the deal, in its words', async () => {
  const { stages: [first] } = await of(admin, 'По задачам')
  const t = await admin.create('/api/triggers', { name: 'Оценить', stage_id: first.id, event: { on: 'created', object: 'task' }, actions: [{ do: 'set', field: 'probability', value: 40 }], enabled: true })
  const d = await seller.create('/api/deals', { title: 'С задачей', stage_id: first.id })
  await seller.create('/api/tasks', { title: 'Звонок', deal_id: d.id })
  assert.equal((await seller.get(`/api/deals/${d.id}`)).probability, 40)
  await admin.del(`/api/triggers/${t.id}`)
})

test('somebody who is named gets no more deals than they may have', async () => {
  const { stages: [first] } = await of(admin, 'Предел')
  const busy = await (await server.admin()).create('/api/users', { name: 'Занятой', email: 'busy@example.ru', role: 'seller', password: 'пароль для тестов', load_cap: 1 })
  const t = await admin.create('/api/triggers', { name: 'Отдать', stage_id: first.id, event: { on: 'entered' }, actions: [{ do: 'owner', to: { user_id: busy.id } }], enabled: true })
  const [one, two] = [await seller.create('/api/deals', { title: 'Раз', stage_id: first.id }), await seller.create('/api/deals', { title: 'Два', stage_id: first.id })]
  const owner = async (d) => (await admin.get(`/api/deals/${d.id}`)).owner_id
  assert.equal(await owner(one), busy.id)
  assert.notEqual(await owner(two), busy.id)
  assert.equal((await admin.get(`/api/deals/${two.id}/runs`)).items[0].state, 'retry')
  await admin.del(`/api/triggers/${t.id}`)
})

test('a task is finished although its goal closes it, too', async () => {
  const { stages: [first] } = await of(admin, 'Закрывает задачи')
  const goal = await admin.create('/api/goals', { stage_id: first.id, name: 'Ответ получен', actions: [{ do: 'close_tasks', result: 'Больше не нужно' }] })
  const d = await seller.create('/api/deals', { title: 'С задачами', stage_id: first.id })
  const task = await seller.create('/api/tasks', { title: 'Спросить', deal_id: d.id })
  const stale = await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'Да', goal_id: goal.id }, { headers: { 'if-match': '"9"' } })
  assert.equal(stale.status, 412)
  const r = await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'Да', goal_id: goal.id }, { headers: { 'if-match': `"${task.version}"` } })
  assert.deepEqual([r.status, r.body.task.done, r.body.task.result], [200, true, 'Да'])
})

test('a product goes into one part of a split only once', async () => {
  const [own, other] = [await of(admin, 'Курсы'), await of(admin, 'Книги')]
  const product = await admin.create('/api/products', { name: 'Книга', price_minor: 1000, funnel_id: other.funnel.id })
  const d = await seller.create('/api/deals', { title: 'Всё сразу', stage_id: own.stages[0].id, value_minor: 5000 })
  const line = await seller.create('/api/deal-products', { deal_id: d.id, product_id: product.id })
  const split = (products) => seller('POST', `/api/deals/${d.id}/split`, { parts: [{ funnel_id: other.funnel.id, products }] })
  assert.deepEqual([(await split([line.id, line.id])).status, (await seller.get(`/api/deals/${d.id}`)).value_minor], [422, 5000])
  assert.equal((await split([line.id])).status, 201)
})
