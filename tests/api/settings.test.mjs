// Settings of the company, their history and taking back; ready holidays; how the server is; backups. R234, R235.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { peopleOf, scratchFile, serve } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-settings')] })
const { admin, head, seller, observer } = await peopleOf(server)
const refused = async (body, code, status = 422) => {
  const r = await admin('PATCH', '/api/settings', body)
  assert.equal(r.status, status, `${JSON.stringify(body)} ${r.text}`)
  assert.equal(r.body.code, code)
  return r.body
}
const day = { from: '09:00', to: '18:00' }
const week = [day, day, day, day, { from: '09:00', to: '17:00', break_from: '12:00', break_to: '12:30' }, null, null]

test('everybody reads the settings, the administrator changes them, and each change can be taken back', async () => {
  const before = await seller.get('/api/settings')
  assert.equal(before.currency, 'RUB')
  assert.equal(before.time_zone, 'Europe/Moscow')
  assert.equal(before.company, null)
  assert.equal(before.calendar.week.length, 7)
  const r = await admin('PATCH', '/api/settings', { company: '  ООО «Ромашка» ', currency: 'KZT', time_zone: 'Asia/Almaty' })
  assert.equal(r.status, 200, r.text)
  assert.deepEqual([r.body.company, r.body.currency, r.body.time_zone], ['ООО «Ромашка»', 'KZT', 'Asia/Almaty'])
  const boot = await observer.get('/api/boot')
  assert.equal(boot.settings.company, 'ООО «Ромашка»')
  const history = await admin.get('/api/settings/history')
  assert.equal(history.items.length, 3)
  assert.ok(history.items.some((e) => e.set.currency?.[1] === 'KZT'))
  const undone = await admin('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })
  assert.equal(undone.status, 200, undone.text)
  assert.deepEqual(await seller.get('/api/settings'), before)
})

test('a setting that others have changed meanwhile is not taken back', async () => {
  const first = await admin('PATCH', '/api/settings', { company: 'Первое' })
  await admin.patch('/api/settings', { company: 'Второе' })
  const r = await admin('POST', '/api/undo', { change_id: Number(first.headers.get('voronka-change')) })
  assert.equal(r.status, 409)
  assert.equal(r.body.code, 'undo_conflict')
  assert.equal((await admin.get('/api/settings')).company, 'Второе')
  await admin.patch('/api/settings', { company: null })
  assert.equal((await admin.get('/api/settings')).company, null)
})

test('who may not change settings does not', async () => {
  assert.equal((await seller('PATCH', '/api/settings', { company: 'x' })).status, 403)
  assert.equal((await observer('PATCH', '/api/settings', { company: 'x' })).status, 403)
  for (const path of ['/api/system', '/api/backups']) {
    assert.equal((await seller('GET', path)).status, 403)
    assert.equal((await head('GET', path)).status, 403)
  }
  assert.equal((await head('POST', '/api/backups')).status, 403)
  assert.equal((await server.anon('GET', '/api/settings')).status, 401)
})

test('what makes no sense is refused and says where', async () => {
  await refused({ currency: 'ABC' }, 'unknown_currency')
  await refused({ currency: null }, 'wrong_type', 400)
  await refused({ time_zone: 'Mars/Olympus' }, 'unknown_zone')
  await refused({ time_zone: '../../../etc/passwd' }, 'unknown_zone')
  await refused({ company: 'x'.repeat(201) }, 'too_long')
  await refused({ company: 'a\u0000b' }, 'bad_json', 400)
  await refused({ company: 'a\nb' }, 'bad_text')
  await refused({ logo_file_id: 999999 }, 'ref_not_found')
  await refused({ nonsense: 1 }, 'unknown_field', 400)
  const at = await refused({ calendar: { week: week.with(2, { from: '18:00', to: '09:00' }) } }, 'bad_calendar')
  assert.match(at.detail, /week\[2\]\.to/)
  await refused({ calendar: { week, exceptions: [{ on: '2026-02-30', kind: 'holiday' }] } }, 'bad_calendar')
  await refused({ calendar: { week: week.slice(1) } }, 'bad_calendar')
  assert.equal((await admin.get('/api/settings')).currency, 'RUB')
})

test('the holidays of Russia become the company calendar', async () => {
  const ready = await head.get('/api/calendars/ru?year=2026')
  assert.ok(ready.days.some((d) => d.on === '2026-01-09' && d.kind === 'holiday'))
  assert.ok(ready.days.some((d) => d.on === '2026-04-30' && d.kind === 'short'))
  assert.match(ready.source, /1466/)
  assert.deepEqual((await head.get('/api/calendars/ru')).years, [2025, 2026])
  assert.equal((await head('GET', '/api/calendars/ru?year=2031')).body.code, 'calendar_not_found')
  assert.equal((await head('GET', '/api/calendars/atlantis?year=2026')).status, 404)
  const calendar = { week, exceptions: ready.days }
  const r = await admin.patch('/api/settings', { calendar })
  assert.deepEqual(r.calendar, calendar)
  assert.deepEqual((await admin.get('/api/boot')).settings.calendar, calendar)
})

test('the day of the filters follows the time zone without a restart', async () => {
  const task = await seller.create('/api/tasks', { title: 'Позвонить', due_at: Date.UTC(2026, 2, 2, 22, 30) })
  const due = async (on) => (await seller.list('/api/tasks', { filter: `id = ${task.id} and due_at >= "${on}"` })).items.length
  await admin.patch('/api/settings', { time_zone: 'Asia/Vladivostok' })
  for (let i = 0; i < 1000 && !(await due('2026-03-03')); i++) await new Promise((done) => setTimeout(done, 20))
  assert.equal(await due('2026-03-03'), 1)
  await admin.patch('/api/settings', { time_zone: 'America/New_York' })
  for (let i = 0; i < 1000 && (await due('2026-03-03')); i++) await new Promise((done) => setTimeout(done, 20))
  assert.equal(await due('2026-03-03'), 0)
})

test('the administrator sees how the server is, makes a backup and fetches it', async () => {
  const made = await admin.create('/api/backups')
  assert.match(made.name, /^voronka-\d{8}-\d{9}\.backup\.gz$/)
  const list = await admin.get('/api/backups')
  assert.equal(list.items[0].name, made.name)
  const system = await admin.get('/api/system')
  assert.equal(system.last_backup.name, made.name)
  assert.ok(system.database.bytes > 0 && system.memory_bytes > 0 && system.uptime_ms >= 0 && system.writable)
  assert.equal(system.database.users, 4)
  const r = await fetch(`${server.url}/api/backups/${made.name}`, { headers: { cookie: admin.session.cookie } })
  assert.equal(r.headers.get('content-length'), String(made.size))
  assert.match(r.headers.get('content-disposition'), /attachment/)
  assert.match(gunzipSync(Buffer.from(await r.arrayBuffer())).toString('utf8'), /^voronka-backup 1\n/)
  for (const name of ['..%2Fvoronka.db', '%2e%2e%2fx.backup.gz', 'voronka.db', 'none.backup.gz', '.backup.gz'])
    assert.ok([400, 404].includes((await admin('GET', `/api/backups/${name}`)).status), name)
  await admin.del(`/api/backups/${made.name}`)
  assert.equal((await admin.get('/api/backups')).items.length, 0)
})
