// A field of one's own wherever a built-in one may stand: groups, export, import, rights, bulk edits.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, funnelOf, peopleOf, scratchFile, serve } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-everywhere')] })
const { admin, seller } = await peopleOf(server)
const { funnel } = await funnelOf(admin)
const field = (type, label, object = 'deal') => admin.create('/api/custom-fields', { object, type, label })
const option = (f, name) => admin.create('/api/field-options', { custom_field_id: f.id, name })
const of = (f) => `cf_${f.id}`

const plan = await field('one_of', 'Тариф'), topics = await field('several_of', 'Темы'), area = await field('number', 'Площадь'), paid = await field('money', 'Оплачено'), since = await field('date', 'Договор от'), vip = await field('bool', 'Важный')
const [base, full] = [await option(plan, 'Базовый'), await option(plan, 'Полный')]
const [law, tax] = [await option(topics, 'Право'), await option(topics, 'Налоги')]
const deals = []
for (const [i, values] of [
  { [of(plan)]: base.id, [of(topics)]: [law.id], [of(area)]: 10.5, [of(paid)]: 10050, [of(since)]: '2026-01-15', [of(vip)]: true },
  { [of(plan)]: base.id, [of(topics)]: [law.id, tax.id], [of(area)]: 4.5, [of(paid)]: 100 },
  { [of(plan)]: full.id },
  {},
].entries())
  deals.push(await admin.create('/api/deals', { title: `Сделка ${i + 1}`, funnel_id: funnel.id, ...values }))

const fetched = async (api, path) => Buffer.from(await (await fetch(server.url + path, { headers: { cookie: api.session.cookie } })).arrayBuffer())
const ended = async (api, op) => {
  for (let i = 0; i < 1600; i++) {
    const now = await api.get(`/api/operations/${op.id}`)
    if (!['waiting', 'running'].includes(now.state)) return now
    await new Promise((done) => setTimeout(done, 25))
  }
  assert.fail('the operation does not end')
}

test('groups count and sum by it', async () => {
  const { groups } = await admin.list('/api/deals/groups', { by: of(plan), sum: of(paid) })
  const by = new Map(groups.map((g) => [g.value, [g.count, g.sums[of(paid)]]]))
  assert.deepEqual([by.get(base.id), by.get(full.id), by.get(null)], [[2, 10150], [1, 0], [1, 0]])
})

test('an export names it by its label and its values by their names', async () => {
  const names = [plan, topics, area, paid, since, vip].map(of).join(',')
  const lines = (await fetched(admin, `/api/deals/export?fields=title,${names}&sort=id`)).toString('utf8').replace(/^\ufeff/, '').trim().split('\r\n')
  assert.equal(lines[0], 'Название;Тариф;Темы;Площадь;Оплачено;Договор от;Важный')
  assert.match(lines[1], /^Сделка 1;Базовый;Право;10,5;100,50;2026-01-15;/)
  assert.match(lines[2], /^Сделка 2;Базовый;"Право; Налоги";4,5;1,00;;/)
  assert.equal(lines[4], 'Сделка 4;;;;;;')
  assert.ok((await fetched(admin, `/api/deals/export?format=xlsx&fields=${names}`)).subarray(0, 2).equals(Buffer.from('PK')))
})

test('an import takes it by its label, its values by their names, and is taken back', async () => {
  const own = await field('text', 'Холдинг', 'contact'), level = await field('one_of', 'Уровень', 'contact'), met = await field('date', 'Познакомились', 'contact')
  const gold = await option(level, 'Золотой')
  const text = 'Имя,Холдинг,Уровень,Познакомились\nАнна,Север,Золотой,31.12.2025\nБорис,,,\n'
  const up = await admin('POST', '/api/uploads?name=a.csv', undefined, { raw: text, headers: { 'content-type': 'application/octet-stream' } })
  const p = (await admin.must(200)('POST', '/api/imports/preview', { upload_id: up.body.upload_id, object: 'contact' })).body
  const columns = p.columns.flatMap((c, column) => (c.guess ? [{ column, object: c.guess.object, field: c.guess.field }] : []))
  assert.deepEqual(columns.map((c) => c.field), ['name', of(own), of(level), of(met)])
  const op = await ended(admin, (await admin.must(202)('POST', '/api/imports', { upload_id: up.body.upload_id, object: 'contact', columns, match: [] })).body)
  assert.equal(op.state, 'done', JSON.stringify(op))
  const [anna] = (await admin.list('/api/contacts', { filter: `${of(own)} = "Север"` })).items
  assert.deepEqual([anna.name, anna[of(level)], anna[of(met)]], ['Анна', gold.id, '2025-12-31'])
  const undo = await ended(admin, (await admin.must(202)('POST', `/api/operations/${op.id}/undo`)).body)
  assert.equal(undo.state, 'done')
  assert.equal((await admin.list('/api/contacts', { count: 1 })).count, 0)
})

test('many records get it at once', async () => {
  const op = await ended(admin, (await admin.must(202)('POST', '/api/deals/bulk', { filter: `${of(plan)} is null`, set: { [of(plan)]: full.id }, add: { [of(topics)]: [tax.id] } })).body)
  assert.equal(op.state, 'done', JSON.stringify(op))
  const deal = await admin.get(`/api/deals/${deals[3].id}`)
  assert.deepEqual([deal[of(plan)], deal[of(topics)]], [full.id, [tax.id]])
  await ended(admin, (await admin.must(202)('POST', `/api/operations/${op.id}/undo`)).body)
  assert.equal((await admin.get(`/api/deals/${deals[3].id}`))[of(plan)], null)
})

test('who may not see it sees it nowhere, who may only read it does not change it', async () => {
  const role = await admin.create('/api/roles', { name: 'Без денег', base: 'seller', rights: { fields: { [`deal.${of(paid)}`]: 'hidden', [`deal.${of(area)}`]: 'read_only' } } })
  await admin.patch(`/api/users/${seller.session.user?.id ?? (await seller.get('/api/session')).user.id}`, { role_id: role.id })
  const deal = await seller.get(`/api/deals/${deals[0].id}`)
  assert.ok(!(of(paid) in deal))
  assert.equal(deal[of(area)], 10.5)
  for (const path of [`/api/deals?filter=${of(paid)}%20%3E%201`, `/api/deals?sort=${of(paid)}`, `/api/deals?sum=${of(paid)}`, `/api/deals?fields=${of(paid)}`, `/api/deals/groups?by=${of(paid)}`]) assert.equal((await seller('GET', path)).status, 400, path)
  const schema = (await seller.get('/api/schema')).objects.find((o) => o.object === 'deal').fields
  assert.ok(!schema.some((f) => f.name === of(paid)))
  assert.equal(schema.find((f) => f.name === of(area)).read_only, true)
  assert.ok(!(of(paid) in (await seller.get('/api/openapi.json')).components.schemas.deal.properties))
  const events = (await seller.get(`/api/deals/${deals[0].id}/timeline`)).items
  assert.ok(!JSON.stringify(events).includes(of(paid)))
  assert.equal((await seller('PATCH', `/api/deals/${deals[0].id}`, { [of(area)]: 1 })).status, 403)
  assert.ok([400, 403, 422].includes((await seller('PATCH', `/api/deals/${deals[0].id}`, { [of(paid)]: 1 })).status))
  // deleted and brought back, it is as hidden as before
  const gone = await admin.del(`/api/custom-fields/${paid.id}`)
  await seller.get(`/api/deals/${deals[0].id}`)
  await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
  assert.ok(!(of(paid) in (await seller.get(`/api/deals/${deals[0].id}`))))
  assert.ok(of(paid) in (await admin.get(`/api/deals/${deals[0].id}`)))
})

test('journal and rows agree in the end', async () => {
  const { code, out } = await cli(['check', ...server.place])
  assert.equal(code, 0, out)
})
