// Two fields that mean the same become one, everywhere at once (R272): values, saved views, cards, gates, triggers,
// goals, drafts and roles.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { cli, eventually, funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const ended = (id) =>
  eventually(async () => {
    const op = await admin.get(`/api/operations/${id}`)
    return ['done', 'failed'].includes(op.state) && op
  }, `operation ${id}`)
const field = (type, label, more = {}) => admin.create('/api/custom-fields', { object: 'deal', type, label, ...more })
const merge = async (from, into, more = {}) => ended((await admin.must(202)('POST', `/api/custom-fields/${from.id}/merge`, { into: into.id, ...more })).body.id)
const undo = async (op) => ended((await admin.must(202)('POST', `/api/operations/${op.id}/undo`)).body.id)
const deal = (body) => admin.create('/api/deals', { title: 'Поставка', funnel_id: place.funnel.id, ...body })
const value = async (d, f) => (await admin.get(`/api/deals/${d.id}`))[`cf_${f.id}`]
let place
before(async () => (place = await funnelOf(admin)))

test('the values go over; where both say something else, one stays and the report names the other (R272)', async () => {
  const [old, kept] = [await field('text', 'Город клиента'), await field('text', 'Город')]
  const [a, b] = [`cf_${old.id}`, `cf_${kept.id}`]
  const only = await deal({ [a]: 'Казань' }), both = await deal({ [a]: 'Омск', [b]: 'Томск' }), same = await deal({ [a]: 'Уфа', [b]: 'Уфа' })
  const op = await merge(old, kept)
  assert.deepEqual([op.state, op.kind, op.object, op.title], ['done', 'merge', 'custom-field', 'Город клиента → Город'])
  assert.deepEqual(await Promise.all([only, both, same].map((d) => value(d, kept))), ['Казань', 'Томск', 'Уфа'])
  assert.equal(op.outcome.conflicts, 1)
  const { items } = await admin.get(`/api/operations/${op.id}/report`)
  assert.deepEqual(items.map((i) => [i.object_id, i.code, i.value]), [[both.id, 'merge_conflict', 'Омск']])
  assert.match(items[0].detail, /Томск/)
  assert.equal((await admin('GET', `/api/custom-fields/${old.id}`)).status, 404)
  assert.ok(!(a in (await admin.get(`/api/deals/${only.id}`))))

  await undo(op)
  assert.deepEqual([await value(only, old), await value(only, kept), await value(both, old)], ['Казань', null, 'Омск'])
  const again = await merge(old, kept, { keep: 'from' })
  assert.equal(await value(both, kept), 'Омск')
  const told = await admin.get(`/api/operations/${again.id}/report`)
  assert.deepEqual(told.items.map((i) => [i.object_id, i.code, i.value]), [[both.id, 'merge_conflict', 'Томск']])
})

test('lists of values become one list: by name, what is missing is added; sets are joined', async () => {
  const [old, kept] = [await field('one_of', 'Тариф (старый)'), await field('one_of', 'Тариф')]
  const opt = (f, name) => admin.create('/api/field-options', { custom_field_id: f.id, name })
  const [basic, gift, basic2] = [await opt(old, 'базовый'), await opt(old, 'Подарочный'), await opt(kept, 'Базовый')]
  const x = await deal({ [`cf_${old.id}`]: basic.id }), y = await deal({ [`cf_${old.id}`]: gift.id })
  const view = await admin.create('/api/views', {
    object: 'deal', name: 'Базовые', sharing: 'mine',
    query: { filter: `cf_${old.id} in (${basic.id}, ${gift.id}) and value_minor > ${basic.id}` },
  })
  const op = await merge(old, kept)
  assert.equal(op.state, 'done', JSON.stringify(op))
  const options = (await admin.list('/api/field-options', { filter: `custom_field_id = ${kept.id}`, sort: 'id' })).items
  assert.deepEqual(options.map((o) => o.name), ['Базовый', 'Подарочный'])
  assert.deepEqual([await value(x, kept), await value(y, kept)], [basic2.id, options[1].id])
  assert.equal((await admin.get(`/api/views/${view.id}`)).query.filter, `cf_${kept.id} in (${basic2.id}, ${options[1].id}) and value_minor > ${basic.id}`)
  await undo(op)
  assert.deepEqual([await value(x, old), await value(x, kept)], [basic.id, null])

  const [topics, themes] = [await field('several_of', 'Темы'), await field('several_of', 'Тема')]
  const [law, law2, tax] = [await opt(topics, 'Право'), await opt(themes, 'право'), await opt(themes, 'Налоги')]
  const z = await deal({ [`cf_${topics.id}`]: [law.id], [`cf_${themes.id}`]: [tax.id] })
  const joined = await merge(topics, themes)
  assert.deepEqual([joined.outcome.conflicts, (await value(z, themes)).sort()], [0, [law2.id, tax.id].sort()])
})

test('more values than a field takes: what it has stays, as many of the others come as fit, and the report names those left behind', async () => {
  const [old, kept] = [await field('several_of', 'Интересы раньше'), await field('several_of', 'Интересы')]
  const options = async (f, name, n) => {
    const ids = []
    for (let i = 0; i < n; i++) ids.push((await admin.create('/api/field-options', { custom_field_id: f.id, name: `${name} ${i}` })).id)
    return ids
  }
  const [a, b] = [await options(old, 'Старое', 60), await options(kept, 'Новое', 60)]
  const d = await deal({ [`cf_${old.id}`]: a, [`cf_${kept.id}`]: b })
  const op = await merge(old, kept)
  assert.deepEqual([op.state, op.failed_count, op.outcome.conflicts], ['done', 0, 1], JSON.stringify(op))
  const now = await value(d, kept)
  assert.equal(now.length, 100)
  assert.ok(b.every((id) => now.includes(id)), 'what it had is all there')
  const { items } = await admin.get(`/api/operations/${op.id}/report`)
  assert.deepEqual(items.map((i) => [i.object_id, i.code]), [[d.id, 'merge_conflict']])
  assert.equal(items[0].value.split(', ').length, 20)
  assert.match(items[0].value, /Старое \d+/)
  await undo(op)
  assert.deepEqual([await value(d, old), await value(d, kept)], [a, b])
})

test('views, cards, gates, triggers, goals, drafts and roles that named the one name the other, and an undo brings all back', async () => {
  const [old, kept] = [await field('date', 'Дата договора'), await field('date', 'Дата подписания')]
  const [a, b] = [`cf_${old.id}`, `cf_${kept.id}`]
  const stage = place.stages[1]
  const view = await admin.create('/api/views', {
    object: 'deal', name: 'С договором', sharing: 'mine',
    query: { filter: `not ${a} is null and title ~ "${a}"`, sort: `-${a},title`, columns: ['title', a, b], group: a, sum: [] },
  })
  const contacts = await admin.create('/api/views', { object: 'task', name: 'Задачи', sharing: 'mine', query: { filter: `deal_id.${a} > today` } })
  const layout = await admin.create('/api/layouts', { object: 'deal', groups: [{ title: 'Главное', fields: ['title', a] }, { title: 'Прочее', fields: [b, 'value_minor'] }] })
  const gate = await admin.create('/api/gates', { stage_id: stage.id, kind: 'field', field: a })
  const held = await admin.create('/api/triggers', {
    name: 'Договор держится', event: { on: 'timer', date: a, hours: -48 }, condition: `${a} > today and value_minor > 1`,
    actions: [{ do: 'set', of: 'deal', field: a, value: null }],
  })
  const heard = await admin.create('/api/triggers', { name: 'Дата вписана', event: { on: 'updated', object: 'deal', field: a }, actions: [{ do: 'note', text: 'Есть дата' }], enabled: true })
  const goal = await admin.create('/api/goals', { stage_id: stage.id, name: 'Договор подписан', actions: [{ do: 'set', of: 'deal', field: a, value: { days: 0 } }] })
  const definition = await admin.get(`/api/funnels/${place.funnel.id}/definition`)
  const draft = await admin.create('/api/funnel-drafts', { funnel_id: place.funnel.id, name: 'Новая', definition })
  const role = await admin.create('/api/roles', { name: 'Без дат', base: 'seller', rights: { fields: { [`deal.${a}`]: 'hidden' } } })
  const d = await deal({ [a]: '2031-05-06' })

  const op = await merge(old, kept)
  assert.equal(op.state, 'done', JSON.stringify(op))
  const q = (await admin.get(`/api/views/${view.id}`)).query
  assert.deepEqual(q, { filter: `not ${b} is null and title ~ "${a}"`, sort: `-${b},title`, columns: ['title', b], group: b, sum: [] })
  assert.equal((await admin.get(`/api/views/${contacts.id}`)).query.filter, `deal_id.${b} > today`)
  assert.deepEqual((await admin.get(`/api/layouts/${layout.id}`)).groups.map((g) => g.fields), [['title'], [b, 'value_minor']])
  assert.equal((await admin.get(`/api/gates/${gate.id}`)).field, b)
  const t = await admin.get(`/api/triggers/${held.id}`)
  assert.deepEqual([t.event.date, t.condition, t.actions[0].field], [b, `${b} > today and value_minor > 1`, b])
  assert.equal((await admin.get(`/api/triggers/${heard.id}`)).event.field, b)
  assert.equal((await admin.get(`/api/goals/${goal.id}`)).actions[0].field, b)
  assert.equal((await admin.get(`/api/funnel-drafts/${draft.id}`)).definition.stages.find((s) => s.id === stage.id).gates[0].field, b)
  assert.deepEqual((await admin.get(`/api/roles/${role.id}`)).rights.fields, { [`deal.${b}`]: 'hidden' }, 'whom the one was hidden from does not see it in the other')
  assert.equal((await admin.list(`/api/deals/${d.id}/runs`)).items.length, 0, 'nobody has written a date: no trigger hears of it')
  assert.equal((await admin('POST', '/api/deals', { title: 'Без даты', funnel_id: place.funnel.id, stage_id: stage.id })).body.missing[0].field, b)

  await undo(op)
  assert.equal((await admin.get(`/api/gates/${gate.id}`)).field, a)
  assert.deepEqual((await admin.get(`/api/layouts/${layout.id}`)).groups.map((g) => g.fields), [['title', a], [b, 'value_minor']])
  assert.equal((await admin.get(`/api/triggers/${held.id}`)).condition, `${a} > today and value_minor > 1`)
  assert.deepEqual((await admin.get(`/api/roles/${role.id}`)).rights.fields, { [`deal.${a}`]: 'hidden' })
  assert.deepEqual([await value(d, old), await value(d, kept)], ['2031-05-06', null])
})

test('only fields of one object and one type, and not with itself', async () => {
  const [text, number] = [await field('text', 'Слова'), await field('number', 'Число')]
  const other = await admin.create('/api/custom-fields', { object: 'contact', type: 'text', label: 'Слова' })
  for (const [into, code] of [[number.id, 'merge_other_type'], [other.id, 'merge_other_type'], [text.id, 'merge_other_type'], [999_999, 'ref_not_found']])
    assert.equal((await admin('POST', `/api/custom-fields/${text.id}/merge`, { into })).body.code, code)
  assert.equal((await admin('POST', `/api/custom-fields/${text.id}/merge`, { into: text.id, keep: 'both' })).status, 400)
  const tags = await Promise.all(['один', 'два'].map((name) => admin.create('/api/tags', { name })))
  assert.equal((await admin('POST', `/api/tags/${tags[0].id}/merge`, { into: tags[1].id, keep: 'from' })).status, 400)
})

test('journal and rows agree in the end', async () => {
  const { code, out } = await cli(['check', ...server.place])
  assert.equal(code, 0, out)
})
