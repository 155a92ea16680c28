// Contacts and companies as they are found, written and kept: any notation of a phone, tax numbers, further phones,
// consent and restriction.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const refused = async (method, path, body, status, code) => {
  const r = await admin(method, path, body)
  assert.equal(r.status, status, r.text)
  assert.equal(r.body.code, code)
  return r.body
}

test('a phone is found by any part of it in any notation (R236)', async () => {
  const { id, phone } = await admin.create('/api/contacts', { name: 'Мария Ким', phone: '8 (912) 345-67-89', email: 'Maria.Kim@Example.RU' })
  assert.equal(phone, '+79123456789')
  await admin.create('/api/contacts', { name: 'Другой', phone: '+7 (912) 345-67-80' })
  const inner = await admin.create('/api/contacts', { name: 'Секретарь', phone: '8 495 123-45-67 доб. 12' })
  assert.equal(inner.phone, '+74951234567#12')
  for (const filter of [
    'phone ~ "8 (912) 345-67-8" and phone ~ "89"',
    'phone = "8-912-345-67-89"',
    'phone = "9123456789"',
    'phone in ("+7 912 3456789", "112")',
    'phone ~ "345 67 89"',
    'email = "maria.kim@example.ru"',
    'email ~ "KIM@"',
  ])
    assert.deepEqual((await admin.list('/api/contacts', { filter })).items.map((c) => c.id), [id], filter)
  assert.equal((await admin.list('/api/contacts', { filter: 'phone ~ "8 (912) 345-67"' })).items.length, 2)
  assert.equal((await admin.list('/api/contacts', { filter: 'phone != "+79123456789" and not phone is null' })).items.length, 2)
  await refused('POST', '/api/contacts', { name: 'Нет', phone: 'после шести' }, 422, 'bad_phone')
  const changed = await admin.patch(`/api/contacts/${id}`, { phone: '00 375 29 123-45-67' })
  assert.equal(changed.phone, '+375291234567')
  assert.equal((await admin.list('/api/contacts', { filter: 'phone ~ "8 912 345-67-89"' })).items.length, 0)
})

test('the tax numbers of a Russian company are checked, foreign ones are taken', async () => {
  const firm = await admin.create('/api/companies', { name: 'Сбербанк', inn: '7707 083893', kpp: '773601001' })
  assert.equal(firm.inn, '7707083893')
  assert.equal((await refused('POST', '/api/companies', { name: 'Опечатка', inn: '7707083894' }, 422, 'bad_inn')).field, 'inn')
  await refused('POST', '/api/companies', { name: 'Коротко', inn: '770708389', country: 'Россия' }, 422, 'bad_inn')
  await refused('PATCH', `/api/companies/${firm.id}`, { kpp: '12' }, 422, 'bad_kpp')
  await refused('PATCH', `/api/companies/${firm.id}`, { inn: '500100732250' }, 422, 'bad_inn')
  assert.equal((await admin.patch(`/api/companies/${firm.id}`, { inn: '500100732259', kpp: null })).inn, '500100732259')
  assert.equal((await admin.create('/api/companies', { name: 'Минск', inn: '100582333', country: 'Беларусь' })).inn, '100582333')
  assert.equal((await admin.create('/api/companies', { name: 'Berlin', inn: 'DE123456789' })).inn, 'DE123456789')
  assert.equal((await admin.create('/api/companies', { name: 'Уфа', inn: '274062111' })).inn, '0274062111', 'the zero that a spreadsheet took')
})

test('further phones, mails and messengers hang on one contact or company and are checked by their kind', async () => {
  const person = await admin.create('/api/contacts', { name: 'Пётр' })
  const firm = await admin.create('/api/companies', { name: 'ООО «Вектор»' })
  const point = (body) => admin.create('/api/contact-points', { contact_id: person.id, ...body })
  const phone = await point({ kind: 'phone', value: '8 (495) 765-43-21', label: 'дача' })
  assert.deepEqual([phone.value, phone.normal], ['+74957654321', '74957654321'])
  assert.equal((await point({ kind: 'messenger', value: 'https://t.me/Petr' })).normal, 'petr')
  assert.equal((await point({ kind: 'messenger', value: '@petr2' })).normal, 'petr2')
  assert.equal((await point({ kind: 'email', value: 'Petr@Example.ru' })).normal, 'petr@example.ru')
  assert.equal((await admin.create('/api/contact-points', { company_id: firm.id, kind: 'site', value: 'www.Vektor.ru/' })).normal, 'vektor.ru')
  const both = { contact_id: person.id, company_id: firm.id, kind: 'phone', value: '112 00' }
  await refused('POST', '/api/contact-points', both, 422, 'one_parent')
  await refused('POST', '/api/contact-points', { kind: 'phone', value: '11200' }, 422, 'one_parent')
  assert.equal((await refused('POST', '/api/contact-points', { contact_id: person.id, kind: 'email', value: 'не почта' }, 422, 'bad_email')).field, 'value')
  await refused('PATCH', `/api/contact-points/${phone.id}`, { value: 'вечером' }, 422, 'bad_phone')
  assert.equal((await admin.patch(`/api/contact-points/${phone.id}`, { value: '84957654322' })).normal, '74957654322')
  assert.equal((await admin.list('/api/contact-points', { filter: `contact_id = ${person.id}`, count: 1 })).count, 4)
})

test('a consent keeps its date', async () => {
  const one = await admin.create('/api/contacts', { name: 'Ольга' })
  assert.deepEqual([one.consent, one.consent_at, one.restricted, one.erased_at], ['unknown', null, false, null])
  const given = await admin.patch(`/api/contacts/${one.id}`, { consent: 'given', consent_source: 'форма на сайте' })
  assert.ok(Math.abs(given.consent_at - Date.now()) < 60000)
  const dated = await admin.patch(`/api/contacts/${one.id}`, { consent: 'withdrawn', consent_at: 1700000000000 })
  assert.equal(dated.consent_at, 1700000000000)
  assert.equal((await admin.patch(`/api/contacts/${one.id}`, { consent: 'unknown' })).consent_at, null)
  await refused('PATCH', `/api/contacts/${one.id}`, { restricted: true }, 422, 'read_only_field')
})

test('the story of a person tells of all their deals, as far as one may see them', async () => {
  const { funnel, stages } = await funnelOf(admin, { name: 'История' })
  const firm = await admin.create('/api/companies', { name: 'Завод истории' })
  const person = await admin.create('/api/contacts', { name: 'Герой', company_id: firm.id })
  const main = await admin.create('/api/deals', { title: 'Главная', funnel_id: funnel.id, contact_id: person.id, company_id: firm.id })
  const second = await admin.create('/api/deals', { title: 'Где он второй', funnel_id: funnel.id, contact_ids: [person.id] })
  await admin.patch(`/api/deals/${main.id}`, { stage_id: stages[1].id })
  const task = await admin.create('/api/tasks', { title: 'Позвонить герою', deal_id: main.id })
  const note = await admin.create('/api/notes', { text: 'О второй сделке', deal_id: second.id })
  const point = await admin.create('/api/contact-points', { contact_id: person.id, kind: 'phone', value: '8 903 111-00-11' })
  const kinds = async (api, path) => (await api.get(`${path}/timeline?limit=100`)).items.map((ev) => `${ev.kind} ${ev.object_id}`).sort()
  assert.deepEqual(
    await kinds(admin, `/api/contacts/${person.id}`),
    [`contact.created ${person.id}`, `contact-point.created ${point.id}`, `deal.created ${main.id}`, `deal.created ${second.id}`, `deal.moved ${main.id}`, `note.created ${note.id}`, `task.created ${task.id}`].sort(),
  )
  assert.deepEqual(await kinds(admin, `/api/companies/${firm.id}`), [`company.created ${firm.id}`, `contact.created ${person.id}`, `deal.created ${main.id}`, `deal.moved ${main.id}`, `task.created ${task.id}`].sort())
  const role = await admin.create('/api/roles', { name: 'Только свои сделки', base: 'seller', rights: { objects: { deal: { see: 'own', create: 'all', edit: 'own', delete: 'none', export: 'none' }, task: { see: 'own', create: 'all', edit: 'own', delete: 'none', export: 'none' } } } })
  await admin.create('/api/users', { name: 'own', email: 'own-deals@example.ru', role_id: role.id, password: 'пароль для тестов' })
  const seller = await server.signIn('own-deals@example.ru', 'пароль для тестов')
  assert.deepEqual(await kinds(seller, `/api/contacts/${person.id}`), [`contact.created ${person.id}`, `contact-point.created ${point.id}`].sort())
})

test('processing is restricted with a reason, and lifted (152-FZ, GDPR)', async () => {
  const one = await admin.create('/api/contacts', { name: 'Вера', phone: '+79031112244' })
  const restrict = (body) => admin('POST', `/api/contacts/${one.id}/restrict`, body)
  assert.equal((await restrict({ restricted: true })).body.code, 'required')
  const done = (await restrict({ restricted: true, reason: 'заявление от 3 мая' })).body
  assert.deepEqual([done.restricted, done.restricted_reason], [true, 'заявление от 3 мая'])
  await refused('PATCH', `/api/contacts/${one.id}`, { phone: '112' }, 409, 'contact_restricted')
  await refused('POST', '/api/contact-points', { contact_id: one.id, kind: 'phone', value: '11200' }, 409, 'contact_restricted')
  const twin = await admin.create('/api/contacts', { name: 'Вера К.' })
  await refused('POST', `/api/contacts/${twin.id}/merge`, { with: [one.id] }, 409, 'contact_restricted')
  const lifted = (await restrict({ restricted: false })).body
  assert.deepEqual([lifted.restricted, lifted.restricted_reason], [false, null])
  await admin.patch(`/api/contacts/${one.id}`, { phone: '11200' })
})

test('a person’s data are erased everywhere, and the statistics stay', async () => {
  const { funnel } = await funnelOf(admin, { name: 'Персональные' })
  const hook = await admin.create('/api/webhooks', { url: 'http://hooks.invalid/x', kinds: '*', secret: 'секрет хука 123' })
  const firm = await admin.create('/api/companies', { name: 'Завод' })
  const person = await admin.create('/api/contacts', { name: 'Ярослава Вещая', phone: '+7 926 700-60-50', email: 'yara@example.ru', position: 'главный инженер', comment: 'любит горы', company_id: firm.id, consent: 'given', consent_source: 'анкета Ярославы' })
  await admin.patch(`/api/contacts/${person.id}`, { name: 'Ярослава Мудрая', phone: '+7 926 700-60-51' })
  const twin = await admin.create('/api/contacts', { name: 'Я. Вещая', phone: '8 926 700 60 52', comment: 'двойник с тайной' })
  await admin.must(200)('POST', `/api/contacts/${person.id}/merge`, { with: [twin.id] })
  await admin.create('/api/contact-points', { contact_id: person.id, kind: 'messenger', value: '@yaroslava_v', label: 'личный' })
  const deal = await admin.create('/api/deals', { title: 'Насосы для Ярослава Мудрая', funnel_id: funnel.id, value_minor: 500, contact_id: person.id })
  const note = await admin.create('/api/notes', { text: 'Дочка болеет', contact_id: person.id })
  const dealNote = await admin.create('/api/notes', { text: 'Звонить ярослава мудрая: 8 (926) 700-60-51 или YARA@example.ru, сумма 500', deal_id: deal.id })
  const task = await admin.create('/api/tasks', { title: 'Поздравить Ярославу с юбилеем', contact_id: person.id, done: true, result: 'поздравили' })
  const upload = (to, name, text) => admin('POST', `/api/files?${to}&name=${encodeURIComponent(name)}`, undefined, { raw: text, headers: { 'content-type': 'application/octet-stream' } })
  const scan = await upload(`contact_id=${person.id}`, 'паспорт Вещей.txt', 'серия и номер')
  assert.equal(scan.status, 201, scan.text)
  const bytes = `/api/files/${scan.body.id}/content`
  assert.equal((await admin('GET', bytes)).status, 200)
  const other = await admin.create('/api/notes', { text: 'Ярослава Мудрая здесь ни при чём', company_id: firm.id })
  const path = `/api/contacts/${person.id}`

  const all = await admin.get(`${path}/personal-data`)
  assert.deepEqual([all.contact.name, all.deals.length, all.notes[0].text, all.points.length, all.merged_records.length], ['Ярослава Мудрая', 1, 'Дочка болеет', 2, 1])
  assert.ok(all.history.length >= 2)

  await refused('POST', `${path}/erase`, {}, 422, 'required')
  const plan = (await admin.must(200)('POST', `${path}/erase`, { reason: 'заявление', dry_run: true })).body.erases
  assert.deepEqual([plan.contacts, plan['contact-points'], plan.notes, plan.tasks, plan.files, plan.deals], [2, 2, 2, 1, 1, 1])
  assert.equal((await admin.get(path)).name, 'Ярослава Мудрая')

  const done = await admin.must(200)('POST', `${path}/erase`, { reason: 'заявление от 5 мая' })
  assert.deepEqual([done.body.name, done.body.phone, done.body.email, done.body.comment, done.body.position], [`Стёртый контакт ${person.id}`, null, null, null, null])
  assert.deepEqual([done.body.company_id, done.body.owner_id, done.body.erased_reason, done.body.consent], [firm.id, 1, 'заявление от 5 мая', 'given'])
  assert.ok(done.body.erased_at)
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).title, 'Насосы для [стёрто]')
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).contact_id, person.id, 'the deal still counts for the contact')
  assert.equal((await admin.get(`/api/notes/${note.id}`)).text, '[стёрто]')
  assert.equal((await admin.get(`/api/notes/${dealNote.id}`)).text, 'Звонить [стёрто]: [стёрто] или [стёрто], сумма 500')
  const emptied = await admin.get(`/api/tasks/${task.id}`)
  assert.deepEqual([emptied.title, emptied.result, emptied.done], ['[стёрто]', '[стёрто]', true])
  assert.equal((await admin.list('/api/contact-points', { filter: `contact_id = ${person.id}` })).items.length, 0)
  assert.match((await admin.get(`/api/notes/${other.id}`)).text, /ни при чём/)
  assert.equal((await admin('GET', bytes)).status, 404)
  if (server.place[0] === '--data') assert.ok(!existsSync(join(server.place[1], 'files', scan.body.sha256.slice(0, 2), scan.body.sha256)), 'the bytes are gone')

  const timeline = (await admin.get(`${path}/timeline?limit=500`)).items
  assert.ok(timeline.some((ev) => ev.kind === 'contact.erased' && ev.object_id === person.id && ev.actor_id === 1 && ev.set.erased_reason[1] === 'заявление от 5 мая'))
  const traces = /Вещая|Вещей|паспорт|700.?60|yara|тайной|инженер|горы|Дочка|юбилеем|личный/i
  assert.doesNotMatch(JSON.stringify(timeline), traces)
  const dump = await cli(['check', ...server.place])
  assert.equal(dump.code, 0, dump.out + dump.err)

  await refused('PATCH', path, { phone: '112 00' }, 409, 'contact_erased')
  await refused('POST', `${path}/erase`, { reason: 'ещё раз' }, 409, 'contact_erased')
  await refused('POST', '/api/undo', { change_id: Number(done.headers.get('voronka-change')) }, 409, 'not_undoable')
  await admin.patch(path, { owner_id: null })
  await admin.del(`/api/webhooks/${hook.id}`)
})

test('nothing of an erased person is left in the database', { skip: process.env.VORONKA_TEST_PG && 'files of PostgreSQL are its own' }, async () => {
  const { execFileSync } = await import('node:child_process')
  const dir = server.place[1]
  const one = await admin.create('/api/contacts', { name: 'Незабвенная Зинаида', comment: 'особая примета: шрам' })
  await admin.must(200)('POST', `/api/contacts/${one.id}/erase`, { reason: 'по закону' })
  const rows = execFileSync('sqlite3', [`${dir}/voronka.db`, '.dump'], { encoding: 'utf8', maxBuffer: 1 << 28 })
  assert.ok(rows.includes('по закону'))
  assert.doesNotMatch(rows, /Незабвенная|шрам|Вещая|Вещей|паспорт|7006050|yara@|yaroslava_v|тайной/)
})

test('erasing is a right of its own', async () => {
  const password = 'пароль для тестов'
  const may = await admin.create('/api/roles', { name: 'Стирает', base: 'seller', rights: { objects: { contact: { see: 'own', create: 'all', edit: 'own', delete: 'own', export: 'none' } }, can: ['erase'] } })
  for (const [email, rest] of [['erase@example.ru', { role_id: may.id }], ['seller2@example.ru', { role: 'seller' }]]) await admin.create('/api/users', { name: email, email, password, ...rest })
  const eraser = await server.signIn('erase@example.ru', password)
  const seller = await server.signIn('seller2@example.ru', password)
  const mine = await eraser.create('/api/contacts', { name: 'Мой клиент' })
  const hers = await admin.create('/api/contacts', { name: 'Чужой клиент' })
  for (const [path, body] of [['erase', { reason: 'р' }], ['restrict', { restricted: true, reason: 'р' }]]) {
    assert.equal((await seller('POST', `/api/contacts/${mine.id}/${path}`, body)).status, 403)
    assert.equal((await eraser('POST', `/api/contacts/${hers.id}/${path}`, body)).status, 404)
  }
  assert.equal((await seller('GET', `/api/contacts/${mine.id}/personal-data`)).status, 403)
  assert.equal((await eraser('GET', `/api/contacts/${hers.id}/personal-data`)).status, 404)
  await eraser.must(200)('POST', `/api/contacts/${mine.id}/erase`, { reason: 'просьба' })
})

test('a company of another country writes its phones in its own way', async () => {
  const abroad = await serve()
  const boss = await abroad.admin()
  const inner = await boss.create('/api/contacts', { name: 'Внутренний', phone: '30 901820' })
  assert.equal(inner.phone, '30901820')
  assert.equal((await boss('PATCH', '/api/settings', { country: 'XX' })).body.code, 'unknown_country')
  assert.equal((await boss.patch('/api/settings', { country: 'DE' })).country, 'DE')
  const berlin = await boss.create('/api/contacts', { name: 'Berlin', phone: '030 / 90 18 21' })
  assert.equal(berlin.phone, '+4930901821')
  assert.deepEqual((await boss.list('/api/contacts', { filter: 'phone = "030 901820"' })).items.map((c) => c.id), [inner.id], 'older numbers are found by the new rule')
  assert.equal((await boss.create('/api/companies', { name: 'GmbH', inn: '1234567890' })).inn, '1234567890', 'and tax numbers are its own')
  const r = await cli(['check', ...abroad.place])
  assert.equal(r.code, 0, r.out + r.err)
})
