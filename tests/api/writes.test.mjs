import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, emptyPlace, eventually, funnelOf, peopleOf, scratchFile, serve, startServer } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)
const { funnel, stages, won } = await funnelOf(admin)
const newDeal = (api = admin, more = {}) => api.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, ...more })
const key = () => `key-${Math.random()}`

test('a repeated request with the same key does its work once and answers the same', async () => {
  const headers = { 'idempotency-key': key() }
  const all = await Promise.all(Array.from({ length: 5 }, () => admin('POST', '/api/deals', { title: 'Один раз', funnel_id: funnel.id }, { headers })))
  assert.deepEqual(all.map((r) => r.status), [201, 201, 201, 201, 201])
  assert.equal(new Set(all.map((r) => r.text)).size, 1)
  assert.equal(new Set(all.map((r) => r.headers.get('voronka-change'))).size, 1)
  assert.equal((await admin.list('/api/deals', { filter: 'title = "Один раз"', count: 1 })).count, 1)
})

test('the same key with another body, path or person is another matter', async () => {
  const headers = { 'idempotency-key': key() }
  await admin.must(201)('POST', '/api/tags', { name: 'раз' }, { headers })
  for (const [path, body] of [['/api/tags', { name: 'два' }], ['/api/sources', { name: 'раз' }]]) {
    const r = await admin('POST', path, body, { headers })
    assert.deepEqual([r.status, r.body.code], [422, 'idempotency_mismatch'])
  }
  await seller.must(201)('POST', '/api/tags', { name: 'три' }, { headers })
})

test('a refused request does not use its key up', async () => {
  const headers = { 'idempotency-key': key() }
  assert.equal((await admin('POST', '/api/deals', { title: '' }, { headers })).status, 422)
  const d = await newDeal()
  const first = await admin('DELETE', `/api/deals/${d.id}`, undefined, { headers })
  const again = await admin('DELETE', `/api/deals/${d.id}`, undefined, { headers })
  assert.deepEqual([first.status, again.status], [204, 204])
  for (const bad of ['', 'x'.repeat(129), 'with blank'])
    assert.equal((await admin('DELETE', '/api/deals/1', undefined, { headers: { 'idempotency-key': bad } })).body.code, 'bad_idempotency_key')
})

test('of two people who edit the same version one is told', async () => {
  const d = await newDeal()
  const headers = { 'if-match': `"${d.version}"` }
  const all = await Promise.all([1, 2].map((i) => admin('PATCH', `/api/deals/${d.id}`, { value_minor: i }, { headers })))
  assert.deepEqual(all.map((r) => r.status).sort(), [200, 412])
  assert.equal(all.find((r) => r.status === 412).body.code, 'stale_version')
  const now = await admin.get(`/api/deals/${d.id}`)
  await admin.must(200)('PATCH', `/api/deals/${d.id}`, { value_minor: 9 }, { headers: { 'if-match': `"${now.version}"` } })
  assert.equal((await admin('DELETE', `/api/deals/${d.id}`, undefined, { headers })).status, 412)
  assert.equal((await admin('PATCH', `/api/deals/${d.id}`, {}, { headers: { 'if-match': 'seven' } })).body.code, 'bad_if_match')
})

test('what changes nothing leaves version and history alone', async () => {
  const d = await newDeal()
  const r = await admin.must(200)('PATCH', `/api/deals/${d.id}`, { title: 'Сделка' })
  assert.equal(r.body.version, d.version)
  assert.equal(r.headers.get('voronka-change'), null)
  assert.equal((await admin.list(`/api/deals/${d.id}/timeline`)).items.length, 1)
})

test('undo takes a move back, and undo of undo brings it again', async () => {
  const d = await newDeal()
  const moved = await admin.must(200)('PATCH', `/api/deals/${d.id}`, { stage_id: won.id })
  const undo = (change_id, api = admin) => api('POST', '/api/undo', { change_id })
  const back = await undo(Number(moved.headers.get('voronka-change')))
  assert.equal(back.body.undone, 1)
  const now = await admin.get(`/api/deals/${d.id}`)
  assert.deepEqual([now.stage_id, now.status, now.closed_at], [stages[0].id, 'open', null])
  const { items } = await admin.list(`/api/deals/${d.id}/timeline`)
  assert.deepEqual([items[0].via, items[0].undoes], ['undo', items[1].seq])
  const twice = await undo(Number(moved.headers.get('voronka-change')))
  assert.deepEqual([twice.status, twice.body.code], [409, 'already_undone'])
  await undo(back.body.change_id)
  assert.equal((await admin.get(`/api/deals/${d.id}`)).status, 'won')
})

test('undo refuses where a later change stands on it', async () => {
  const d = await newDeal()
  const moved = await admin.must(200)('PATCH', `/api/deals/${d.id}`, { value_minor: 1 })
  await admin.patch(`/api/deals/${d.id}`, { value_minor: 2 })
  const r = await admin('POST', '/api/undo', { change_id: Number(moved.headers.get('voronka-change')) })
  assert.deepEqual([r.status, r.body.code, r.body.field], [409, 'undo_conflict', 'value_minor'])
  assert.equal((await admin('POST', '/api/undo', { change_id: 999999 })).status, 404)
})

test('a seller takes back only what they did; a head what anybody did', async () => {
  const d = await newDeal(seller)
  const theirs = await head.must(200)('PATCH', `/api/deals/${d.id}`, { value_minor: 5 })
  const change_id = Number(theirs.headers.get('voronka-change'))
  assert.equal((await seller('POST', '/api/undo', { change_id })).body.code, 'undo_forbidden')
  const own = await seller.must(200)('PATCH', `/api/deals/${d.id}`, { title: 'Своё' })
  await seller.must(200)('POST', '/api/undo', { change_id: Number(own.headers.get('voronka-change')) })
  await head.must(200)('POST', '/api/undo', { change_id })
  const user = await admin.must(200)('PATCH', '/api/users/1', { name: 'Главный' })
  assert.equal((await head('POST', '/api/undo', { change_id: Number(user.headers.get('voronka-change')) })).status, 403)
})

test('events come to every listener, complete and in the order of the journal', async () => {
  const since = (await admin.get('/api/boot')).seq
  const streams = await Promise.all([admin.events({ since }), seller.events({ since }), admin.events({}, { 'last-event-id': String(since) })])
  const writers = [admin, head, seller]
  await Promise.all(writers.map(async (api) => {
    for (let i = 0; i < 20; i++) await newDeal(api, { title: `поток ${i}` })
  }))
  const last = (await admin.get('/api/boot')).seq
  for (const s of streams) {
    await s.next((e) => e.data.seq === last)
    const seqs = s.all.map((e) => e.data.seq)
    assert.deepEqual(seqs, Array.from({ length: last - since }, (_, i) => since + 1 + i))
    assert.ok(s.all.every((e) => e.event === 'change' && e.id === String(e.data.seq)))
    s.close()
  }
  const e = streams[0].all[0].data
  assert.deepEqual(Object.keys(e), ['seq', 'at', 'actor_id', 'via', 'kind', 'object', 'object_id', 'change_id', 'cause', 'undoes', 'set'])
})

test('a listener who comes back continues where they were, and starts over when that is too long ago', async () => {
  const since = (await admin.get('/api/boot')).seq
  for (let i = 0; i < 5; i++) await newDeal()
  const back = await admin.events({}, { 'last-event-id': String(since + 2) })
  assert.equal((await back.next()).data.seq, since + 3)
  back.close()
  await Promise.all(Array.from({ length: 12 }, async () => {
    for (let i = 0; i < 100; i++) await newDeal()
  }))
  await admin.get('/api/boot')
  const late = await admin.events({ since })
  assert.equal((await late.next()).event, 'reset')
  late.close()
})

test('events survive a restart of the server', async () => {
  const first = await startServer()
  const a = await first.admin()
  const since = (await a.get('/api/boot')).seq
  const tag = await a.create('/api/tags', { name: 'до остановки' })
  await first.stop()
  const second = await startServer({ place: first.place })
  const again = second.as(a.session)
  const stream = await again.events({ since })
  assert.equal((await stream.next((e) => e.event === 'change')).data.object_id, tag.id)
  stream.close()
  await second.stop()
})

test('signing out ends one’s streams', async () => {
  const api = await server.signIn('head@example.ru', 'пароль для тестов')
  const stream = await api.events({})
  await api.del('/api/session')
  const until = Date.now() + 20000
  while (!stream.ended && Date.now() < until) await new Promise((done) => setTimeout(done, 20))
  assert.ok(stream.ended)
})

test('journal and rows agree after all this', async () => {
  const r = await cli(['check', ...server.place, '--json'])
  assert.equal(r.code, 0, r.out + r.err)
  assert.deepEqual(JSON.parse(r.out).problems, [])
})

test('a backup of the living server comes back as it was', async () => {
  const file = scratchFile('backup.vbk')
  const made = await cli(['backup', ...server.place, '--file', file, '--json'])
  assert.equal(made.code, 0, made.err)
  const there = (await startServer()).place
  const spoiled = await cli(['restore', ...there, '--file', file])
  assert.equal(spoiled.code, 1, 'a place in use or with data is not overwritten')
  const { freshPlace } = await import('./harness.mjs')
  const place = emptyPlace()
  const back = await cli(['restore', ...place, '--file', file])
  assert.equal(back.code, 0, back.err)
  const copy = await startServer({ place })
  const api = copy.as(admin.session)
  const params = { count: 1, sum: 'value_minor', limit: 100 }
  assert.deepEqual(await api.list('/api/deals', params), await admin.list('/api/deals', params))
  assert.equal((await cli(['check', ...place])).code, 0)
  await copy.stop()
})

test('people are kept at the command line, too', async () => {
  const add = await cli(['user', 'add', ...server.place, '--name', 'Вера', '--email', 'vera@example.ru', '--role', 'head', '--json'], { env: { VORONKA_PASSWORD: 'пароль для тестов' } })
  assert.equal(add.code, 0, add.err)
  const vera = await server.signIn('vera@example.ru', 'пароль для тестов')
  assert.equal((await vera.get('/api/session')).user.role, 'head')
  assert.equal((await cli(['user', 'password', ...server.place, '--email', 'Vera@example.ru'], { env: { VORONKA_PASSWORD: 'совсем другой пароль' } })).code, 0)
  await eventually(async () => (await vera('GET', '/api/session')).status === 401, 'the end of the session')
  const off = await cli(['user', 'off', ...server.place, '--email', 'vera@example.ru'])
  assert.equal(off.code, 0, off.err)
  await assert.rejects(server.signIn('vera@example.ru', 'совсем другой пароль'), { status: 401 })
  const list = JSON.parse((await cli(['user', 'list', ...server.place, '--json'])).out)
  assert.equal(list.find((u) => u.email === 'vera@example.ru').active, false)
  const weak = await cli(['user', 'add', ...server.place, '--name', 'Х', '--email', 'x@example.ru'], { env: { VORONKA_PASSWORD: 'x' } })
  assert.equal(weak.code, 1)
})
