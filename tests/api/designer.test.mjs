// The funnel designer: a funnel as one document, drafts, what they would do, publishing, restoring. R106, R107, R125, R234, R235, R238, R309.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, funnelOf, peopleOf, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)

const post = async (who, path, body) => {
  const r = await who('POST', path, body)
  assert.ok(r.status < 300, `${path} ${r.status} ${r.text}`)
  return r.body
}
const definitionOf = (id, version) => admin.get(`/api/funnels/${id}/definition${version ? `?version=${version}` : ''}`)

test('a funnel can be read whole, with everything its stages ask and do, and every version keeps it', async () => {
  const id = (await funnelOf(admin, { name: 'Целиком' })).funnel.id
  const bare = await definitionOf(id)
  assert.equal(bare.id, id)
  assert.ok(bare.stages.length > 3)
  const [first, second] = bare.stages
  assert.deepEqual([first.gates, first.goals, first.triggers], [[], [], []])
  const gate = await post(admin, '/api/gates', { stage_id: second.id, kind: 'field', field: 'value_minor' })
  const goal = await post(admin, '/api/goals', { stage_id: first.id, name: 'Согласие получено' })
  const reason = await post(admin, '/api/loss-reasons', { name: 'Только этой воронки', funnel_id: id })
  await admin.patch(`/api/stages/${first.id}`, { entry_result: 'Заявка пришла', scripts: [{ title: 'Первый звонок', text: 'Здравствуйте' }] })
  const now = await definitionOf(id)
  assert.deepEqual(now.stages[1].gates.map((g) => [g.id, g.kind, g.field]), [[gate.id, 'field', 'value_minor']])
  assert.deepEqual(now.stages[0].goals.map((g) => g.name), [goal.name])
  assert.deepEqual(now.stages[0].scripts, [{ title: 'Первый звонок', text: 'Здравствуйте' }])
  assert.deepEqual(now.loss_reasons.map((r) => r.id), [reason.id])
  assert.equal(now.version, bare.version + 4)
  const old = await definitionOf(id, bare.version)
  assert.deepEqual(old, bare)
  assert.equal((await admin('GET', `/api/funnels/${id}/definition?version=999`)).status, 404)
  assert.equal((await seller('GET', `/api/funnels/${id}/definition`)).status, 200)
  assert.equal((await server.anon('GET', `/api/funnels/${id}/definition`)).status, 401)
})

// ---- drafts ----

const draftOf = async (who, funnel, change = (d) => d) => {
  const definition = change(structuredClone(await definitionOf(funnel)))
  return post(who, '/api/funnel-drafts', { funnel_id: funnel, name: 'Черновик', definition })
}
const publish = (who, id) => who('POST', `/api/funnel-drafts/${id}/publish`)
const finished = async (kind) =>
  eventually(async () => {
    const { items } = await admin.list('/api/operations', { filter: `kind = "${kind}"`, sort: '-id', limit: 1 })
    return items[0] && ['done', 'failed'].includes(items[0].state) ? items[0] : null
  }, `the operation ${kind}`)
const stagesOf = async (id) => (await definitionOf(id)).stages.filter((s) => !s.archived)
const dealOn = (stage, more = {}) => admin.create('/api/deals', { title: 'Сделка', stage_id: stage.id, ...more })

test('a business user changes a funnel in a draft, and nothing happens until it is published; one undo takes all of it back', async () => {
  const { funnel, stages, won } = await funnelOf(admin, { name: 'Черновая', open: ['Заявка', 'Связались', 'КП отправлено'] })
  const before = await definitionOf(funnel.id)
  const draft = await draftOf(head, funnel.id, (d) => {
    d.name = 'Чистовая'
    d.task_rule = 'refuse'
    d.loss_reasons.push({ name: 'Нет денег', key: 'money' })
    const [first, second, third] = d.stages
    first.name = 'Заявка принята'
    first.goals = [
      { key: 'yes', name: 'Согласие получено', actions: [{ do: 'move', stage_id: 'demo' }] },
      { name: 'Отказ получен', kind: 'refusal', actions: [{ do: 'move', stage_id: d.stages.at(-1).id, loss_reason_id: 'money' }] },
    ]
    second.gates = [{ kind: 'goal', goal_id: 'yes' }, { kind: 'field', field: 'value_minor' }]
    d.stages = [first, third, { key: 'demo', name: 'Демонстрация проведена', gates: [{ kind: 'check', name: 'Показали' }] }, second, ...d.stages.slice(3)]
    d.involvements = [{ stage_id: 'demo', role_id: null, note: 'Пресейл' }]
    return d
  })
  assert.equal(draft.base_version, before.version)
  assert.deepEqual(await definitionOf(funnel.id), before)
  const compared = (await head.get(`/api/funnel-drafts/${draft.id}/compare`)).changes
  const said = compared.map((c) => [c.what, c.object, c.field ?? c.name])
  for (const one of [
    ['changed', 'funnel', 'name'],
    ['changed', 'funnel', 'task_rule'],
    ['added', 'loss-reason', 'Нет денег'],
    ['changed', 'stage', 'name'],
    ['added', 'stage', 'Демонстрация проведена'],
    ['added', 'goal', 'Согласие получено'],
    ['added', 'gate', 'Показали'],
  ])
    assert.ok(said.some((c) => JSON.stringify(c) === JSON.stringify(one)), `${one} in ${JSON.stringify(said)}`)
  assert.equal(compared.filter((c) => c.what === 'moved').length, 1)
  assert.deepEqual((await post(head, `/api/funnel-drafts/${draft.id}/check`)).problems, [])
  assert.deepEqual(await definitionOf(funnel.id), before)

  const r = await publish(head, draft.id)
  assert.equal(r.status, 200, r.text)
  assert.equal(r.body.name, 'Чистовая')
  const now = await definitionOf(funnel.id)
  assert.equal(now.version, before.version + 1)
  assert.deepEqual(now.stages.map((s) => s.name).slice(0, 4), ['Заявка принята', 'КП отправлено', 'Демонстрация проведена', 'Связались'])
  assert.deepEqual(now.stages[0].id, stages[0].id)
  const demo = now.stages[2]
  assert.deepEqual(now.stages[0].goals[0].actions, [{ do: 'move', stage_id: demo.id }])
  assert.equal(now.stages[0].goals[1].actions[0].loss_reason_id, now.loss_reasons[0].id)
  assert.equal(now.stages[3].gates[0].goal_id, now.stages[0].goals[0].id)
  assert.equal(now.involvements[0].stage_id, demo.id)
  assert.equal((await head('GET', `/api/funnel-drafts/${draft.id}`)).status, 404)
  const history = await admin.list('/api/history', { objects: 'funnel', id: funnel.id })
  assert.ok(history.items.some((e) => e.kind === 'funnel.published'))
  assert.equal((await definitionOf(funnel.id, before.version)).name, 'Черновая')

  const undone = await head('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })
  assert.equal(undone.status, 200, undone.text)
  const { version: _, ...back } = await definitionOf(funnel.id)
  const { version: __, ...was } = before
  assert.deepEqual(back, was)
  const again = await publish(head, draft.id) // the draft is there again, and fits
  assert.equal(again.status, 200, again.text)
  assert.ok(won.id)
})

test('a stage that goes says how many deals stand there, and sends them on: split by a condition, merged, taken back whole', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Слияние', open: ['Заявка принята', 'Переговоры', 'Думает', 'КП отправлено'] })
  const [first, talks, thinks, offer] = stages
  await admin.create('/api/gates', { stage_id: offer.id, kind: 'field', field: 'expected_close_on' })
  const big = await dealOn(talks, { value_minor: 20_000_000 })
  const small = await dealOn(talks, { value_minor: 5 })
  const third = await dealOn(thinks)
  const without = await draftOf(head, funnel.id, (d) => ({ ...d, stages: d.stages.filter((s) => ![talks.id, thinks.id].includes(s.id)) }))
  let r = await publish(head, without.id)
  assert.equal(r.status, 422, r.text)
  assert.equal(r.body.code, 'stage_has_deals')
  assert.deepEqual([r.body.stage_id, r.body.count], [talks.id, 2])
  const refused = await post(head, `/api/funnel-drafts/${without.id}/check`)
  assert.equal(refused.ok, false)
  assert.equal(refused.problems[0].code, 'stage_has_deals')
  assert.match(refused.problems[0].detail, /Переговоры/)
  let impact = await head.get(`/api/funnel-drafts/${without.id}/impact`)
  assert.equal(impact.deals, 3)
  assert.deepEqual(impact.moved.map((m) => [m.stage, m.to, m.count]), [['Переговоры', null, 2], ['Думает', null, 1]])

  const definition = { ...without.definition, remap: [{ from: talks.id, split: [{ condition: 'value_minor >= 10000000', to: 'hot' }, { to: offer.id }] }, { from: thinks.id, to: offer.id }] }
  definition.stages.splice(1, 0, { key: 'hot', name: 'Потребность подтверждена' })
  await head.patch(`/api/funnel-drafts/${without.id}`, { definition })
  impact = await head.get(`/api/funnel-drafts/${without.id}/impact`)
  assert.deepEqual(impact.moved.map((m) => [m.stage, m.to, m.count]), [
    ['Переговоры', 'Потребность подтверждена', 1],
    ['Переговоры', 'КП отправлено', 1],
    ['Думает', 'КП отправлено', 1],
  ])
  r = await publish(head, without.id)
  assert.equal(r.status, 200, r.text)
  const operation = await finished('remap')
  assert.deepEqual([operation.state, operation.done_count, operation.failed_count], ['done', 3, 0])
  const hot = (await stagesOf(funnel.id)).find((s) => s.name === 'Потребность подтверждена')
  const at = async (deal) => (await admin.get(`/api/deals/${deal.id}`)).stage_id
  assert.deepEqual([await at(big), await at(small), await at(third)], [hot.id, offer.id, offer.id])
  assert.equal((await admin.get(`/api/stages/${talks.id}`)).archived, true)

  const back = await head('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })
  assert.ok(back.status < 300, back.text)
  const undo = await finished('undo')
  assert.deepEqual([undo.state, undo.failed_count], ['done', 0], JSON.stringify(undo))
  assert.deepEqual([await at(big), await at(small), await at(third)], [talks.id, talks.id, thinks.id])
  assert.deepEqual((await stagesOf(funnel.id)).map((s) => s.name).slice(0, 4), ['Заявка принята', 'Переговоры', 'Думает', 'КП отправлено'])
  assert.ok(first.id)
})

test('before publishing one sees how many deals would lack what new gates ask, and which', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Пороги', open: ['Заявка принята', 'Связались', 'КП отправлено'] })
  const company = await admin.create('/api/companies', { name: 'Без ИНН' })
  await dealOn(stages[0])
  const lacking = [await dealOn(stages[1]), await dealOn(stages[2], { company_id: company.id })]
  await dealOn(stages[2], { value_minor: 100 })
  const draft = await draftOf(head, funnel.id, (d) => {
    d.stages[1].gates = [{ kind: 'field', field: 'value_minor' }, { kind: 'field', field: 'company_id.inn' }, { kind: 'check', name: 'Бюджет назван' }]
    d.stages[2].gates = [{ kind: 'artefact', artefact: 'offer' }]
    return d
  })
  const { deals, lack } = await head.get(`/api/funnel-drafts/${draft.id}/impact`)
  assert.equal(deals, 4)
  assert.deepEqual(lack.map((l) => [l.stage, l.gate.kind, l.count]), [
    ['Связались', 'field', 2],
    ['Связались', 'field', 3],
    ['Связались', 'check', 3],
    ['КП отправлено', 'artefact', 2],
  ])
  assert.deepEqual(lack[0].ids, lacking.map((d) => d.id))
  const list = await head.list('/api/deals', { filter: lack[0].filter, count: 1 })
  assert.equal(list.count, 2)
})

test('whoever publishes last does not overwrite unseen what others have published', async () => {
  const { funnel } = await funnelOf(admin, { name: 'Вдвоём' })
  const draft = await draftOf(head, funnel.id, (d) => ({ ...d, name: 'Моя' }))
  await admin.patch(`/api/funnels/${funnel.id}`, { response_hours: 4 })
  const r = await publish(head, draft.id)
  assert.deepEqual([r.status, r.body.code], [409, 'draft_outdated'])
  assert.equal((await head.get(`/api/funnel-drafts/${draft.id}/compare`)).outdated, true)
  const second = await head('POST', '/api/funnel-drafts', { funnel_id: funnel.id, name: 'Второй', definition: draft.definition })
  assert.deepEqual([second.status, second.body.code], [409, 'draft_exists'])
  assert.equal((await publish(seller, draft.id)).status, 403)
})

test('a new funnel begins as a draft; an old version is restored as a draft', async () => {
  const draft = await post(head, '/api/funnel-drafts', {
    name: 'Новая',
    definition: {
      name: 'Продление',
      kind: 'renewal',
      stages: [
        { key: 'due', name: 'Срок подошёл', goals: [{ name: 'Продлили', actions: [{ do: 'move', stage_id: 'won' }] }] },
        { key: 'won', name: 'Договор продлён', outcome: 'won' },
        { name: 'Не продлили', outcome: 'lost' },
      ],
    },
  })
  const r = await publish(head, draft.id)
  assert.equal(r.status, 200, r.text)
  const first = await definitionOf(r.body.id)
  assert.equal(first.kind, 'renewal')
  assert.equal(first.stages[0].goals[0].actions[0].stage_id, first.stages[1].id)
  await admin.patch(`/api/stages/${first.stages[0].id}`, { name: 'Переименован' })
  await admin.del(`/api/goals/${first.stages[0].goals[0].id}`)
  await admin.create('/api/stages', { funnel_id: first.id, name: 'Лишний', position: 2 })
  const old = await post(head, `/api/funnels/${first.id}/restore`, { version: first.version })
  const restored = await publish(head, old.id)
  assert.equal(restored.status, 200, restored.text)
  const now = await definitionOf(first.id)
  assert.deepEqual(now.stages.filter((s) => !s.archived).map((s) => s.name), ['Срок подошёл', 'Договор продлён', 'Не продлили'])
  assert.equal(now.stages[0].goals[0].name, 'Продлили')
  assert.equal((await head('POST', `/api/funnels/${first.id}/restore`, { version: 999 })).status, 404)
})

test('a document that cannot be read says where', async () => {
  const { funnel } = await funnelOf(admin, { name: 'Ошибки' })
  const good = await definitionOf(funnel.id)
  const cases = [
    ['stages[0].name', (d) => (d.stages[0].name = '')],
    ['stages[0].colour', (d) => (d.stages[0].colour = 'красный')],
    ['stages[1].gates[0].kind', (d) => (d.stages[1].gates = [{ kind: 'magic' }])],
    ['stages[1].gates', (d) => (d.stages[1].gates = {})],
    ['stages[0].goals[0].actions[1].stage_id', (d) => (d.stages[0].goals = [{ name: 'Да', actions: [{ do: 'note', text: 'x' }, { do: 'move', stage_id: 'нет' }] }])],
    ['stages[0].position', (d) => (d.stages[0].position = 3)],
    ['colour', (d) => (d.colour = '#ffffff')],
    ['stages[1].id', (d) => (d.stages[1].id = d.stages[0].id)],
    ['task_rule', (d) => (d.task_rule = 'maybe')],
    ['remap[0].to', (d) => (d.remap = [{ from: 1, to: 'nowhere' }])],
    ['remap[0].split[0].condition', (d) => (d.remap = [{ from: 1, split: [{ to: d.stages[0].id }, { to: d.stages[1].id }] }])],
  ]
  for (const [path, spoil] of cases) {
    const definition = structuredClone(good)
    spoil(definition)
    const r = await head('POST', '/api/funnel-drafts', { funnel_id: funnel.id, name: 'x', definition })
    assert.deepEqual([r.status, r.body.code], [422, 'bad_definition'], `${path}: ${r.text}`)
    assert.ok(r.body.detail.includes(`${path}:`), `${path}: ${r.body.detail}`)
  }
  const other = await funnelOf(admin, { name: 'Чужая' })
  const stolen = await draftOf(head, funnel.id, (d) => ({ ...d, stages: [...d.stages, { id: other.stages[0].id, name: 'Чужой этап' }] }))
  const r = await publish(head, stolen.id)
  assert.deepEqual([r.status, r.body.code], [422, 'bad_definition'])
  assert.match(r.body.detail, /stages\[5\]\.id/)
})

test('a ring of triggers that cannot end does not come into force', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Кольцо', open: ['Заявка получена', 'Связались'] })
  const [one, two] = stages
  const send = (name, to) => ({ name, enabled: true, event: { on: 'entered' }, actions: [{ do: 'move', stage_id: to }] })
  const draft = await draftOf(head, funnel.id, (d) => {
    d.stages[0].triggers = [send('Туда', two.id)]
    d.stages[1].triggers = [send('Обратно', one.id)]
    return d
  })
  const before = await definitionOf(funnel.id)
  const checked = await post(head, `/api/funnel-drafts/${draft.id}/check`)
  assert.deepEqual([checked.ok, checked.problems[0].code], [false, 'trigger_loop'])
  assert.ok(checked.findings.some((f) => f.code === 'loop'))
  const r = await publish(head, draft.id)
  assert.deepEqual([r.status, r.body.code], [422, 'trigger_loop'])
  assert.match(r.body.detail, /«Туда» → «Обратно» → «Туда»/)
  assert.deepEqual(await definitionOf(funnel.id), before)
})

test('deals that are sent on set off nothing: nobody has entered a stage, it has become another', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Тишина', open: ['Заявка получена', 'Связались', 'КП отправлено'] })
  await admin.create('/api/gates', { stage_id: stages[2].id, kind: 'check', name: 'Бюджет назван' })
  await admin.create('/api/triggers', { name: 'Задача', stage_id: stages[2].id, enabled: true, event: { on: 'entered' }, actions: [{ do: 'note', text: 'Вошла' }] })
  const deal = await dealOn(stages[1])
  const draft = await draftOf(head, funnel.id, (d) => ({ ...d, stages: d.stages.filter((s) => s.id !== stages[1].id), remap: [{ from: stages[1].id, to: stages[2].id }] }))
  assert.equal((await publish(head, draft.id)).status, 200)
  await eventually(async () => (await admin.get(`/api/deals/${deal.id}`)).stage_id === stages[2].id, 'the deal on its new stage')
  assert.equal((await admin.list('/api/notes', { filter: `deal_id = ${deal.id}` })).items.length, 0)
  const { items } = await admin.get(`/api/deals/${deal.id}/timeline`)
  assert.equal(items[0].kind, 'deal.moved')
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).returns, 0)
})

test('reports read under the stages as they were, or as they are now', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'Определения', open: ['Заявка получена', 'Связались', 'КП отправлено'] })
  const deal = await dealOn(stages[1])
  await dealOn(stages[2])
  const draft = await draftOf(head, funnel.id, (d) => ({ ...d, stages: d.stages.filter((s) => s.id !== stages[1].id), remap: [{ from: stages[1].id, to: stages[2].id }] }))
  assert.equal((await publish(head, draft.id)).status, 200)
  await eventually(async () => (await admin.get(`/api/deals/${deal.id}`)).stage_id === stages[2].id, 'the deal on its new stage')
  const reached = async (definition) => {
    const r = await admin.get(`/api/reports/funnel?funnel_id=${funnel.id}&definition=${definition}`)
    const at = (id) => r.columns.findIndex((c) => c.id === id)
    return Object.fromEntries(r.rows.map((row) => [row[at('stage')], row[at('reached')]]))
  }
  const then = await reached('recorded'), now = await reached('current')
  assert.deepEqual([then['Связались'], then['КП отправлено']], [1, 2])
  assert.ok(!('Связались' in now))
  assert.equal(now['КП отправлено'], 2)
  assert.equal((await admin('GET', `/api/reports/funnel?definition=other`)).status, 400)
})
