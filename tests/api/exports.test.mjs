// Lists go out as files: names instead of ids, harmless in spreadsheets, only what one may see. R162, R232.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { cli, freshPlace, funnelOf, peopleOf, scratchFile, serve } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-exports')] })
const people = await peopleOf(server)
const { admin, seller } = people
const { funnel, stages } = await funnelOf(admin)
const tag = await admin.create('/api/tags', { name: 'VIP' })
const company = await admin.create('/api/companies', { name: 'ООО "Ромашка"; и партнёры' })
const anna = await admin.create('/api/contacts', { name: 'Анна', phone: '+79123456789', email: 'anna@example.ru', company_id: company.id, tag_ids: [tag.id] })
await admin.create('/api/deals', { title: '=1+1', funnel_id: funnel.id, stage_id: stages[0].id, value_minor: 123456, contact_id: anna.id, expected_close_on: '2026-12-31' })
await admin.create('/api/deals', { title: '-2+cmd|calc', funnel_id: funnel.id, stage_id: stages[1].id, value_minor: 100 })
await admin.create('/api/deals', { title: 'Обычная\nв две строки'.replace('\n', ' '), funnel_id: funnel.id, stage_id: stages[1].id, value_minor: 5 })

const fetched = async (api, path) => {
  const r = await fetch(server.url + path, { headers: { cookie: api.session.cookie } })
  return { status: r.status, headers: r.headers, bytes: Buffer.from(await r.arrayBuffer()) }
}
const csv = async (path, api = admin) => (await fetched(api, path)).bytes.toString('utf8').replace(/^\ufeff/, '').trim().split('\r\n')

// The parts of an archive by name.
function unzip(bytes) {
  const parts = {}
  for (let at = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1'), n = bytes.readUInt16LE(at + 10), p = bytes.readUInt32LE(at + 16); n--; ) {
    const [method, size, name] = [bytes.readUInt16LE(p + 10), bytes.readUInt32LE(p + 20), bytes.readUInt16LE(p + 28)]
    const local = bytes.readUInt32LE(p + 42)
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const data = bytes.subarray(from, from + size)
    parts[bytes.toString('utf8', p + 46, p + 46 + name)] = (method ? inflateRawSync(data) : data).toString('utf8')
    p += 46 + name + bytes.readUInt16LE(p + 30) + bytes.readUInt16LE(p + 32)
  }
  return parts
}

test('a list of deals for a spreadsheet: labels, names, decimals, no formulas', async () => {
  const r = await fetched(admin, '/api/deals/export?fields=title,value_minor,stage_id,contact_id,expected_close_on&sort=id')
  assert.equal(r.status, 200)
  assert.match(r.headers.get('content-disposition'), /attachment; filename="deals-\d{4}-\d\d-\d\d\.csv"/)
  const text = r.bytes.toString('utf8')
  assert.ok(text.startsWith('\ufeff'))
  assert.deepEqual(text.slice(1).trim().split('\r\n'), [
    'Название;Сумма;Этап;Контакт;Ожидаемое закрытие'.replace('Ожидаемое закрытие', text.split('\r\n')[0].split(';')[4]),
    '"\'=1+1";1234,56;Заявка;Анна;2026-12-31',
    '"\'-2+cmd|calc";1,00;Связались;;',
    'Обычная в две строки;0,05;Связались;;',
  ])
})

test('the filter, the sort, the delimiter and the language are those that were asked for', async () => {
  const lines = await csv('/api/deals/export?fields=title,value_minor&sort=-value_minor&filter=' + encodeURIComponent('value_minor >= 100') + '&delimiter=,')
  assert.deepEqual(lines.slice(1), ['"\'=1+1",1234.56', '"\'-2+cmd|calc",1.00'])
  await seller('PATCH', `/api/users/${seller.session.user.id}`, { locale: 'en' })
  const english = await server.signIn('seller@example.ru', 'пароль для тестов')
  const [head] = await csv('/api/companies/export?fields=name,inn', english)
  assert.match(head, /^Name,/)
})

test('quotes, delimiters, phones and sets survive the way out and back', async () => {
  const lines = await csv('/api/contacts/export?fields=id,name,phone,company_id,tag_ids')
  assert.equal(lines[1], `${anna.id};Анна;"'+79123456789";"ООО ""Ромашка""; и партнёры";VIP`)
  const body = (await fetched(admin, '/api/contacts/export?fields=name,phone,email,company_id,tag_ids')).bytes
  const up = await admin('POST', '/api/uploads', undefined, { raw: body, headers: { 'content-type': 'text/csv' } })
  const p = (await admin('POST', '/api/imports/preview', { upload_id: up.body.upload_id, object: 'contact' })).body
  assert.deepEqual(p.columns.map((c) => c.guess?.field), ['name', 'phone', 'email', 'name', 'tag_ids'])
})

test('Windows-1251 for old programs', async () => {
  const r = await fetched(admin, '/api/companies/export?fields=name&encoding=windows-1251')
  assert.match(r.headers.get('content-type'), /windows-1251/)
  assert.ok(r.bytes.includes(Buffer.from([0xd0, 0xee, 0xec, 0xe0, 0xf8, 0xea, 0xe0])))
})

test('a workbook: texts are texts, numbers numbers, dates dates', async () => {
  const r = await fetched(admin, '/api/deals/export?format=xlsx&fields=title,value_minor,expected_close_on&sort=id')
  assert.match(r.headers.get('content-type'), /spreadsheetml/)
  const sheet = unzip(r.bytes)['xl/worksheets/sheet1.xml']
  assert.match(sheet, /<c r="A2" t="inlineStr"><is><t>=1\+1<\/t><\/is><\/c>/)
  assert.match(sheet, /<c r="B2" s="\d+"><v>1234\.56<\/v><\/c>/)
  assert.match(sheet, /<c r="C2" s="\d+"><v>46387<\/v><\/c>/)
  assert.ok(!sheet.includes('<f>'))
})

test('a page is not the end: many rows come in order and once', async () => {
  const rows = 'Название,ИНН\n' + Array.from({ length: 4500 }, (_, i) => `Фирма ${String(i).padStart(5, '0')},`).join('\n')
  const up = await admin('POST', '/api/uploads', undefined, { raw: rows, headers: { 'content-type': 'text/csv' } })
  const op = (await admin('POST', '/api/imports', { upload_id: up.body.upload_id, object: 'company', columns: [{ column: 0, field: 'name' }] })).body
  for (let i = 0; i < 800 && ['waiting', 'running'].includes((await admin.get(`/api/operations/${op.id}`)).state); i++) await new Promise((done) => setTimeout(done, 25))
  const lines = (await csv('/api/companies/export?fields=name&sort=name&filter=' + encodeURIComponent('name ~ "фирма"'))).slice(1)
  assert.equal(lines.length, 4500)
  assert.deepEqual(lines, [...new Set(lines)].sort())
})

test('who may not export does not; hidden fields and records of others stay inside', async () => {
  const role = await admin.create('/api/roles', {
    name: 'Стажёр',
    base: 'seller',
    rights: { objects: { deal: { see: 'own', create: 'own', edit: 'own', delete: 'none', export: 'own' }, contact: { see: 'all', create: 'all', edit: 'own', delete: 'none', export: 'none' } }, fields: { 'deal.value_minor': 'hidden' } },
  })
  await admin.create('/api/users', { name: 'Стажёр', email: 'trainee@example.ru', role_id: role.id, password: 'пароль для тестов' })
  const trainee = await server.signIn('trainee@example.ru', 'пароль для тестов')
  await trainee.create('/api/deals', { title: 'Моя', funnel_id: funnel.id })
  assert.equal((await trainee('GET', '/api/contacts/export')).status, 403)
  const lines = await csv('/api/deals/export', trainee)
  assert.equal(lines.length, 2)
  assert.ok(!lines[0].includes('Сумма'))
  assert.equal((await trainee('GET', '/api/deals/export?fields=value_minor')).status, 400)
  assert.equal((await trainee('GET', '/api/deals/export?sort=value_minor')).status, 400)
})

test('a wrong request is told, not sent as a file', async () => {
  for (const [query, code] of Object.entries({ 'format=pdf': 'bad_parameter', 'delimiter=ab': 'bad_parameter', 'encoding=koi8': 'bad_encoding', 'filter=x': 'bad_filter', 'fields=password': 'bad_fields' })) {
    const r = await admin('GET', `/api/deals/export?${query}`)
    assert.equal(r.status === 400 || r.status === 422, true, query)
    assert.equal(r.body.code, code, query)
  }
  assert.equal((await admin('GET', '/api/users/export')).status, 404)
  assert.equal((await server.anon('GET', '/api/deals/export')).status, 401)
})

test('the command line exports too', async () => {
  const place = freshPlace()
  const table = scratchFile('in.csv')
  const { writeFileSync } = await import('node:fs')
  writeFileSync(table, 'Имя;Email\nАнна;a@example.ru\nБорис;b@example.ru\n')
  assert.equal((await cli(['import', ...place, '--table', table, '--object', 'contacts'])).code, 0)
  const file = scratchFile('out.csv')
  const r = await cli(['export', ...place, '--object', 'contacts', '--file', file, '--fields', 'name,email', '--sort', 'name', '--json'])
  assert.equal(r.code, 0, r.err)
  assert.deepEqual(JSON.parse(r.out), { rows: 2 })
  assert.deepEqual(readFileSync(file, 'utf8').trim().split('\r\n').slice(1), ['Анна,a@example.ru', 'Борис,b@example.ru'])
})
