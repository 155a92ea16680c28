// Search as one types: whatever notation, case, layout or slip, and never more than one may see.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, test } from 'node:test'
import { cli, freshPlace, funnelOf, onPostgres, peopleOf, startServer } from './harness.mjs'

let server, place, people, admin, f
const find = async (q, more = {}, api = admin) => (await api.list('/api/search', { q, ...more })).items
const titles = async (q, more, api) => (await find(q, more, api)).map((i) => i.title)

before(async () => {
  place = freshPlace()
  server = await startServer({ place })
  people = await peopleOf(server)
  admin = people.admin
  f = await funnelOf(admin)
  for (const c of [
    { name: 'Иванов Пётр Сергеевич', phone: '+7 911 222-33-44', email: 'ivanov@example.ru' },
    { name: 'Иваненко Мария', phone: '8 (495) 123-45-67' },
    { name: 'Ёлкина Эмма', email: 'emma.e@example.com' },
    { name: 'John Smithson', phone: '+44 20 7946 0958' },
    { name: 'Объедков Вячеслав' },
  ])
    await admin.create('/api/contacts', c)
  await admin.create('/api/companies', { name: 'ООО «Ромашка-Трейд»', inn: '7707083893' })
  await admin.create('/api/deals', { title: 'Поставка станков', funnel_id: f.funnel.id, stage_id: f.stages[0].id })
})

test('a name is found by its beginning, in any case, order and with е for ё', async () => {
  assert.deepEqual((await titles('ива')).sort(), ['Иваненко Мария', 'Иванов Пётр Сергеевич'])
  assert.deepEqual(await titles('ПЕТР ИВАНОВ'), ['Иванов Пётр Сергеевич'])
  assert.deepEqual(await titles('елкина'), ['Ёлкина Эмма'])
  assert.deepEqual(await titles('серг ив пет'), ['Иванов Пётр Сергеевич'])
  assert.deepEqual(await titles('иванов мария'), [])
  const [hit] = await find('петр')
  assert.deepEqual([hit.object, hit.how, hit.matched.field, hit.subtitle], ['contact', 'exact', 'name', '+79112223344'])
})

test('a whole word stands before words that begin so', async () => {
  await admin.create('/api/contacts', { name: 'Иван Простой' })
  assert.equal((await titles('иван'))[0], 'Иван Простой')
})

test('a phone is found in any notation and by its last four digits', async () => {
  for (const q of ['+7 911 222-33-44', '89112223344', '9112223344', '8 (911) 222', '79112', '3344'])
    assert.deepEqual(await titles(q), ['Иванов Пётр Сергеевич'], q)
  assert.deepEqual(await titles('+44 20 7946'), ['John Smithson'])
})

test('mail, tax number, company, title and the number of a deal', async () => {
  assert.deepEqual(await titles('ivanov@ex'), ['Иванов Пётр Сергеевич'])
  assert.deepEqual(await titles('7707083893'), ['ООО «Ромашка-Трейд»'])
  assert.deepEqual(await titles('ромашка трейд'), ['ООО «Ромашка-Трейд»'])
  assert.deepEqual(await titles('станков'), ['Поставка станков'])
  const deal = (await admin.list('/api/deals')).items[0]
  for (const q of [`${deal.id}`, `№ ${deal.id}`, `#${deal.id}`]) {
    const hit = (await find(q)).find((i) => i.object === 'deal')
    assert.deepEqual([hit?.id, hit?.matched.field], [deal.id, 'id'], q)
  }
})

test('typed in the wrong layout it is understood, both ways, the keys of ё, э, ъ and х too', async () => {
  const r = await admin.list('/api/search', { q: 'bdfyjd' })
  assert.deepEqual([r.items[0].title, r.items[0].how, r.as], ['Иванов Пётр Сергеевич', 'layout', 'иванов'])
  assert.deepEqual(await titles('`krbyf "vvf'), ['Ёлкина Эмма'])
  assert.deepEqual(await titles('j,]tlrjd'), ['Объедков Вячеслав'])
  assert.deepEqual(await titles('ыьшерыщт'), ['John Smithson'])
})

test('one slip of a letter is forgiven: left out, put in, another, two swapped', async () => {
  for (const q of ['серегевич', 'сергеевч', 'сергееввич', 'сиргеевич']) {
    const [hit] = await find(q)
    assert.deepEqual([hit?.title, hit?.how], ['Иванов Пётр Сергеевич', 'typo'], q)
  }
  assert.deepEqual(await titles('smihtson'), ['John Smithson'])
  assert.deepEqual(await titles('абракадабра'), [])
})

test('what is renamed, deleted or brought back is found accordingly at once', async () => {
  const c = await admin.create('/api/contacts', { name: 'Кузнецова Ольга' })
  await admin.patch(`/api/contacts/${c.id}`, { name: 'Орлова Ольга' })
  assert.deepEqual(await titles('кузнецова'), [])
  assert.deepEqual(await titles('орлова'), ['Орлова Ольга'])
  const gone = await admin.must(204)('DELETE', `/api/contacts/${c.id}`)
  assert.deepEqual(await titles('орлова'), [])
  await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
  assert.deepEqual(await titles('орлова'), ['Орлова Ольга'])
})

test('further phones and mails of a contact lead to it; removing one leaves the other ways', async () => {
  const c = await admin.create('/api/contacts', { name: 'Тихонова Вера', phone: '+7 921 000-11-22' })
  const p = await admin.create('/api/contact-points', { contact_id: c.id, kind: 'phone', value: '+7 812 555-66-77' })
  const same = await admin.create('/api/contact-points', { contact_id: c.id, kind: 'phone', value: '+7 921 000-11-22' })
  assert.deepEqual(await titles('8125556677'), ['Тихонова Вера'])
  assert.deepEqual(await titles('тихонова 8125'), ['Тихонова Вера'])
  await admin.del(`/api/contact-points/${p.id}`)
  await admin.del(`/api/contact-points/${same.id}`)
  assert.deepEqual(await titles('8125556677'), [])
  assert.deepEqual(await titles('9210001122'), ['Тихонова Вера'])
})

test('notes and tasks are found and say what they hang on', async () => {
  const deal = (await admin.list('/api/deals')).items[0]
  await admin.create('/api/notes', { text: 'Обещали прислать спецификацию', deal_id: deal.id })
  await admin.create('/api/tasks', { title: 'Уточнить спецификацию', deal_id: deal.id })
  const hits = await find('спецификац')
  assert.deepEqual(hits.map((h) => [h.object, h.deal_id]).sort(), [['note', deal.id], ['task', deal.id]])
  assert.deepEqual((await find('спецификац', { objects: 'notes' })).map((h) => h.object), ['note'])
})

test('nobody finds what they may not see, nor by a field that is hidden from them', async () => {
  const role = await admin.create('/api/roles', {
    name: 'Только своё',
    base: 'seller',
    rights: { objects: { contact: { see: 'own' } }, fields: { 'contact.phone': 'hidden' } },
  })
  await admin.create('/api/users', { name: 'Новичок', email: 'new@example.ru', role_id: role.id, password: 'пароль для тестов' })
  const novice = await server.signIn('new@example.ru', 'пароль для тестов')
  assert.deepEqual(await titles('иванов', {}, novice), [])
  const own = await novice.create('/api/contacts', { name: 'Своя Клиентка' })
  await admin.patch(`/api/contacts/${own.id}`, { phone: '+7 999 888-77-66' })
  assert.deepEqual(await titles('клиентка', {}, novice), ['Своя Клиентка'])
  assert.deepEqual(await titles('9998887766', {}, novice), [])
  assert.deepEqual(await titles('7766', {}, novice), [])
  assert.deepEqual(await titles('9998887766'), ['Своя Клиентка'])
  assert.equal((await find('клиентка', {}, novice))[0].subtitle, null)
})

test('any text is answered: signs, emptiness, quotes, percent, very long', async () => {
  for (const q of ['', ' ', '%', '_', "'; DROP TABLE deal; --", '"', '\\', '@', '+', 'я'.repeat(5000), 'a b c d e f g h i j k l m', '😀', '[{;\'', '...', '№', '#'])
    assert.equal((await admin('GET', '/api/search?' + new URLSearchParams({ q }))).status, 200, q.slice(0, 20))
  assert.equal((await admin('GET', '/api/search?q=x&objects=users')).status, 400)
  assert.equal((await admin('GET', '/api/search?q=%ff')).status, 400)
  assert.equal((await server.anon('GET', '/api/search?q=x')).status, 401)
})

test('words of all places of one contact count together: name, own phone, further phones and mails', async () => {
  const c = await admin.create('/api/contacts', { name: 'Горелова Зинаида', phone: '+7 921 303-40-50' })
  await admin.create('/api/contacts', { name: 'Горелова Раиса', phone: '+7 921 303-40-51' })
  for (const [kind, value] of [['phone', '+7 812 777-66-55'], ['email', 'zina@second.ru'], ['messenger', '@zina_gor']])
    await admin.create('/api/contact-points', { contact_id: c.id, kind, value })
  for (const q of ['8127776655 zina@second.ru', 'zina@sec 6655', '4050 8127776655', 'zina_gor zina@second 9213034050', 'горел 6655 zina@', 'зинаида zina_gor'])
    assert.deepEqual(await titles(q), ['Горелова Зинаида'], q)
  for (const q of ['горелова +7 (812) 777-66-55', '8 812 777 66 55 горелова', 'zina@second.ru 8-812-777-66-55'])
    assert.deepEqual(await titles(q), ['Горелова Зинаида'], q)
  assert.deepEqual(await titles('раиса 6655'), [])
})

test('two common words find the one record where they meet, at once and whoever may see it', async () => {
  const at = freshPlace()
  const first = await startServer({ place: at })
  const team = await peopleOf(first)
  const role = await team.admin.create('/api/roles', { name: 'Только своё', base: 'seller', rights: { objects: { contact: { see: 'own' } } } })
  const novice = await team.admin.create('/api/users', { name: 'Новичок', email: 'new@example.ru', role_id: role.id, password: 'пароль для тестов' })
  await first.stop()
  // 7,000 of each name that never meet, in sixty families each; the three who have both are neither the newest nor the oldest
  const row = (name, owner) => `SELECT i, 1, 1795000000000, 1795000000000, ${name}, ${name}, ${owner} FROM n`
  const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 14003)
INSERT INTO contact (id, version, created_at, updated_at, name, name_fold, owner_id) ${row(`CASE WHEN i = 2001 THEN 'аристарх иванов' WHEN i = 2002 THEN 'аристидов77 иваненко77' WHEN i = 2003 THEN 'аристарх иванов старший'
WHEN i % 2 = 0 THEN 'иванов ' || 'иваненко' || CAST(i % 120 AS TEXT) ELSE 'аристарх ' || 'аристидов' || CAST(i % 121 AS TEXT) END`, `CASE WHEN i = 2003 THEN ${novice.id} ELSE NULL END`)};
INSERT INTO search_waiting VALUES (4, 0, 14003);`
  if (onPostgres) execFileSync('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-d', at[1], '-c', sql])
  else execFileSync('sqlite3', ['-bail', at[1] + '/voronka.db', sql])
  const busy = await startServer({ place: at })
  const boss = await busy.admin()
  const ended = Date.now() + 60_000
  while ((await titles('аристидов77 иваненко77', {}, boss)).length === 0 || (await titles('иваненко118', {}, boss)).length === 0) assert.ok(Date.now() < ended, 'words are made')
  assert.deepEqual((await titles('Иванов Аристарх', {}, boss)).sort(), ['аристарх иванов', 'аристарх иванов старший'])
  assert.deepEqual((await titles('аристарх иванов', { objects: 'contacts' }, boss)).sort(), ['аристарх иванов', 'аристарх иванов старший'])
  assert.deepEqual((await titles('иван арист', {}, boss)).sort(), ['аристарх иванов', 'аристарх иванов старший', 'аристидов77 иваненко77'])
  assert.deepEqual(await titles('стар арист ива', {}, boss), ['аристарх иванов старший'])
  assert.deepEqual((await titles('bdfyjd fhbcnfh[', {}, boss)).sort(), ['аристарх иванов', 'аристарх иванов старший'])
  assert.deepEqual((await titles('иванов аристрах', {}, boss)).sort(), ['аристарх иванов', 'аристарх иванов старший'])
  const own = await busy.signIn('new@example.ru', 'пароль для тестов')
  assert.deepEqual(await titles('иван арист', {}, own), ['аристарх иванов старший'])
  await busy.stop()
})

test('the words agree with the records; a lost word is noticed, and made anew', async () => {
  await server.stop()
  const sql = (text) => (onPostgres ? execFileSync('psql', ['-qX', '-d', place[1], '-c', text]) : execFileSync('sqlite3', [place[1] + '/voronka.db', text]))
  const check = () => cli(['check', ...place])
  assert.equal((await check()).code, 0, (await check()).out)
  sql("DELETE FROM search_word WHERE word = 'иванов'")
  const lost = await check()
  assert.equal(lost.code, 1)
  assert.match(lost.out, /иванов/)
  assert.equal((await cli(['reindex', ...place])).code, 0)
  assert.equal((await check()).code, 0)
})
