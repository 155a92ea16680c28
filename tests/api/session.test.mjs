import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adminPassword, peopleOf, serve } from './harness.mjs'

const server = await serve({ passwords: true }) // hashing as it is: it has a queue

test('the administrator of the first start signs in and out', async () => {
  const admin = await server.admin()
  assert.equal((await admin.get('/api/session')).user.role, 'admin')
  assert.ok(server.stdout.includes('admin@voronka.local'))
  assert.ok(!server.stdout.includes(adminPassword), 'a given password is not printed')
  await admin.del('/api/session')
  assert.equal((await admin('GET', '/api/session')).status, 401)
})

test('the session cookie is out of reach of scripts and of other sites', async () => {
  const r = await server.anon('POST', '/api/session', { email: 'admin@voronka.local', password: adminPassword })
  const cookie = r.headers.get('set-cookie')
  assert.match(cookie, /HttpOnly/)
  assert.match(cookie, /SameSite=Lax/)
  assert.match(cookie, /Path=\//)
})

test('a write with the cookie but without the CSRF token is refused', async () => {
  const admin = await server.admin()
  for (const token of ['', 'x'.repeat(43)]) {
    const r = await admin('POST', '/api/tags', { name: 'чужая' }, { headers: { 'x-csrf-token': token } })
    assert.equal(r.status, 403)
    assert.equal(r.body.code, 'bad_csrf')
  }
  assert.equal((await admin.list('/api/tags', { count: 1 })).count, 0)
})

test('an API token needs no CSRF token, is shown once and ends when deleted', async () => {
  const admin = await server.admin()
  const made = await admin.create('/api/tokens', { name: 'выгрузка' })
  assert.match(made.token, /^vrk_/)
  const robot = server.as({ token: made.token })
  const tag = await robot.create('/api/tags', { name: 'от робота' })
  const list = await admin.get('/api/tokens')
  assert.deepEqual(list.items.map((t) => [t.id, t.name, 'token' in t]), [[made.id, 'выгрузка', false]])
  const events = await admin.events({ since: 0 })
  const created = await events.next((e) => e.event === 'change' && e.data.object === 'tag' && e.data.object_id === tag.id)
  assert.equal(created.data.via, 'api')
  events.close()
  await admin.del(`/api/tokens/${made.id}`)
  assert.equal((await robot('GET', '/api/tags')).status, 401)
})

test('wrong credentials and an unknown e-mail are told apart by nothing', async () => {
  const one = await server.anon('POST', '/api/session', { email: 'admin@voronka.local', password: 'не тот' })
  const other = await server.anon('POST', '/api/session', { email: 'nobody@voronka.local', password: 'не тот' })
  assert.equal(one.status, 401)
  assert.deepEqual(one.body, other.body)
  assert.equal(one.body.code, 'bad_credentials')
})

test('guessing is slowed down, for that person only', async () => {
  const statuses = []
  let last
  for (let i = 0; i < 8; i++) {
    last = await server.anon('POST', '/api/session', { email: 'Target@voronka.local', password: `попытка ${i}` })
    statuses.push(last.status)
  }
  assert.deepEqual(statuses.slice(0, 5), [401, 401, 401, 401, 401])
  assert.equal(last.status, 429)
  assert.equal(last.body.code, 'login_throttled')
  assert.ok(Number(last.headers.get('retry-after')) >= 1)
  const cased = await server.anon('POST', '/api/session', { email: 'tARGET@voronka.local', password: 'x' })
  assert.equal(cased.status, 429, 'another case is the same person')
  await server.admin()
})

test('many sign-ins at once all get their answer', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => server.admin()))
  for (const a of all) assert.equal((await a.get('/api/session')).user.id, 1)
})

test('a form of another site cannot sign anybody in', async () => {
  const r = await server.anon('POST', '/api/session', undefined, {
    raw: JSON.stringify({ email: 'admin@voronka.local', password: adminPassword }),
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(r.status, 400)
  assert.equal(r.body.code, 'bad_content_type')
})

test('a new password ends the other sessions and the old password', async () => {
  const { head } = await peopleOf(server)
  const other = await server.signIn('head@example.ru', 'пароль для тестов')
  const wrong = await head('POST', '/api/session/password', { old: 'не тот', new: 'совсем новый пароль' })
  assert.equal(wrong.status, 422)
  assert.equal(wrong.body.field, 'old')
  const weak = await head('POST', '/api/session/password', { old: 'пароль для тестов', new: 'abc' })
  assert.deepEqual([weak.status, weak.body.code, weak.body.field], [422, 'weak_password', 'new'])
  await head.must(204)('POST', '/api/session/password', { old: 'пароль для тестов', new: 'совсем новый пароль' })
  assert.equal((await other('GET', '/api/session')).status, 401)
  await head.get('/api/session')
  await assert.rejects(server.signIn('head@example.ru', 'пароль для тестов'), { status: 401 })
  await server.signIn('head@example.ru', 'совсем новый пароль')
})

test('who is switched off or loses a role feels it at once', async () => {
  const admin = await server.admin()
  const user = await admin.create('/api/users', { name: 'Пётр', email: 'petr@example.ru', role: 'seller', password: 'пароль для тестов' })
  const petr = await server.signIn('petr@example.ru', 'пароль для тестов')
  await petr.create('/api/tags', { name: 'тёплый' })
  await admin.patch(`/api/users/${user.id}`, { role: 'observer' })
  assert.equal((await petr('POST', '/api/tags', { name: 'холодный' })).status, 403)
  await admin.patch(`/api/users/${user.id}`, { active: false })
  assert.equal((await petr('GET', '/api/tags')).status, 401)
  await assert.rejects(server.signIn('petr@example.ru', 'пароль для тестов'), { status: 401 })
})

test('a person changes their own name and language, nothing else', async () => {
  const admin = await server.admin()
  const user = await admin.create('/api/users', { name: 'Анна', email: 'anna@example.ru', role: 'seller', password: 'пароль для тестов' })
  const anna = await server.signIn('anna@example.ru', 'пароль для тестов')
  assert.equal((await anna.patch(`/api/users/${user.id}`, { name: 'Анна П.', locale: 'en' })).name, 'Анна П.')
  assert.equal((await anna('PATCH', `/api/users/${user.id}`, { role: 'admin' })).status, 403)
  assert.equal((await anna('PATCH', `/api/users/${user.id}`, { password: 'другой пароль' })).status, 403)
  assert.equal((await anna('PATCH', '/api/users/1', { name: 'Взломан' })).status, 403)
  const problem = await anna('GET', '/api/deals/999999')
  assert.match(problem.body.detail, /Not found/, 'errors now come in English')
})

test('password hashes never leave the server', async () => {
  const admin = await server.admin()
  const texts = [await admin('GET', '/api/users'), await admin('GET', '/api/boot'), await admin('GET', '/api/users/1')]
  const stream = await admin.events({ since: 0 })
  await new Promise((done) => setTimeout(done, 300))
  stream.close()
  const told = JSON.stringify(stream.all).replaceAll('"password_hash":[null,null]', '') // that it changed, not to what
  for (const t of [...texts.map((r) => r.text), told]) assert.ok(!/argon2|password_hash|token_hash/.test(t))
  assert.equal((await admin('GET', '/api/users?filter=' + encodeURIComponent('password_hash ~ "a"'))).body.code, 'bad_filter')
  assert.equal((await admin('GET', '/api/users?sort=password_hash')).body.code, 'bad_sort')
})

test('one-click sign-in exists only in demo mode', async () => {
  assert.deepEqual(await server.anon.get('/api/demo'), { demo: false })
  assert.equal((await server.anon('POST', '/api/demo/session', { user_id: 1 })).status, 404)
})

test('in demo mode whoever sits at the machine signs in with one click', async () => {
  const { startServer } = await import('./harness.mjs')
  const demo = await startServer({ args: ['--demo'] })
  const { people } = await demo.anon.get('/api/demo')
  assert.deepEqual(people.map((p) => p.role), ['admin'])
  const r = await demo.anon('POST', '/api/demo/session', { user_id: people[0].user_id })
  assert.equal(r.status, 200)
  const me = demo.as({ cookie: r.headers.get('set-cookie').split(';')[0], csrf: r.body.csrf })
  assert.equal((await me.get('/api/boot')).settings.demo, true)
  assert.equal((await demo.anon('POST', '/api/demo/session', { user_id: 12345 })).status, 404)
  const proxied = { headers: { 'x-forwarded-for': '203.0.113.7' } }
  assert.deepEqual((await demo.anon('GET', '/api/demo', undefined, proxied)).body, { demo: false }, 'not from afar through a proxy')
  assert.equal((await demo.anon('POST', '/api/demo/session', { user_id: 1 }, proxied)).status, 404)
  await demo.stop()
})
