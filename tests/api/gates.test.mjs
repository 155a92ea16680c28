// What stages ask holds on every way a deal moves: by hand, by token, in bulk, out of a table, with a task, by a goal or
// a trigger; for sellers and administrators alike. Only undo is free, and an override that is signed. R076-R078, R187, R198-R204, R244, R363.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { cli, funnelOf, peopleOf, scratchFile, serve, startServer, tokenOf } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-gates')] })
const people = await peopleOf(server)
const { admin, seller, head, observer } = people
const token = await tokenOf(server, seller)
const DAY = 86400000
const day = (n) => Date.now() + n * DAY
const company = await admin.create('/api/companies', { name: 'ООО «Вектор»', inn: '7707083893' })
const nameless = await admin.create('/api/companies', { name: 'Без ИНН', country: 'Казахстан' })
const competitor = await admin.create('/api/competitors', { name: 'Соперник' })

const gate = (stage, kind, rest) => admin.create('/api/gates', { stage_id: stage.id, kind, ...rest })
const dealIn = (stage, rest = {}) => admin.create('/api/deals', { title: `Сделка ${Math.random()}`, stage_id: stage.id, owner_id: seller.session.user.id, ...rest })
const refused = (r, code, field) => {
  assert.equal(r.status, 422, r.text)
  assert.deepEqual([r.body.code, r.body.field], [code, field], r.text)
  return r.body
}
const ended = async (op) => {
  for (let i = 0; i < 1600; i++) {
    const now = await admin.get(`/api/operations/${op.id}`)
    if (!['waiting', 'running'].includes(now.state)) return now
    await new Promise((done) => setTimeout(done, 25))
  }
  assert.fail('the operation does not end')
}
const timeline = async (id) => (await admin.list(`/api/deals/${id}/timeline`, { limit: 50 })).items

// ---- the rules: each in a funnel of its own; `base` goes along with every move, `along` when the rule is to be met ----
const rules = {
  'a filled field of the company': async (f) => {
    await gate(f.stages[1], 'field', { field: 'company_id.inn' })
    return { code: 'gates_unmet', start: { company_id: nameless.id }, meet: (d) => admin.patch(`/api/deals/${d.id}`, { company_id: company.id }) }
  },
  'a ticked item': async (f) => {
    const item = await gate(f.stages[1], 'check', { name: 'Бюджет назван' })
    return { code: 'gates_unmet', meet: (d) => admin.patch(`/api/deals/${d.id}`, { check_ids: [item.id] }) }
  },
  'a document': async (f) => {
    await gate(f.stages[1], 'artefact', { artefact: 'offer' })
    return {
      code: 'gates_unmet',
      async meet(d) {
        const r = await admin('POST', `/api/files?deal_id=${d.id}&name=kp.txt&artefact=offer`, undefined, { raw: 'Коммерческое предложение', headers: { 'content-type': 'application/octet-stream' } })
        assert.equal(r.status, 201, r.text)
        assert.equal(r.body.artefact, 'offer')
      },
    }
  },
  'a reached goal': async (f) => {
    const goal = await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Потребность выявлена' })
    await gate(f.stages[1], 'goal', { goal_id: goal.id })
    return { code: 'gates_unmet', meet: (d) => admin.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id }) }
  },
  'coverage of the buying centre': async (f) => {
    await gate(f.stages[1], 'coverage', { least: 60 })
    return {
      code: 'gates_unmet',
      async meet(d) {
        const contact = await admin.create('/api/contacts', { name: 'Директор' })
        await admin.create('/api/buyers', { deal_id: d.id, contact_id: contact.id, role: 'decides', needs: 'Скорость', expectations: 'К лету', last_contact_at: Date.now() })
      },
    }
  },
  'a client who does not wait': async (f) => {
    await gate(f.stages[1], 'waiting', { least: 4 })
    return { code: 'gates_unmet', start: { waiting_since: day(-20) }, meet: (d) => admin.patch(`/api/deals/${d.id}`, { waiting_since: null }) }
  },
  'what the stage wants to be left with': async (f) => {
    const item = await gate(f.stages[0], 'check', { at: 'leave', name: 'Квалифицирована' })
    return { code: 'gates_unmet', meet: (d) => admin.patch(`/api/deals/${d.id}`, { check_ids: [item.id] }) }
  },
  'what a won stage wants': async (f) => {
    await gate(f.won, 'field', { field: 'value_minor' })
    return { code: 'gates_unmet', to: f.won, meet: (d) => admin.patch(`/api/deals/${d.id}`, { value_minor: 100 }) }
  },
  'a reason for a step back': async (f) => ({ code: 'reason_required', from: f.stages[1], to: f.stages[0], along: { move_reason: 'Клиент думает' }, byItself: true }),
  'a reason of a loss': async (f) => {
    const reason = await admin.create('/api/loss-reasons', { name: `Дорого ${f.funnel.id}`, funnel_id: f.funnel.id })
    return { code: 'loss_reason_required', to: f.lost, along: { loss_reason_id: reason.id } }
  },
  'the competitor': async (f) => {
    const reason = await admin.create('/api/loss-reasons', { name: `К конкуренту ${f.funnel.id}`, funnel_id: f.funnel.id, wants_competitor: true })
    return { code: 'competitor_required', to: f.lost, base: { loss_reason_id: reason.id }, meet: (d) => admin.patch(`/api/deals/${d.id}`, { competitor_id: competitor.id }) }
  },
  'a reason that only a timer gives': async (f) => {
    const timer = await admin.create('/api/loss-reasons', { name: `Истёк срок ${f.funnel.id}`, funnel_id: f.funnel.id, timeout: true })
    const own = await admin.create('/api/loss-reasons', { name: `Отказ ${f.funnel.id}`, funnel_id: f.funnel.id })
    return { code: 'loss_reason_by_timer', to: f.lost, base: { loss_reason_id: timer.id }, along: { loss_reason_id: own.id }, byItself: true }
  },
}

// ---- the ways: each tries to move the deal and gives the code of the refusal, or null ----
const answered = (r) => (r.status === 422 ? r.body.code : r.status < 300 ? null : assert.fail(r.text))
const patching = (api) => async (deal, body) => answered(await api('PATCH', `/api/deals/${deal.id}`, body))
const reported = async (op) => (op.failed_count ? (await admin.get(`/api/operations/${op.id}/report?format=json`)).items[0].code : null)
const nameOf = { stages: new Map(), reasons: new Map() }
async function tableOf(deals) {
  const named = async (path, id, kept) => kept.get(id) ?? (kept.set(id, (await admin.get(`${path}/${id}`)).name), kept.get(id))
  const rows = ['id;Воронка;Этап;Причина;Почему']
  for (const [deal, body] of deals)
    rows.push([deal.id, (await admin.get(`/api/funnels/${deal.funnel_id}`)).name, await named('/api/stages', body.stage_id, nameOf.stages), body.move_reason ?? '', body.loss_reason_id ? await named('/api/loss-reasons', body.loss_reason_id, nameOf.reasons) : ''].join(';'))
  return rows.join('\n') + '\n'
}
const columns = ['id', 'funnel_id', 'stage_id', 'move_reason', 'loss_reason_id'].map((field, column) => ({ column, object: 'deal', field }))
const ways = {
  'a seller on the board': patching(seller),
  'an administrator': patching(admin),
  'a token': patching(token),
  'many at once': async (deal, body) => {
    const { status, body: op, text } = await admin('POST', '/api/deals/bulk', { ids: [deal.id], set: body })
    assert.equal(status, 202, text)
    return reported(await ended(op))
  },
  'a table': async (deal, body) => {
    const up = await admin('POST', '/api/uploads?name=t.csv', undefined, { raw: await tableOf([[deal, body]]), headers: { 'content-type': 'application/octet-stream' } })
    const r = await admin('POST', '/api/imports', { upload_id: up.body.upload_id, object: 'deal', columns, match: ['id'], on_match: 'update' })
    assert.equal(r.status, 202, r.text)
    return reported(await ended(r.body))
  },
  'the end of a task': async (deal, { stage_id, ...rest }) => {
    const task = await seller.create('/api/tasks', { title: 'Позвонить', deal_id: deal.id, due_at: day(1) })
    const r = await seller('POST', `/api/tasks/${task.id}/finish`, { result: 'Поговорили', stage_id, deal: rest })
    assert.equal((await seller.get(`/api/tasks/${task.id}`)).done, r.status < 300, 'a refused finish leaves the task open')
    return answered(r)
  },
  "a goal's action": async (deal, { stage_id, loss_reason_id, ...rest }) => {
    const goal = await admin.create('/api/goals', { stage_id: deal.stage_id, name: `Цель ${Math.random()}`, actions: [{ do: 'move', stage_id, ...(loss_reason_id && { loss_reason_id }) }] })
    const r = await seller('POST', `/api/deals/${deal.id}/reach`, { goal_id: goal.id, ...rest })
    assert.equal((await admin.get(`/api/deals/${deal.id}`)).goal_ids.includes(goal.id), r.status < 300 && stage_id > deal.stage_id, 'a goal is reached with all that follows, or not at all')
    await admin.patch(`/api/goals/${goal.id}`, { archived: true })
    return answered(r)
  },
  "a trigger's action": async (deal, { stage_id, loss_reason_id }) => {
    const tag = await admin.create('/api/tags', { name: `Пора ${Math.random()}` })
    const made = await admin('POST', '/api/triggers', { name: `Правило ${tag.id}`, funnel_id: deal.funnel_id, event: { on: 'tagged', object: 'deal', tag_id: tag.id }, actions: [{ do: 'move', stage_id, ...(loss_reason_id && { loss_reason_id }) }], enabled: true })
    if (made.body.code === 'action_field_required') return 'loss_reason_required' // it is told before anything can happen
    assert.equal(made.status, 201, made.text)
    await seller.patch(`/api/deals/${deal.id}`, { tag_ids: [tag.id] })
    const [run] = (await admin.get(`/api/deals/${deal.id}/runs`)).items
    return run.state === 'done' ? null : run.error_code
  },
}
// What no person may do, a rule of the funnel does: it has its own reason.
const byThemselves = ["a goal's action", "a trigger's action"]

for (const [rule, make] of Object.entries(rules))
  test(`on every way: ${rule}`, async (t) => {
    const f = await funnelOf(admin, { name: `Воронка: ${rule}`, task_rule: 'off' })
    const { code, from = f.stages[0], to = f.stages[1], start = {}, base = {}, along = {}, meet = () => {}, byItself } = await make(f)
    for (const [way, go] of Object.entries(ways))
      await t.test(way, async () => {
        const deal = await dealIn(from, start), ownReason = byItself && byThemselves.includes(way)
        const there = async () => (await admin.get(`/api/deals/${deal.id}`)).stage_id
        assert.equal(await go(deal, { ...base, stage_id: to.id }), ownReason ? null : code)
        if (ownReason) return assert.equal(await there(), to.id)
        const after = await admin.get(`/api/deals/${deal.id}`)
        assert.deepEqual({ stage: after.stage_id, status: after.status }, { stage: from.id, status: 'open' })
        if (way !== "a trigger's action") assert.equal(after.version, deal.version) // the tag that set it off stays
        await meet(deal)
        assert.equal(await go(deal, { ...base, ...along, stage_id: to.id }), null)
        assert.equal(await there(), to.id)
      })
  })

test('a new deal meets what the stages up to its own ask', async () => {
  const f = await funnelOf(admin, { name: 'Сразу дальше' })
  const [first, second, third] = f.stages
  const item = await gate(first, 'check', { name: 'Первый пункт', at: 'leave' })
  await gate(second, 'field', { field: 'value_minor' })
  await gate(third, 'field', { field: 'contact_id.phone' })
  const contact = await admin.create('/api/contacts', { name: 'Анна', phone: '+7 912 345-67-89' })
  await dealIn(first)
  const r = await seller('POST', '/api/deals', { title: 'Готовый покупатель', stage_id: third.id })
  const { missing } = refused(r, 'gates_unmet', 'stage_id')
  assert.deepEqual(missing.map((m) => [m.kind, m.stage_id, m.field ?? m.name]), [['check', first.id, 'Первый пункт'], ['field', second.id, 'value_minor'], ['field', third.id, 'contact_id.phone']])
  assert.equal((await admin.list('/api/deals', { filter: 'title = "Готовый покупатель"', count: 1 })).count, 0)
  const deal = await seller.create('/api/deals', { title: 'Готовый покупатель', stage_id: third.id, value_minor: 5, contact_id: contact.id, check_ids: [item.id] })
  assert.equal(deal.stage_id, third.id)
})

test('who skips stages meets what those ask too, and a loss only what its own stage asks', async () => {
  const f = await funnelOf(admin, { name: 'Через этапы' })
  await gate(f.stages[1], 'field', { field: 'value_minor' })
  await gate(f.stages[2], 'field', { field: 'company_id' })
  await gate(f.lost, 'field', { field: 'loss_comment' })
  const deal = await dealIn(f.stages[0])
  const ask = async (stage) => (await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: stage.id })).body.missing?.map((m) => m.field)
  assert.deepEqual(await ask(f.won), ['value_minor', 'company_id'])
  assert.deepEqual(await ask(f.stages[2]), ['value_minor', 'company_id'])
  assert.deepEqual(await ask(f.stages[1]), ['value_minor'])
  assert.deepEqual(await ask(f.lost), ['loss_comment'])
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.lost.id, loss_comment: 'Передумали' })
  // back to work means all that the stages up to there ask
  assert.deepEqual(await ask(f.stages[2]), ['value_minor', 'company_id'])
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[2].id, value_minor: 7, company_id: company.id })
})

test('gates of a class ask only deals of that class; what is archived asks nobody', async () => {
  const f = await funnelOf(admin, { name: 'По классам' })
  const big = await admin.create('/api/deal-classes', { name: 'Крупная' })
  const one = await gate(f.stages[1], 'field', { field: 'value_minor', deal_class_id: big.id })
  const small = await dealIn(f.stages[0])
  await seller.patch(`/api/deals/${small.id}`, { stage_id: f.stages[1].id })
  const deal = await dealIn(f.stages[0], { deal_class_id: big.id })
  refused(await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[1].id }), 'gates_unmet', 'stage_id')
  await admin.patch(`/api/gates/${one.id}`, { archived: true })
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[1].id })
  const other = await dealIn(f.stages[0], { deal_class_id: big.id })
  await admin.patch(`/api/gates/${one.id}`, { archived: false })
  await admin.del(`/api/gates/${one.id}`)
  await seller.patch(`/api/deals/${other.id}`, { stage_id: f.stages[1].id })
})

test('a field of the company’s own is asked for like any other', async () => {
  const f = await funnelOf(admin, { name: 'Свои поля' })
  const cf = await admin.create('/api/custom-fields', { object: 'deal', label: 'Потребность', type: 'text' })
  await gate(f.stages[1], 'field', { field: `cf_${cf.id}` })
  await gate(f.stages[1], 'field', { field: 'product_ids' })
  const product = await admin.create('/api/products', { name: 'Лицензия', price_minor: 100 })
  const deal = await dealIn(f.stages[0])
  const look = async () => (await seller.list(`/api/deals/${deal.id}/move`, { stage_id: f.stages[1].id })).missing.map((m) => m.label)
  assert.deepEqual(await look(), ['Потребность', 'Продукты'])
  await seller.create('/api/deal-products', { deal_id: deal.id, product_id: product.id })
  assert.deepEqual(await look(), ['Потребность'])
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[1].id, [`cf_${cf.id}`]: 'Скорость' })
})

test('the move tells beforehand what it will ask, of whom, in whose words', async () => {
  const f = await funnelOf(admin, { name: 'Спросить заранее' })
  await gate(f.stages[1], 'field', { field: 'company_id.inn' })
  await gate(f.stages[1], 'coverage', { least: 60 })
  const reason = await admin.create('/api/loss-reasons', { name: 'Ушли', funnel_id: f.funnel.id, wants_competitor: true })
  const deal = await dealIn(f.stages[0])
  const ask = (api, stage, more = {}) => api.list(`/api/deals/${deal.id}/move`, { stage_id: stage.id, ...more })
  const forward = await ask(seller, f.stages[1])
  assert.deepEqual([forward.allowed, forward.back, forward.needs, forward.may_override], [false, false, [], false])
  assert.deepEqual(forward.missing.map((m) => [m.kind, m.label]), [['field', 'Компания: ИНН'], ['coverage', 'Охват закупочного центра: 0% из 60%']])
  assert.equal((await ask(head, f.stages[1])).may_override, true)
  const english = await seller('GET', `/api/deals/${deal.id}/move?stage_id=${f.stages[1].id}`, undefined, { headers: { 'accept-language': 'en' } })
  assert.equal(english.status, 200)
  assert.deepEqual((await ask(seller, f.lost)).needs, ['loss_reason_id'])
  assert.deepEqual((await ask(seller, f.lost, { loss_reason_id: reason.id })).needs, ['competitor_id'])
  const later = await dealIn(f.stages[0], { company_id: company.id })
  await head.must(200)('POST', `/api/deals/${later.id}/override`, { stage_id: f.stages[2].id, reason: 'Постоянный клиент' })
  const back = await seller.list(`/api/deals/${later.id}/move`, { stage_id: f.stages[0].id })
  assert.deepEqual([back.back, back.needs, back.missing, back.allowed], [true, ['move_reason'], [], false])
  assert.equal((await observer.list(`/api/deals/${deal.id}/move`, { stage_id: f.stages[2].id })).allowed, false)
  assert.equal((await seller('GET', `/api/deals/${deal.id}/move`)).status, 400)
  assert.equal((await seller('GET', `/api/deals/999999/move?stage_id=${f.lost.id}`)).status, 404)
})

test('an override is signed: who may, why, what was missing; undo takes back all of it', async () => {
  const f = await funnelOf(admin, { name: 'Исключения' })
  await gate(f.stages[1], 'field', { field: 'value_minor' })
  const deal = await dealIn(f.stages[0])
  const past = (api, body) => api('POST', `/api/deals/${deal.id}/override`, body)
  assert.equal((await past(seller, { stage_id: f.stages[1].id, reason: 'Надо' })).status, 403)
  refused(await past(head, { stage_id: f.stages[1].id }), 'required', 'reason')
  refused(await past(head, { stage_id: f.stages[1].id, reason: '   ' }), 'required', 'reason')
  refused(await past(head, { reason: 'Надо' }), 'required', 'stage_id')
  const done = await head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: f.stages[1].id, reason: 'Договорились устно', title: 'Договорённость' })
  assert.deepEqual([done.body.stage_id, done.body.overrides, done.body.title], [f.stages[1].id, 1, 'Договорённость'])
  const event = (await timeline(deal.id)).find((e) => e.kind === 'deal.overridden')
  assert.deepEqual([event.set.reason, event.set.stage_id, event.set.missing.map((m) => m.field)], ['Договорились устно', f.stages[1].id, ['value_minor']])
  assert.equal((await admin.list('/api/deals', { filter: `overrides >= 1 and id = ${deal.id}`, count: 1 })).count, 1)
  await head.must(200)('POST', '/api/undo', { change_id: Number(done.headers.get('voronka-change')) })
  const back = await admin.get(`/api/deals/${deal.id}`)
  assert.deepEqual([back.stage_id, back.overrides, back.title], [f.stages[0].id, 0, deal.title])
  // where nothing is missing it is an ordinary move
  const plain = await head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: f.stages[1].id, reason: 'Надо', value_minor: 10 })
  assert.equal(plain.body.overrides, 0)
  // an override sets gates aside, and nothing else
  await admin.create('/api/loss-reasons', { name: 'Причина', funnel_id: f.funnel.id })
  refused(await past(head, { stage_id: f.lost.id, reason: 'Надо' }), 'loss_reason_required', 'loss_reason_id')
})

test('undo and redo go where the deal stood, whatever is asked there now', async () => {
  const f = await funnelOf(admin, { name: 'Отмена' })
  const deal = await dealIn(f.stages[0])
  const forward = await seller.must(200)('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[2].id })
  const back = await seller.must(200)('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[0].id, move_reason: 'Не туда' })
  assert.equal(back.body.move_reason, 'Не туда')
  await gate(f.stages[1], 'field', { field: 'value_minor' })
  const undone = await seller.must(200)('POST', '/api/undo', { change_id: Number(back.headers.get('voronka-change')) })
  const there = await seller.get(`/api/deals/${deal.id}`)
  assert.deepEqual([there.stage_id, there.move_reason], [f.stages[2].id, null])
  await seller.must(200)('POST', '/api/undo', { change_id: undone.body.change_id })
  assert.equal((await seller.get(`/api/deals/${deal.id}`)).stage_id, f.stages[0].id)
  assert.ok(forward.headers.get('voronka-change'))
})

test('a reason of a move goes along with a move; a step back may need none', async () => {
  const f = await funnelOf(admin, { name: 'Без причин', back_reason: false })
  const deal = await dealIn(f.stages[1])
  refused(await seller('PATCH', `/api/deals/${deal.id}`, { move_reason: 'Просто так' }), 'move_reason_alone', 'move_reason')
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[0].id })
  const moved = await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[1].id, move_reason: 'Снова готовы' })
  assert.equal(moved.move_reason, 'Снова готовы')
  assert.equal((await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[2].id })).move_reason, null)
  const events = (await timeline(deal.id)).filter((e) => e.kind === 'deal.moved')
  assert.deepEqual(events[1].set.move_reason, [null, 'Снова готовы'])
})

test('a step back takes the goals of later stages along, and undo brings them back', async () => {
  const f = await funnelOf(admin, { name: 'Цели назад' })
  const [early, late] = [await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Раньше' }), await admin.create('/api/goals', { stage_id: f.stages[1].id, name: 'Позже' })]
  const deal = await dealIn(f.stages[0])
  await seller.must(200)('POST', `/api/deals/${deal.id}/reach`, { goal_id: early.id })
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[1].id })
  await seller.must(200)('POST', `/api/deals/${deal.id}/reach`, { goal_id: late.id })
  const goals = async () => (await seller.get(`/api/deals/${deal.id}`)).goal_ids
  assert.deepEqual(await goals(), [early.id, late.id])
  const back = await seller.must(200)('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[0].id, move_reason: 'Клиент передумал' })
  assert.deepEqual(await goals(), [early.id])
  await seller.must(200)('POST', '/api/undo', { change_id: Number(back.headers.get('voronka-change')) })
  assert.deepEqual(await goals(), [early.id, late.id])
})

test('what a hidden stage asks holds too, and is not told', async () => {
  const f = await funnelOf(admin, { name: 'Скрытый этап' })
  await gate(f.stages[1], 'field', { field: 'value_minor', name: 'Секретное условие' })
  const role = await admin.create('/api/roles', { name: 'Без середины', base: 'seller', rights: { stages: { [f.stages[1].id]: 'hidden' } } })
  await admin.create('/api/users', { name: 'Новичок', email: 'novice@example.ru', password: 'пароль для тестов', role_id: role.id })
  const api = await server.signIn('novice@example.ru', 'пароль для тестов')
  const deal = await dealIn(f.stages[0])
  const r = await api('PATCH', `/api/deals/${deal.id}`, { stage_id: f.stages[2].id })
  assert.deepEqual(refused(r, 'gates_unmet', 'stage_id').missing, [{ kind: 'field' }])
  assert.ok(!r.text.includes('Секретное') && !r.text.includes('value_minor'), r.text)
  const asked = await api.list(`/api/deals/${deal.id}/move`, { stage_id: f.stages[2].id })
  assert.deepEqual(asked.missing, [{ kind: 'field', label: 'Условие, которое вам не видно' }])
  assert.equal((await api.list('/api/gates', { filter: `stage_id = ${f.stages[1].id}`, count: 1 })).count, 0)
  await head.must(200)('POST', `/api/deals/${deal.id}/override`, { stage_id: f.stages[2].id, reason: 'Срочно' })
  const seen = await api('GET', `/api/deals/${deal.id}/timeline`)
  assert.ok(seen.text.includes('deal.overridden') && !seen.text.includes('value_minor') && !seen.text.includes('Секретное'), seen.text)
})

test('a deal that leaves for another funnel comes there like a new one', async () => {
  const from = await funnelOf(admin, { name: 'Откуда' }), to = await funnelOf(admin, { name: 'Куда' })
  const item = await gate(from.stages[0], 'check', { at: 'leave', name: 'Передано' })
  await gate(to.stages[0], 'field', { field: 'value_minor' })
  await gate(to.stages[1], 'field', { field: 'company_id' })
  const deal = await dealIn(from.stages[0])
  const { missing } = refused(await seller('PATCH', `/api/deals/${deal.id}`, { stage_id: to.stages[1].id }), 'gates_unmet', 'stage_id')
  assert.deepEqual(missing.map((m) => m.field ?? m.name).sort(), ['company_id', 'value_minor', 'Передано'])
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: to.stages[1].id, check_ids: [item.id], value_minor: 3, company_id: company.id })
  assert.equal((await seller.get(`/api/deals/${deal.id}`)).funnel_id, to.funnel.id)
})

test('merging clients moves no deal, and what was met by the one that goes is met by the one that stays', async () => {
  const f = await funnelOf(admin, { name: 'Слияние' })
  await gate(f.stages[1], 'field', { field: 'company_id.inn' })
  const gone = await admin.create('/api/companies', { name: 'ООО «Двойник»', inn: '7728168971' }), stays = await admin.create('/api/companies', { name: 'Двойник', country: 'Казахстан' })
  const deal = await dealIn(f.stages[0], { company_id: gone.id })
  await admin.must(200)('POST', `/api/companies/${stays.id}/merge`, { with: [gone.id] })
  const after = await admin.get(`/api/deals/${deal.id}`)
  assert.deepEqual([after.stage_id, after.company_id], [f.stages[0].id, stays.id])
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[1].id })
})

test('a lost deal tells how it was decided and to whom it went; opened again it forgets both', async () => {
  const f = await funnelOf(admin, { name: 'Проигрыши' })
  const reason = await admin.create('/api/loss-reasons', { name: 'К ним', funnel_id: f.funnel.id, wants_competitor: true })
  const deal = await dealIn(f.stages[0])
  const lost = await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.lost.id, loss_reason_id: reason.id, competitor_id: competitor.id })
  assert.deepEqual([lost.loss_class, lost.competitor_id], ['decision', competitor.id])
  refused(await seller('PATCH', `/api/deals/${deal.id}`, { competitor_id: null }), 'competitor_required', 'competitor_id')
  const again = await seller.patch(`/api/deals/${deal.id}`, { stage_id: f.stages[0].id })
  assert.deepEqual([again.loss_class, again.competitor_id, again.loss_reason_id], [null, null, null])
})

test('a role may keep people from leaving a stage, or from closing deals there', async () => {
  const f = await funnelOf(admin, { name: 'Этапы ролей' })
  const [first, second, third] = f.stages
  const role = await admin.create('/api/roles', { name: 'Приём', base: 'seller', rights: { stages: { [first.id]: 'no_close', [second.id]: 'no_leave no_close' } } })
  await admin.create('/api/users', { name: 'Приёмщик', email: 'reception@example.ru', password: 'пароль для тестов', role_id: role.id })
  const api = await server.signIn('reception@example.ru', 'пароль для тестов')
  const one = await dealIn(first), two = await dealIn(second)
  const tried = async (deal, stage) => (await api('PATCH', `/api/deals/${deal.id}`, { stage_id: stage.id })).status
  assert.equal(await tried(one, f.won), 403)
  assert.equal((await api.list(`/api/deals/${one.id}/move`, { stage_id: f.won.id })).allowed, false)
  assert.equal((await api.list(`/api/deals/${one.id}/move`, { stage_id: third.id })).allowed, true)
  assert.equal(await tried(one, third), 200)
  assert.equal(await tried(two, third), 403)
  await seller.patch(`/api/deals/${two.id}`, { stage_id: third.id })
  const bad = await admin('POST', '/api/roles', { name: 'Ошибка', base: 'seller', rights: { stages: { [first.id]: 'no_enter' } } })
  assert.equal(bad.body.code, 'bad_rights', bad.text)
  assert.equal((await admin('POST', '/api/roles', { name: 'Ошибка', base: 'seller', rights: { funnels: { [f.funnel.id]: 'no_leave' } } })).body.code, 'bad_rights')
})

test('a gate asks for what its kind can ask; ticks are of the deal’s own funnel', async () => {
  const f = await funnelOf(admin, { name: 'Условия' }), other = await funnelOf(admin, { name: 'Другие условия' })
  const bad = async (body, code, field) => refused(await admin('POST', '/api/gates', { stage_id: f.stages[0].id, ...body }), code, field)
  await bad({ kind: 'field' }, 'required', 'field')
  await bad({ kind: 'field', field: 'нет_такого' }, 'unknown_field', 'field')
  await bad({ kind: 'field', field: 'title.name' }, 'unknown_field', 'field')
  await bad({ kind: 'field', field: 'owner_id.password_hash' }, 'unknown_field', 'field')
  await bad({ kind: 'check' }, 'required', 'name')
  await bad({ kind: 'check', name: 'Пункт', field: 'title' }, 'gate_bad', 'field')
  await bad({ kind: 'artefact' }, 'required', 'artefact')
  await bad({ kind: 'goal' }, 'required', 'goal_id')
  await bad({ kind: 'coverage' }, 'required', 'least')
  await bad({ kind: 'coverage', least: 101 }, 'gate_bad', 'least')
  const goal = await admin.create('/api/goals', { stage_id: other.stages[0].id, name: 'Чужая' })
  await bad({ kind: 'goal', goal_id: goal.id }, 'goal_of_other_funnel', 'goal_id')
  assert.equal((await seller('POST', '/api/gates', { stage_id: f.stages[0].id, kind: 'check', name: 'Я сам' })).status, 403)
  const own = await gate(f.stages[1], 'check', { name: 'Наш пункт' }), foreign = await gate(other.stages[0], 'check', { name: 'Их пункт' })
  const field = await gate(f.stages[2], 'field', { field: 'value_minor' })
  const deal = await dealIn(f.stages[0], { check_ids: [own.id] })
  for (const id of [foreign.id, field.id]) refused(await seller('PATCH', `/api/deals/${deal.id}`, { check_ids: [own.id, id] }), 'check_of_other_funnel', 'check_ids')
  assert.deepEqual((await seller.patch(`/api/deals/${deal.id}`, { check_ids: [] })).check_ids, [])
})

test('a stage says scripts, links and the next task in a form that can be shown (R344)', async () => {
  const f = await funnelOf(admin, { name: 'Регламент' })
  const at = `/api/stages/${f.stages[0].id}`
  for (const [field, code, values] of [
    ['scripts', 'bad_scripts', [{ title: 'x' }, [{ title: 'x' }], [{ title: '', text: 'y' }], ['x'], [{ title: 'x', text: 'y', z: 1 }]]],
    ['links', 'bad_links', [[{ title: 'x', url: 'javascript:alert(1)' }], [{ title: 'x' }]]],
    ['next_task', 'bad_next_task', [{}, [], { title: 'x', kind: 'dance' }, { title: 'x', due_hours: -1 }, { title: 'x', working: 1 }, { title: 'x', more: 1 }]],
  ])
    for (const value of values) refused(await admin('PATCH', at, { [field]: value }), code, field)
  const good = { scripts: [{ title: 'Возражение', text: 'Ответ' }], links: [{ title: 'Прайс', url: 'https://example.ru/price' }], next_task: { title: 'Позвонить', kind: 'call', due_hours: 4, working: true } }
  const stage = await admin.patch(at, good)
  for (const field of Object.keys(good)) assert.deepEqual(stage[field], good[field])
  await admin.patch(at, { scripts: null, links: null, next_task: null })
})

test('the command line brings tables by the same rules', async () => {
  const f = await funnelOf(admin, { name: 'Из консоли' })
  await gate(f.stages[1], 'field', { field: 'value_minor' })
  const short = await dealIn(f.stages[0]), ready = await dealIn(f.stages[0], { value_minor: 9 }), back = await dealIn(f.stages[0])
  const file = scratchFile('moves.csv'), map = scratchFile('map.json')
  writeFileSync(map, JSON.stringify({ columns, match: ['id'], on_match: 'update' }))
  writeFileSync(file, await tableOf([[short, { stage_id: f.stages[1].id }], [ready, { stage_id: f.stages[1].id }], [back, { stage_id: f.stages[0].id }]]))
  await server.stop()
  const r = await cli(['import', ...server.place, '--table', file, '--object', 'deal', '--map', map, '--json'])
  assert.equal(r.code, 0, r.err)
  const again = await startServer({ place: server.place })
  try {
    const api = await again.admin()
    assert.equal((await api.get(`/api/deals/${short.id}`)).stage_id, f.stages[0].id, r.out)
    assert.equal((await api.get(`/api/deals/${ready.id}`)).stage_id, f.stages[1].id, r.out)
    assert.match(r.out, /gates_unmet/)
  } finally {
    await again.stop()
  }
})
