// People and firms that are there twice: noticed while one types, found over the whole base, made one, taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const { funnel } = await funnelOf(admin)
const ids = (items) => items.map((x) => x.id).sort((a, b) => a - b)
const healthy = async () => {
  const r = await cli(['check', ...server.place])
  assert.equal(r.code, 0, r.out + r.err)
}

test('a double is noticed while it is being entered (R261)', async () => {
  const firm = await admin.create('/api/companies', { name: 'ООО «Ромашка»', inn: '7707083893', kpp: '773601001', phone: '+7 495 700-00-01' })
  const anna = await admin.create('/api/contacts', { name: 'Анна Ёлкина', phone: '8 (912) 345-67-89', email: 'Anna@Example.ru', company_id: firm.id })
  await admin.create('/api/contact-points', { contact_id: anna.id, kind: 'phone', value: '8 903 111-22-33' })
  const like = async (params, noun = 'contacts') => (await admin.list(`/api/${noun}/duplicates-of`, params)).items
  assert.deepEqual((await like({ phone: '+7 912 345 67 89' })).map((x) => [x.id, x.why, x.name]), [[anna.id, ['phone'], 'Анна Ёлкина']])
  assert.deepEqual((await like({ phone: '9031112233' })).map((x) => x.why), [['phone']], 'a further phone counts')
  assert.deepEqual((await like({ phone: '89123456789', email: 'ANNA@example.ru', name: 'анна  елкина' })).map((x) => x.why), [['phone', 'email', 'name']])
  assert.equal((await like({ name: 'Анна Елкина', company_id: firm.id + 1000 })).length, 0, 'the same name in another company')
  assert.equal((await like({ phone: '+7 912 345 67 89', but: anna.id })).length, 0, 'not of itself')
  assert.equal((await like({ phone: '112' })).length, 0)
  assert.equal((await like({})).length, 0)
  assert.deepEqual(ids(await like({ inn: '7707083893' }, 'companies')), [firm.id])
  assert.deepEqual(ids(await like({ inn: '7707083893', kpp: '773601001' }, 'companies')), [firm.id])
  assert.equal((await like({ inn: '7707083893', kpp: '540601001' }, 'companies')).length, 0, 'another office of the firm')
  assert.equal((await like({ name: 'ооо «ромашка»', inn: '7736050003' }, 'companies')).length, 0, 'another firm of that name')
})

test('the whole base is gone through page by page', async () => {
  const make = (body) => admin.create('/api/contacts', body)
  const twins = [await make({ name: 'Иван', phone: '8 901 000-00-01', email: 'ivan@example.ru' }), await make({ name: 'Ваня', phone: '+79010000001', email: 'IVAN@example.ru' })]
  const byPoint = [await make({ name: 'Олег', email: 'oleg@example.ru' }), await make({ name: 'Олег Ильич' })]
  await admin.create('/api/contact-points', { contact_id: byPoint[1].id, kind: 'email', value: 'Oleg@example.ru' })
  const namesakes = [await make({ name: 'Пётр Петров' }), await make({ name: 'Петр  Петров' }), await make({ name: 'Пётр' }), await make({ name: 'Пётр' })]
  const groups = []
  let cursor
  for (let pages = 0; pages < 20 && cursor !== null; pages++) {
    const page = await admin.list('/api/contacts/duplicates', { limit: 1, ...(cursor && { cursor }) })
    groups.push(...page.items)
    cursor = page.next_cursor
  }
  assert.deepEqual(
    groups.map((g) => [g.why, g.ids]),
    [
      [['phone', 'email'], ids(twins)],
      [['email'], ids(byPoint)],
      [['name'], ids(namesakes.slice(0, 2))],
    ],
    'two people called only Пётр are no doubles',
  )
  assert.deepEqual(groups[0].records.map((r) => r.name), ['Иван', 'Ваня'])
  assert.equal((await admin('GET', '/api/contacts/duplicates?cursor=nonsense')).body.code, 'bad_cursor')
  const offices = []
  for (const kpp of ['773601001', '540601001', null]) offices.push(await admin.create('/api/companies', { name: `Газпром ${kpp}`, inn: '7736050003', kpp }))
  assert.equal((await admin.list('/api/companies/duplicates')).items.filter((g) => g.why.includes('inn')).length, 0, 'offices are apart')
  const again = await admin.create('/api/companies', { name: 'Газпром ещё', inn: '7736050003', kpp: '540601001' })
  assert.deepEqual((await admin.list('/api/companies/duplicates')).items.map((g) => g.ids), [[offices[1].id, again.id]])
})

test('two records become one with everything that hangs on them, and apart again', async () => {
  const tag = async (name) => (await admin.create('/api/tags', { name })).id
  const [hot, old] = [await tag('горячий'), await tag('давний')]
  const firm = await admin.create('/api/companies', { name: 'Вектор' })
  const stays = await admin.create('/api/contacts', { name: 'Сергей Волков', phone: '8 902 000-00-01', comment: 'звонить утром', tag_ids: [hot] })
  const goes = await admin.create('/api/contacts', { name: 'Волков С.', phone: '8 902 000-00-02', email: 'volkov@example.ru', position: 'директор', company_id: firm.id, comment: 'любит чай', tag_ids: [hot, old], consent: 'withdrawn' })
  const deal = await admin.create('/api/deals', { title: 'Поставка', funnel_id: funnel.id, contact_id: goes.id, contact_ids: [goes.id, stays.id] })
  const task = await admin.create('/api/tasks', { title: 'Позвонить', contact_id: goes.id })
  const note = await admin.create('/api/notes', { text: 'Просил скидку', contact_id: goes.id })
  const point = await admin.create('/api/contact-points', { contact_id: goes.id, kind: 'messenger', value: '@volkov' })
  await admin.create('/api/contact-points', { contact_id: goes.id, kind: 'phone', value: '+79020000001' })
  const path = `/api/contacts/${stays.id}/merge`
  const before = { stays: await admin.get(`/api/contacts/${stays.id}`), goes: await admin.get(`/api/contacts/${goes.id}`), deal: await admin.get(`/api/deals/${deal.id}`) }

  const plan = (await admin.must(200)('POST', path, { with: [goes.id], fields: { name: goes.id }, dry_run: true })).body
  assert.deepEqual(plan.moves, { deals: 1, tasks: 1, notes: 1, 'contact-points': 2 })
  assert.deepEqual([plan.record.name, plan.record.phone, plan.record.email, plan.record.position], ['Волков С.', '+79020000001', 'volkov@example.ru', 'директор'])
  assert.deepEqual(plan.points, [{ kind: 'phone', value: '+79020000002' }])
  assert.deepEqual(await admin.get(`/api/contacts/${goes.id}`), before.goes, 'a dry run changes nothing')

  const merged = await admin.must(200)('POST', path, { with: [goes.id], fields: { name: goes.id } })
  assert.deepEqual([merged.body.id, merged.body.name, merged.body.company_id, merged.body.consent], [stays.id, 'Волков С.', firm.id, 'withdrawn'])
  assert.deepEqual(merged.body.tag_ids, [hot, old])
  assert.equal(merged.body.comment, 'звонить утром\n\nлюбит чай')
  assert.equal((await admin('GET', `/api/contacts/${goes.id}`)).status, 404)
  const now = await admin.get(`/api/deals/${deal.id}`)
  assert.deepEqual([now.contact_id, now.contact_ids], [stays.id, [stays.id]])
  assert.equal((await admin.get(`/api/tasks/${task.id}`)).contact_id, stays.id)
  assert.equal((await admin.get(`/api/notes/${note.id}`)).contact_id, stays.id)
  assert.equal((await admin.get(`/api/contact-points/${point.id}`)).contact_id, stays.id)
  const phones = (await admin.list('/api/contact-points', { filter: `contact_id = ${stays.id} and kind = "phone"` })).items
  assert.deepEqual(phones.map((p) => p.value), ['+79020000002'], 'no phone is lost, none is there twice')
  await healthy()

  await admin.must(200)('POST', '/api/undo', { change_id: Number(merged.headers.get('voronka-change')) })
  for (const [key, at] of [['stays', `/api/contacts/${stays.id}`], ['goes', `/api/contacts/${goes.id}`], ['deal', `/api/deals/${deal.id}`]]) {
    const { version: _v, updated_at: _u, ...is } = await admin.get(at)
    const { version, updated_at, ...was } = before[key]
    assert.deepEqual(is, was, key)
  }
  assert.equal((await admin.get(`/api/tasks/${task.id}`)).contact_id, goes.id)
  assert.equal((await admin.list('/api/contact-points', { filter: `contact_id = ${stays.id}` })).items.length, 0)
  await healthy()
})

test('merging, restricting and erasing keep to the version that was looked at', async () => {
  const [stays, goes] = [await admin.create('/api/contacts', { name: 'Версия Первая' }), await admin.create('/api/contacts', { name: 'Версия Вторая' })]
  const seen = await admin.must(200)('PATCH', `/api/contacts/${stays.id}`, { comment: 'позвонить' })
  const old = { headers: { 'if-match': '"1"' } }
  for (const [action, body] of [['merge', { with: [goes.id] }], ['restrict', { restricted: true, reason: 'просьба' }], ['erase', { reason: 'просьба' }]]) {
    const r = await admin('POST', `/api/contacts/${stays.id}/${action}`, body, old)
    assert.deepEqual([r.status, r.body.code], [412, 'stale_version'], action)
  }
  assert.equal((await admin.get(`/api/contacts/${goes.id}`)).merged_into_id, null)
  await admin.must(200)('POST', `/api/contacts/${stays.id}/merge`, { with: [goes.id] }, { headers: { 'if-match': seen.headers.get('etag') } })
})

test('companies are merged with their people; nonsense is refused', async () => {
  const one = await admin.create('/api/companies', { name: 'Альфа', website: 'alfa.ru', address: 'Тверь' })
  const two = await admin.create('/api/companies', { name: 'Альфа ООО', inn: '7736207543', website: 'alfa.com', address: 'Тверь, Лесная 1' })
  const person = await admin.create('/api/contacts', { name: 'Кира', company_id: two.id })
  const merge = (body) => admin('POST', `/api/companies/${one.id}/merge`, body)
  assert.equal((await merge({ with: [two.id], fields: { inn: two.id, name: 424242 } })).body.code, 'ref_not_found')
  assert.equal((await merge({ with: [two.id], fields: { nothing: two.id } })).body.code, 'unknown_field')
  assert.equal((await merge({ with: [one.id] })).body.code, 'bad_merge')
  assert.equal((await merge({ with: [] })).body.code, 'bad_merge')
  assert.equal((await merge({ with: [424242] })).status, 404)
  assert.equal((await merge({ with: 'all' })).status, 400)
  assert.equal((await merge({})).status, 422)
  const done = (await admin.must(200)('POST', `/api/companies/${one.id}/merge`, { with: [two.id] })).body
  assert.deepEqual([done.name, done.inn], ['Альфа', '7736207543'])
  assert.equal((await admin.get(`/api/contacts/${person.id}`)).company_id, one.id)
  const points = (await admin.list('/api/contact-points', { filter: `company_id = ${one.id}`, sort: 'kind' })).items
  assert.deepEqual(points.map((p) => [p.kind, p.value]), [['address', 'Тверь, Лесная 1'], ['site', 'https://alfa.com']])
  await healthy()
})

test('one merges only what one may edit, and sees only doubles of one’s own', async () => {
  const password = 'пароль для тестов'
  const role = await admin.create('/api/roles', { name: 'Свои контакты', base: 'seller', rights: { objects: { contact: { see: 'own', create: 'all', edit: 'own', delete: 'own', export: 'none' } }, can: ['merge'] } })
  const plain = await admin.create('/api/roles', { name: 'Без слияния', base: 'seller', rights: { can: [] } })
  for (const [email, role_id] of [['own@example.ru', role.id], ['plain@example.ru', plain.id]]) await admin.create('/api/users', { name: email, email, role_id, password })
  const seller = await server.signIn('own@example.ru', password)
  const other = await server.signIn('plain@example.ru', password)
  const phone = '+7 905 555-44-33'
  const mine = await seller.create('/api/contacts', { name: 'Мой', phone })
  const hers = await admin.create('/api/contacts', { name: 'Чужой', phone })
  assert.deepEqual(ids((await seller.list('/api/contacts/duplicates-of', { phone })).items), [mine.id])
  assert.ok(!(await seller.list('/api/contacts/duplicates')).items.some((g) => g.ids.includes(hers.id)))
  assert.equal((await seller('POST', `/api/contacts/${mine.id}/merge`, { with: [hers.id] })).status, 404)
  assert.equal((await other('POST', `/api/contacts/${mine.id}/merge`, { with: [hers.id] })).status, 403)
  const deal = await admin.create('/api/deals', { title: 'Чужая сделка', funnel_id: funnel.id })
  const twin = await seller.create('/api/contacts', { name: 'Мой же', phone })
  await admin.patch(`/api/deals/${deal.id}`, { contact_id: twin.id })
  await seller.must(200)('POST', `/api/contacts/${mine.id}/merge`, { with: [twin.id] })
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).contact_id, mine.id, 'the deal of a colleague moves along')
})
