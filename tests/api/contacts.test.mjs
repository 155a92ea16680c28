// Contacts and companies as they are found, written and kept: any notation of a phone, tax numbers, further phones,
// consent and restriction.
import assert from 'node:assert/strict'
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

test('a phone is found by any part of it in any notation (R021)', async () => {
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
