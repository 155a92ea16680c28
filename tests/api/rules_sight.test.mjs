// What rules say to whom: runs, why, why not, timers, notices, the manual and definitions tell nobody what their role
// hides. And what looks like a reason but is none is none. R217, R338, R347.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, peopleOf, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)
const open = await funnelOf(admin, { name: 'Открытая', task_rule: 'off' }), closed = await funnelOf(admin, { name: 'Скрытая воронка', task_rule: 'off' })
const stage = await admin.create('/api/stages', { funnel_id: open.funnel.id, name: 'Скрытый этап', position: 5, outcome: 'open' })
await admin.create('/api/gates', { stage_id: stage.id, kind: 'check', name: 'Скрытое условие' })
const role = await admin.create('/api/roles', {
  name: 'Узкий взгляд',
  base: 'seller',
  rights: {
    objects: { deal: { see: 'own', edit: 'own' }, contact: { see: 'own' }, company: { see: 'own' }, task: { see: 'own' } },
    fields: { 'deal.cost_minor': 'hidden', 'deal.value_minor': 'hidden' },
    funnels: { [closed.funnel.id]: 'hidden' },
    stages: { [stage.id]: 'hidden' },
  },
})
const narrow = await admin.create('/api/users', { name: 'Узкий', email: 'narrow@example.ru', password: 'пароль для тестов', role_id: role.id })
const api = await server.signIn('narrow@example.ru', 'пароль для тестов')
const other = head.session.user.id
const client = await admin.create('/api/companies', { name: 'Чужой клиент', phone: '+79990001122', owner_id: other })
const own = await admin.create('/api/companies', { name: 'Свой клиент', owner_id: narrow.id })
const told = (api, path) => api.must(200)('GET', path).then((r) => r.text)
const silent = (text, ...words) => words.forEach((w) => assert.ok(!text.includes(w), `${w} in ${text.slice(0, 800)}`))

let tags = 0
async function rule(name, actions, rest = {}) {
  const tag = await admin.create('/api/tags', { name: `Тег ${++tags}` })
  const trigger = await admin.create('/api/triggers', { name, event: { on: 'tagged', object: 'deal', tag_id: tag.id }, actions, enabled: true, ...rest })
  return { trigger, fire: (deal) => admin.patch(`/api/deals/${deal.id}`, { tag_ids: [tag.id] }) }
}
const dealOf = (owner, rest = {}) => admin.create('/api/deals', { title: 'Сделка', stage_id: open.stages[0].id, owner_id: owner, ...rest })

test('a run tells nothing of hidden fields and stages, of clients out of sight, of keys in an address', async () => {
  const deal = await dealOf(narrow.id, { company_id: client.id, value_minor: 999333 })
  const sets = await rule('Ставит', [{ do: 'set', of: 'deal', field: 'cost_minor', value: 777111 }], { condition: 'value_minor > 555222 and company_id.name ~ "клиент"' })
  const moves = await rule('Ведёт', [{ do: 'move', stage_id: stage.id }])
  const calls = await rule('Зовёт', [{ do: 'webhook', url: 'https://name:word@example.com/key-of-ours' }])
  for (const one of [sets, moves, calls]) await one.fire(deal)
  const runs = await told(api, `/api/deals/${deal.id}/runs`)
  assert.equal(JSON.parse(runs).items.length, 3)
  silent(runs, 'Чужой клиент', '777111', '555222', 'Скрыт', 'key-of-ours', 'word')
  assert.ok(runs.includes('https://example.com'), runs)
  for (const { trigger } of [sets, moves]) silent(await told(api, `/api/triggers/${trigger.id}/why-not?deal_id=${deal.id}`), 'Чужой клиент', '555222', 'Скрыт')
  const whole = await told(admin, `/api/deals/${deal.id}/runs`)
  for (const word of ['Чужой клиент', '777111', 'Скрытое условие']) assert.ok(whole.includes(word), word)
  // a client that one has put in its place since does not show who stood there
  await admin.patch(`/api/deals/${deal.id}`, { company_id: own.id })
  silent(await told(api, `/api/deals/${deal.id}/runs`), 'Чужой клиент')
})

test('why something of mine has changed does not show the deal out of sight that it came from', async () => {
  const { fire } = await rule('Тайное правило', [{ do: 'set', of: 'company', field: 'industry', value: 'Лес' }], { condition: 'title ~ "секрет"' })
  await fire(await dealOf(other, { title: 'Секретная сделка', company_id: own.id }))
  const { seq } = (await api.get(`/api/companies/${own.id}/timeline`)).items.find((e) => e.set.industry)
  const why = await told(api, `/api/events/${seq}/why`)
  silent(why, 'Секретная', 'Тайное правило', 'секрет')
  assert.equal(JSON.parse(why).run, null)
  assert.ok(JSON.parse(why).chain.length > 0)
  assert.match(await told(admin, `/api/events/${seq}/why`), /Секретная/)
})

test('a notice is read in the words of what its reader sees, and of a deal out of sight there is none', async () => {
  const { fire } = await rule('Сообщает', [{ do: 'notify', to: { user_id: narrow.id }, text: '{title}: {company}, {value}' }])
  await fire(await dealOf(narrow.id, { title: 'Своя', company_id: client.id, value_minor: 999300 }))
  await fire(await dealOf(other, { title: 'Чужая', company_id: own.id }))
  const texts = (await api.list('/api/notifications')).items.filter((n) => n.kind === 'trigger.notify').map((n) => n.params.text)
  assert.deepEqual(texts, ['Своя: , '])
})

test('timers, the manual and definitions keep what is hidden', async () => {
  await admin.create('/api/triggers', { name: 'Потом', funnel_id: open.funnel.id, event: { on: 'timer', after: 'stage_entry', hours: 5 }, actions: [{ do: 'move', stage_id: stage.id }], enabled: true })
  await admin.create('/api/triggers', { name: 'Дорогая', funnel_id: open.funnel.id, event: { on: 'won' }, condition: 'value_minor > 555222', actions: [{ do: 'note', text: 'Поздравляем' }], enabled: true })
  const deal = await dealOf(narrow.id)
  const timers = await told(api, `/api/deals/${deal.id}/timers`)
  assert.equal(JSON.parse(timers).items.length, 1)
  silent(timers, 'Скрыт')
  for (const format of ['json', 'html']) silent(await told(api, `/api/funnels/${open.funnel.id}/regulation?format=${format}`), 'Скрыт', '555222')
  for (const path of ['definition', 'versions']) {
    silent(await told(api, `/api/funnels/${open.funnel.id}/${path}`), '555222', 'Поздравляем')
    assert.match(await told(head, `/api/funnels/${open.funnel.id}/${path}`), /555222/)
  }
})

test('a reason of blanks and of signs that cannot be seen is none', async () => {
  const f = await funnelOf(admin, { name: 'Причины', task_rule: 'off' })
  await admin.create('/api/gates', { stage_id: f.stages[1].id, kind: 'field', field: 'loss_comment' })
  for (const reason of ['\u00a0', '\u200b\u2060', '\u3000', '\ufeff', '\u2800', '\u00ad \u200d']) {
    const deal = await admin.create('/api/deals', { title: 'Сделка', stage_id: f.stages[0].id, owner_id: seller.session.user.id })
    const past = await head('POST', `/api/deals/${deal.id}/override`, { stage_id: f.stages[1].id, reason })
    assert.deepEqual([past.status, past.body.code, past.body.field], [422, 'required', 'reason'])
    await head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: f.stages[1].id, reason: 'Надо' })
    const back = await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[0].id, move_reason: reason })
    assert.deepEqual([back.status, back.body.code], [422, 'reason_required'])
    const task = await seller.create('/api/tasks', { title: 'Позвонить', deal_id: deal.id })
    assert.equal((await seller('PATCH', `/api/tasks/${task.id}`, { done: true, result: reason })).body.code, 'result_required')
  }
})

test('a draft sends no deals past gates out of a stage that stays', async () => {
  const f = await funnelOf(admin, { name: 'Мимо условий', task_rule: 'off' })
  await admin.create('/api/gates', { stage_id: f.stages[1].id, kind: 'field', field: 'value_minor' })
  const deal = await admin.create('/api/deals', { title: 'Сделка', stage_id: f.stages[0].id })
  const definition = await admin.get(`/api/funnels/${f.funnel.id}/definition`)
  const split = [{ condition: 'title ~ "сделка"', to: f.stages[2].id }, { to: f.stages[0].id }]
  const draft = await head.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'Обход', definition })
  for (const remap of [{ from: f.stages[0].id, to: f.stages[2].id }, { from: f.stages[0].id, split }]) {
    await head.patch(`/api/funnel-drafts/${draft.id}`, { definition: { ...definition, remap: [remap] } })
    const r = await head('POST', `/api/funnel-drafts/${draft.id}/publish`, {})
    assert.deepEqual([r.status, r.body.code], [422, 'bad_definition'])
    assert.match(r.body.detail, /остаётся/)
  }
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).stage_id, f.stages[0].id)
})

test('a manual is printed whatever signs somebody has pasted into it', async () => {
  const f = await funnelOf(admin, { name: 'Печать \u{1FFFE}' })
  await admin.patch(`/api/stages/${f.stages[0].id}`, { name: 'Знаки \u{10FFFF}\uffff\ufdd0', steps: 'Шаг \ufffe <b>&\u202e' })
  const r = await admin('GET', `/api/funnels/${f.funnel.id}/regulation?format=pdf`)
  assert.deepEqual([r.status, r.text.slice(0, 5)], [200, '%PDF-'], r.text.slice(0, 300))
})

test('whether a condition that one does not see holds is not told either', async () => {
  const [poor, rich] = [await dealOf(narrow.id, { value_minor: 1, title: 'Бедная' }), await dealOf(narrow.id, { value_minor: 999, title: 'Богатая' })]
  const { trigger } = await rule('С тайной суммой', [{ do: 'note', text: 'Да' }], { condition: 'value_minor > 500 and title ~ "ая"' })
  const ask = (api, d) => api.get(`/api/triggers/${trigger.id}/why-not?deal_id=${d.id}`)
  const [a, b] = [await ask(api, poor), await ask(api, rich)]
  assert.deepEqual([a.would, b.would], [null, null])
  assert.deepEqual(a.reasons.map((r) => r.code), b.reasons.map((r) => r.code))
  assert.ok(a.reasons.some((r) => r.code === 'hidden'))
  assert.deepEqual([(await ask(admin, poor)).would, (await ask(admin, rich)).would], [false, true])
})

test('who designs a funnel without seeing all of it is told nothing of the rest by drafts, findings and notices', async () => {
  const boss = await admin.create('/api/roles', { name: 'Руководитель без этапа', base: 'head', rights: { stages: { [stage.id]: 'hidden' }, funnels: { [closed.funnel.id]: 'hidden' } } })
  const user = await admin.create('/api/users', { name: 'Не всё видит', email: 'partly@example.ru', password: 'пароль для тестов', role_id: boss.id })
  const partly = await server.signIn(user.email, 'пароль для тестов')
  const definition = await admin.get(`/api/funnels/${open.funnel.id}/definition`)
  const draft = await admin.create('/api/funnel-drafts', { funnel_id: open.funnel.id, name: 'Черновик', definition })
  for (const path of ['', '/compare', '/impact']) assert.equal((await partly('GET', `/api/funnel-drafts/${draft.id}${path}`)).status, 404, path)
  assert.equal((await partly('POST', `/api/funnel-drafts/${draft.id}/check`)).status, 404)
  assert.deepEqual((await partly.list('/api/funnel-drafts')).items, [])
  silent(await told(partly, '/api/lint'), 'Скрыт')
  assert.equal((await partly.get(`/api/lint?funnel_id=${open.funnel.id}`)).findings.length, 0)
  assert.equal((await partly('POST', '/api/lint', { definition })).status, 404)
  assert.ok((await told(admin, '/api/lint')).includes('Скрытый этап'))

  const tag = await admin.create('/api/tags', { name: 'К делу' })
  const t = await partly.create('/api/triggers', { name: 'Ведёт дальше', event: { on: 'tagged', tag_id: tag.id }, actions: [{ do: 'move', stage_id: open.won.id }], enabled: true })
  const d = await dealOf(user.id)
  await admin.patch(`/api/deals/${d.id}`, { tag_ids: [tag.id] })
  const { items } = await partly.list('/api/notifications', { filter: 'kind = "trigger.failed"' })
  assert.deepEqual(items.map((n) => n.params.name), [t.name])
  silent(JSON.stringify(items), 'Скрытое')
})
