// The company's own fields: described by the schema, kept in columns of their own, used as any built-in field (R075, R238, R285).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cli, emptyPlace, onPostgres, root, scratchFile, serve, startServer } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const labels = Object.fromEntries(['ru', 'en'].map((l) => [l, JSON.parse(readFileSync(join(root, 'i18n', `${l}.json`), 'utf8'))]))
const object = async (api, name) => (await api.get('/api/schema')).objects.find((o) => o.object === name)

describe('the schema', () => {
  test('names every field of every object in both languages', async () => {
    const { objects } = await admin.get('/api/schema')
    assert.ok(objects.length > 20)
    for (const o of objects) {
      for (const l of ['ru', 'en']) assert.ok(labels[l][`object.${o.object}`], `object.${o.object} ${l}`)
      for (const f of o.fields.filter((f) => !f.custom)) {
        const own = `field.${['id', 'created_at', 'updated_at'].includes(f.name) ? 'common' : o.object}.${f.name}`
        for (const key of [own, ...(f.names ?? []).map((n) => `${own}:${n}`)]) for (const l of ['ru', 'en']) assert.ok(labels[l][key], `${key} ${l}`)
        assert.equal(f.label, labels.ru[own])
      }
    }
  })
  test('tells what may be done with a field', async () => {
    const deal = await object(admin, 'deal')
    const by = Object.fromEntries(deal.fields.map((f) => [f.name, f]))
    assert.equal(deal.plural, 'deals')
    assert.deepEqual(deal.may, { see: 'all', create: 'all', edit: 'all', delete: 'all', export: 'all' })
    assert.equal(by.title.required, true)
    assert.equal(by.value_minor.sum, true)
    assert.equal(by.tag_ids.ref, 'tag')
    assert.equal(by.tag_ids.sort, false)
    assert.equal(by.status.read_only, true)
    assert.deepEqual(by.status.options.map((o) => o.id), ['open', 'won', 'lost'])
    const user = await object(admin, 'user')
    assert.ok(!user.fields.some((f) => f.name === 'password_hash'))
  })
})

const field = (type, label, more = {}) => admin.create('/api/custom-fields', { object: 'deal', type, label, ...more })
const option = (f, name, more = {}) => admin.create('/api/field-options', { custom_field_id: f.id, name, ...more })
const ids = async (filter, sort = 'id') => (await admin.list('/api/deals', { filter, sort })).items.map((d) => d.title)

describe('a field of one\'s own is like a built-in one', async () => {
  const by = {}
  let lists
  test('of every type, written and read', async () => {
    for (const type of ['text', 'long', 'number', 'money', 'date', 'time', 'bool', 'one_of', 'several_of', 'url', 'phone', 'email', 'user'])
      by[type] = `cf_${(await field(type, `Поле ${type}`)).id}`
    const of = (type) => ({ id: Number(by[type].slice(3)) })
    lists = {
      basic: await option(of('one_of'), 'Базовый', { colour: '#00ff00' }),
      full: await option(of('one_of'), 'Полный'),
      sales: await option(of('several_of'), 'Продажи'),
      law: await option(of('several_of'), 'Право'),
    }
    const values = (n, more) => ({
      title: `Сделка ${n}`, [by.text]: `Ёлка ${n}`, [by.long]: 'первая\nвторая', [by.number]: n / 2, [by.money]: n * 100, [by.date]: `2026-0${n}-10`,
      [by.time]: 1_700_000_000_000 + n, [by.bool]: n === 1, [by.one_of]: lists.basic.id, [by.several_of]: [lists.sales.id], [by.url]: 'https://example.com/',
      [by.phone]: '+7 916 123-45-67', [by.email]: 'a@example.com', [by.user]: 1, ...more,
    })
    const preset = (await admin.get('/api/presets')).items[0].name
    await admin.must(201)('POST', `/api/presets/${preset}`)
    const funnel_id = (await admin.get('/api/funnels')).items[0].id
    const made = await admin.create('/api/deals', values(1, { funnel_id }))
    assert.equal(made[by.text], 'Ёлка 1')
    assert.equal(made[by.phone], '+79161234567')
    assert.deepEqual(made[by.several_of], [lists.sales.id])
    assert.deepEqual(await admin.get(`/api/deals/${made.id}`), made)
    await admin.create('/api/deals', values(2, { funnel_id, [by.one_of]: lists.full.id, [by.several_of]: [lists.sales.id, lists.law.id] }))
    await admin.create('/api/deals', { title: 'Пустая', funnel_id })
  })
  test('filters lists', async () => {
    for (const [filter, want] of [
      [`${by.text} ~ "елка"`, ['Сделка 1', 'Сделка 2']],
      [`${by.text} = "Ёлка 2"`, ['Сделка 2']],
      [`${by.long} ~ "ВТОРАЯ"`, ['Сделка 1', 'Сделка 2']],
      [`${by.number} > 0.5`, ['Сделка 2']],
      [`${by.money} >= 100 and not ${by.money} = 200`, ['Сделка 1']],
      [`${by.date} < "2026-02-01"`, ['Сделка 1']],
      [`${by.time} is null`, ['Пустая']],
      [`${by.bool} = true`, ['Сделка 1']],
      [`${by.one_of} = ${lists.full.id}`, ['Сделка 2']],
      [`${by.one_of}.name ~ "базов"`, ['Сделка 1']],
      [`${by.several_of} has ${lists.law.id}`, ['Сделка 2']],
      [`not ${by.several_of} has ${lists.law.id}`, ['Сделка 1', 'Пустая']],
      [`${by.user} = me`, ['Сделка 1', 'Сделка 2']],
    ])
      assert.deepEqual(await ids(filter), want, filter)
  })
  test('sorts, sums and shows chosen columns', async () => {
    assert.deepEqual(await ids('', `-${by.number}`), ['Сделка 2', 'Сделка 1', 'Пустая'])
    assert.deepEqual(await ids('', by.text), ['Сделка 1', 'Сделка 2', 'Пустая'])
    const list = await admin.list('/api/deals', { sum: `${by.money},${by.number}`, fields: `id,${by.date}`, sort: by.date })
    assert.deepEqual(list.sums, { [by.money]: 300, [by.number]: 1.5 })
    assert.deepEqual(Object.keys(list.items[0]), ['id', by.date])
  })
  test('has a history and is taken back', async () => {
    const [deal] = (await admin.list('/api/deals', { filter: 'title = "Сделка 1"' })).items
    const changed = await admin.must(200)('PATCH', `/api/deals/${deal.id}`, { [by.number]: 99, [by.several_of]: [lists.law.id] })
    const [event] = (await admin.get(`/api/deals/${deal.id}/timeline`)).items
    assert.deepEqual(event.set, { [by.number]: [0.5, 99], [by.several_of]: [[lists.sales.id], [lists.law.id]] })
    await admin.must(200)('POST', '/api/undo', { change_id: Number(changed.headers.get('voronka-change')) })
    const back = await admin.get(`/api/deals/${deal.id}`)
    assert.equal(back[by.number], 0.5)
    assert.deepEqual(back[by.several_of], [lists.sales.id])
  })
  test('is described by the schema and by OpenAPI, to who is signed in', async () => {
    const deal = await object(admin, 'deal')
    const f = deal.fields.find((f) => f.name === by.one_of)
    assert.equal(f.custom, true)
    assert.equal(f.custom_type, 'one_of')
    assert.equal(f.label, 'Поле one_of')
    assert.deepEqual(f.options.map((o) => [o.name, o.colour]), [['Базовый', '#00ff00'], ['Полный', null]])
    const properties = async (api) => (await api.get('/api/openapi.json')).components.schemas.deal.properties
    assert.deepEqual((await properties(admin))[by.money].type, ['integer', 'null'])
    assert.ok(!(by.money in (await properties(server.anon))))
  })
  test('is renamed by its label alone, and gone when deleted, until that is taken back', async () => {
    const id = Number(by.text.slice(3))
    await admin.patch(`/api/custom-fields/${id}`, { label: 'Новое имя' })
    assert.equal((await object(admin, 'deal')).fields.find((f) => f.name === by.text).label, 'Новое имя')
    const gone = await admin.del(`/api/custom-fields/${id}`)
    assert.ok(!(await object(admin, 'deal')).fields.some((f) => f.name === by.text))
    assert.ok(!(by.text in (await admin.list('/api/deals')).items[0]))
    for (const path of [`/api/deals?filter=${by.text}%20is%20null`, `/api/deals?sort=${by.text}`, `/api/deals?fields=${by.text}`]) assert.equal((await admin('GET', path)).status, 400, path)
    await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
    assert.deepEqual(await ids(`${by.text} ~ "елка"`), ['Сделка 1', 'Сделка 2'])
  })
})

describe('what is refused', () => {
  test('a label that is taken, a field of no object, a change of type', async () => {
    const f = await field('text', '<script>alert(1)</script>"; DROP TABLE deal; --')
    assert.equal(f.label, '<script>alert(1)</script>"; DROP TABLE deal; --')
    for (const [body, code] of [
      [{ object: 'deal', type: 'text', label: f.label }, 'taken_name'],
      [{ object: 'invoice', type: 'text', label: 'А' }, 'unknown_value'],
      [{ object: 'deal', type: 'sql', label: 'А' }, 'unknown_value'],
      [{ object: 'deal', type: 'text' }, 'required'],
    ])
      assert.equal((await admin('POST', '/api/custom-fields', body)).body.code, code)
    assert.equal((await admin('PATCH', `/api/custom-fields/${f.id}`, { type: 'date' })).body.code, 'read_only_field')
    await admin.del(`/api/custom-fields/${f.id}`)
  })
  test('a field that a person must fill in is asked for', async () => {
    const f = await admin.create('/api/custom-fields', { object: 'company', type: 'text', label: 'Холдинг', required: true })
    const r = await admin('POST', '/api/companies', { name: 'Ромашка' })
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'required', `cf_${f.id}`])
    await admin.create('/api/companies', { name: 'Ромашка', [`cf_${f.id}`]: 'Север' })
  })
})

test('another server on the same database knows a new field at once', { skip: !onPostgres }, async () => {
  const other = await startServer({ place: server.place })
  const there = await other.admin()
  const f = await field('number', 'Площадь')
  const name = `cf_${f.id}`
  let deal
  for (let i = 0; i < 750 && !deal; i++) {
    const r = await there('POST', '/api/deals', { title: 'Склад', [name]: 120.5 })
    if (r.status === 201) deal = r.body
    else await new Promise((done) => setTimeout(done, 20))
  }
  assert.equal(deal[name], 120.5)
  assert.equal((await admin.get(`/api/deals/${deal.id}`))[name], 120.5)
  await other.stop()
})

const ended = async (id) => {
  for (let i = 0; i < 1200; i++) {
    const op = await admin.get(`/api/operations/${id}`)
    if (!['waiting', 'running'].includes(op.state)) return op
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error('the operation does not end')
}

describe('where a field is used', () => {
  test('is told before it is deleted', async () => {
    const f = await field('number', 'Срок, дней')
    const name = `cf_${f.id}`
    const [deal] = (await admin.list('/api/deals', { limit: 1 })).items
    await admin.patch(`/api/deals/${deal.id}`, { [name]: 14 })
    const view = await admin.create('/api/views', { object: 'deals', name: 'Долгие', sharing: 'everyone', query: { filter: `${name} > 10` } })
    await admin.create('/api/views', { object: 'deals', name: 'Похожее имя', sharing: 'everyone', query: { filter: 'id > 0', columns: [`${name}1`] } })
    const layout = await admin.create('/api/layouts', { object: 'deal', groups: [{ title: 'Главное', fields: [name] }] })
    const role = await admin.create('/api/roles', { name: 'Без срока', base: 'seller', rights: { fields: { [`deal.${name}`]: 'hidden' } } })
    const usage = await admin.get(`/api/custom-fields/${f.id}/usage`)
    assert.equal(usage.filled, 1)
    assert.equal(usage.records, (await admin.list('/api/deals', { count: 1 })).count)
    assert.deepEqual(usage.views, [{ id: view.id, name: 'Долгие' }])
    assert.deepEqual(usage.layouts, [{ id: layout.id, name: null }])
    assert.deepEqual(usage.roles, [{ id: role.id, name: 'Без срока' }])
  })
})

describe('two values of a list become one', () => {
  test('in every record at once, and apart again by one undo', async () => {
    const f = await field('several_of', 'Темы'), one = await field('one_of', 'Тема')
    const [a, b] = [await option(f, 'Право'), await option(f, 'Юриспруденция')]
    const [c, d] = [await option(one, 'Да'), await option(one, 'Ага')]
    const { items } = await admin.list('/api/deals', { limit: 3, sort: 'id' })
    const set = (deal, v) => admin.patch(`/api/deals/${deal.id}`, { [`cf_${f.id}`]: v, [`cf_${one.id}`]: d.id })
    await set(items[0], [a.id])
    await set(items[1], [a.id, b.id])
    await set(items[2], [b.id])
    const topics = async () => Promise.all(items.map(async (i) => (await admin.get(`/api/deals/${i.id}`))[`cf_${f.id}`]))
    const r = await admin.must(202)('POST', `/api/field-options/${b.id}/merge`, { into: a.id })
    assert.deepEqual([r.body.kind, r.body.object], ['merge', 'field-option'])
    const op = await ended(r.body.id)
    assert.equal(op.state, 'done', JSON.stringify(op))
    assert.deepEqual(await topics(), [[a.id], [a.id], [a.id]])
    assert.equal((await admin('GET', `/api/field-options/${b.id}`)).status, 404)
    const undo = await admin.must(202)('POST', `/api/operations/${op.id}/undo`)
    assert.equal((await ended(undo.body.id)).state, 'done')
    assert.deepEqual(await topics(), [[a.id], [a.id, b.id], [b.id]])
    assert.equal((await admin.get(`/api/field-options/${b.id}`)).name, 'Юриспруденция')
    for (const [id, into, code] of [
      [a.id, c.id, 'merge_other_list'],
      [a.id, a.id, 'merge_other_list'],
      [a.id, 999_999, 'ref_not_found'],
    ])
      assert.equal((await admin('POST', `/api/field-options/${id}/merge`, { into })).body.code, code)
  })
  test('tags of deals, contacts and companies', async () => {
    const [x, y] = [await admin.create('/api/tags', { name: 'важный' }), await admin.create('/api/tags', { name: 'важные' })]
    const contact = await admin.create('/api/contacts', { name: 'Анна', tag_ids: [y.id] })
    const filter = (id) => `id > ${id} and (tag_ids has ${id} or not tag_ids in (5000, ${id})) and title ~ "${id}"`
    const view = await admin.create('/api/views', { object: 'deal', name: 'Важные', sharing: 'mine', query: { filter: filter(y.id), mode: 'list' } })
    const op = await ended((await admin.must(202)('POST', `/api/tags/${y.id}/merge`, { into: x.id })).body.id)
    assert.equal(op.state, 'done')
    const said = (await admin.get(`/api/views/${view.id}`)).query
    assert.deepEqual(said, { filter: `id > ${y.id} and (tag_ids has ${x.id} or not tag_ids in (5000, ${x.id})) and title ~ "${y.id}"`, mode: 'list' })
    assert.deepEqual((await admin.get(`/api/contacts/${contact.id}`)).tag_ids, [x.id])
    assert.equal((await admin('POST', `/api/tags/${y.id}/merge`, { into: x.id })).status, 404)
  })
})

test('journal and rows agree in the end', async () => {
  const { code, out } = await cli(['check', ...server.place])
  assert.equal(code, 0, out)
})

test('a backup brings the fields and their values back, on a fresh place', async () => {
  const file = scratchFile('fields.backup')
  assert.equal((await cli(['backup', ...server.place, '--file', file])).code, 0)
  const place = emptyPlace()
  const restored = await cli(['restore', ...place, '--file', file])
  assert.equal(restored.code, 0, restored.err)
  const checked = await cli(['check', ...place])
  assert.equal(checked.code, 0, checked.out)
  const other = await startServer({ place })
  const there = await other.admin()
  const all = { sort: 'id', limit: 100 }
  assert.deepEqual((await there.list('/api/deals', all)).items, (await admin.list('/api/deals', all)).items)
  assert.deepEqual((await object(there, 'deal')).fields, (await object(admin, 'deal')).fields)
  const next = await there.create('/api/custom-fields', { object: 'deal', type: 'several_of', label: 'После восстановления' })
  assert.ok((await there.get('/api/deals/1'))[`cf_${next.id}`])
  await other.stop()
})
