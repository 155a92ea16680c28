// A person's account: the second factor, sessions, invitations, API tokens for one thing, the log of sign-ins.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { cli, eventually, funnelOf, peopleOf, serve, signIn } from './harness.mjs'

const server = await serve()
const { admin, head, seller, observer } = await peopleOf(server)
const password = 'пароль для тестов'
const idOf = (api) => api.session.user.id

function code(secret, step) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}
const step = () => Math.floor(Date.now() / 30000)
const knock = (body) => server.anon('POST', '/api/session', body)
async function user(name, rest = {}) {
  const email = `${name}@example.ru`
  const made = await admin.create('/api/users', { name, email, role: 'seller', password, ...rest })
  return { ...made, api: await server.signIn(email, password) }
}
async function withFactor(name) {
  const one = await user(name)
  const begun = (await one.api.must(200)('POST', '/api/session/totp')).body
  const now = step()
  const { recovery_codes } = (await one.api.must(200)('POST', '/api/session/totp/confirm', { code: code(begun.secret, now - 1) })).body
  return { ...one, ...begun, recovery_codes, now }
}

test('with a second factor the password alone opens nothing, and no code opens twice', async () => {
  const one = await withFactor('olga')
  assert.match(one.uri, /^otpauth:\/\/totp\/.*olga%40example\.ru\?secret=[A-Z2-7]{32}&issuer=/)
  assert.match(one.qr_svg, /^<svg .*<\/svg>$/)
  assert.equal(one.recovery_codes.length, 10)
  assert.equal((await one.api.get('/api/session')).user.totp, true)
  const me = { email: 'olga@example.ru', password }
  const refusal = async (body, want) => {
    const r = await knock({ ...me, ...body })
    assert.deepEqual([r.status, r.body.code, r.headers.get('set-cookie')], [401, want, null])
  }
  await refusal({}, 'code_needed')
  await refusal({ password: 'не тот', code: code(one.secret, one.now) }, 'bad_credentials')
  await refusal({ code: code(one.secret, one.now + 40) }, 'bad_code')
  await refusal({ code: code(one.secret, one.now - 1) }, 'bad_code') // the one that switched it on
  assert.equal((await knock({ ...me, code: code(one.secret, one.now) })).status, 200)
  await refusal({ code: code(one.secret, one.now) }, 'bad_code')
  assert.equal((await knock({ ...me, code: code(one.secret, one.now + 1) })).status, 200)
  const [first] = one.recovery_codes
  assert.equal((await knock({ ...me, code: ` ${first.toLowerCase()} ` })).status, 200)
  await refusal({ code: first }, 'bad_code')
  assert.equal((await one.api('POST', '/api/session/totp')).body.code, 'totp_is_on')
  assert.deepEqual([(await one.api('POST', '/api/session/totp/off', { password: 'не тот' })).body.code], ['wrong_password'])
  await one.api.must(204)('POST', '/api/session/totp/off', { password })
  assert.equal((await knock(me)).status, 200)
  const off = (await admin.get('/api/history?objects=user&limit=100')).items.find((ev) => ev.set.totp?.[1] === false)
  assert.equal((await admin('POST', '/api/undo', { change_id: off.change_id })).body.code, 'not_undoable', 'its secret is gone')
})

test('a secret counts only when a code has proved it; codes are not guessed', async () => {
  const one = await user('pavel')
  assert.equal((await one.api('POST', '/api/session/totp/confirm', { code: '123456' })).body.code, 'totp_not_begun')
  await one.api.must(200)('POST', '/api/session/totp')
  assert.equal((await one.api('POST', '/api/session/totp/confirm', { code: 'abc' })).body.code, 'bad_code')
  assert.equal((await knock({ email: 'pavel@example.ru', password })).status, 200)
  const two = await withFactor('inna')
  let last
  for (let i = 0; i < 8; i++) last = await knock({ email: 'inna@example.ru', password, code: String(100000 + i) })
  assert.deepEqual([last.status, last.body.code], [429, 'login_throttled'])
  assert.equal((await knock({ email: 'inna@example.ru', password, code: code(two.secret, two.now) })).status, 429, 'even with the right one')
})

test('an administrator helps who has lost the telephone, here and on the command line', async () => {
  const one = await withFactor('roman')
  const two = await withFactor('rita')
  assert.equal((await seller('POST', `/api/users/${one.id}/reset-totp`)).status, 403)
  await admin.must(204)('POST', `/api/users/${one.id}/reset-totp`)
  assert.equal((await knock({ email: 'roman@example.ru', password })).status, 200)
  const done = await cli(['user', 'reset-totp', ...server.place, '--email', 'rita@example.ru'])
  assert.equal(done.code, 0, done.err)
  assert.equal((await knock({ email: 'rita@example.ru', password })).status, 200)
  assert.equal((await two.api.get('/api/session')).user.totp, false)
})

test('sessions are seen with their place and ended', async () => {
  const one = await user('sergey')
  const phone = await signIn(server.url, 'sergey@example.ru', password, { 'user-agent': 'Phone/1', 'x-forwarded-for': '203.0.113.7' })
  const list = (await one.api.get('/api/sessions')).items
  assert.equal(list.length, 2)
  const other = list.find((s) => !s.current)
  assert.deepEqual([other.agent, other.address], ['Phone/1', '203.0.113.7'])
  assert.ok(Date.now() - other.last_seen_at < 60000)
  const stranger = (await admin.get('/api/sessions')).items[0]
  assert.equal((await one.api('DELETE', `/api/sessions/${stranger.id}`)).status, 404)
  await one.api.del(`/api/sessions/${other.id}`)
  assert.equal((await phone('GET', '/api/session')).status, 401)
  assert.equal((await one.api.get('/api/sessions')).items.length, 1)
  assert.equal((await seller('GET', `/api/users/${one.id}/sessions`)).status, 403)
  assert.equal((await admin.get(`/api/users/${one.id}/sessions`)).items.length, 1)
  const token = await one.api.create('/api/tokens', { name: 'робот' })
  await admin.must(204)('DELETE', `/api/users/${one.id}/sessions`)
  assert.equal((await one.api('GET', '/api/session')).status, 401)
  assert.equal((await server.as({ token: token.token })('GET', '/api/tags')).status, 401, 'tokens end with all the rest')
  await admin.must(204)('DELETE', `/api/users/${idOf(admin)}/sessions`)
  await admin.get('/api/session')
})

test('an invitation sets a password once, within three days', async () => {
  const made = await admin.create('/api/users', { name: 'Новичок', email: 'new@example.ru', role: 'seller' })
  assert.equal((await knock({ email: 'new@example.ru', password })).status, 401)
  const invite = async () => (await admin.must(200)('POST', `/api/users/${made.id}/invite`)).body
  assert.equal((await head('POST', `/api/users/${made.id}/invite`)).status, 403)
  const old = await invite()
  const { link, expires_at } = await invite()
  assert.ok(link.startsWith(`${server.url}/invite/`), link)
  assert.ok(Math.abs(expires_at - Date.now() - 72 * 3600000) < 60000)
  const token = link.split('/').at(-1)
  const accept = (body, options) => server.anon('POST', '/api/invite', body, options)
  assert.equal((await accept({ token: old.link.split('/').at(-1), password: 'вполне надёжный' })).body.code, 'bad_invite', 'a later link replaces it')
  assert.equal((await accept({ token, password: 'коротко' })).body.code, 'weak_password')
  assert.equal((await accept({ token, password: 'йцукенгш' })).body.code, 'easy_password')
  assert.equal((await accept(undefined, { raw: JSON.stringify({ token, password: 'вполне надёжный' }), headers: { 'content-type': 'text/plain' } })).status, 400)
  const r = await accept({ token, password: 'вполне надёжный', name: 'Никита Новиков' })
  assert.deepEqual([r.status, r.body.user.name], [200, 'Никита Новиков'])
  assert.ok(r.headers.get('set-cookie'), 'one comes in at once')
  assert.deepEqual([(await accept({ token, password: 'ещё надёжнее' })).status], [404])
  const back = await server.signIn('new@example.ru', 'вполне надёжный')
  const again = (await invite()).link.split('/').at(-1)
  await admin.patch(`/api/users/${made.id}`, { active: false })
  assert.equal((await accept({ token: again, password: 'вполне надёжный' })).status, 404, 'who has left does not come back by a link')
  assert.equal((await back('GET', '/api/session')).status, 401)
})

test('a forgotten password is set anew by a link; the second factor stays', async () => {
  const one = await withFactor('taisia')
  const { link } = (await admin.must(200)('POST', `/api/users/${one.id}/invite`)).body
  const r = await server.anon('POST', '/api/invite', { token: link.split('/').at(-1), password: 'новый надёжный' })
  assert.deepEqual([r.status, r.headers.get('set-cookie')], [204, null])
  assert.equal((await one.api('GET', '/api/session')).status, 401, 'old sessions end')
  assert.equal((await knock({ email: 'taisia@example.ru', password: 'новый надёжный' })).body.code, 'code_needed')
})

test('a keeper of people has no power over who may more', async () => {
  const role = await admin.create('/api/roles', { name: 'Кадры', base: 'head', rights: { can: ['users'] } })
  const keeper = await user('keeper', { role: undefined, role_id: role.id })
  for (const [method, path] of [['POST', 'invite'], ['POST', 'reset-totp'], ['GET', 'sessions'], ['DELETE', 'sessions']])
    assert.equal((await keeper.api(method, `/api/users/${idOf(admin)}/${path}`)).status, 403, path)
  assert.equal((await keeper.api('POST', `/api/users/424242/invite`)).status, 404)
})

test('an API token does only what it was made for, and only until its day', async () => {
  const token = async (body) => server.as({ token: (await admin.create('/api/tokens', { name: 'т', ...body })).token })
  const robot = await token({ scopes: ['contacts:write', 'deals:read'] })
  const contact = await robot.create('/api/contacts', { name: 'от робота' })
  await robot.get(`/api/contacts/${contact.id}`)
  await robot.get('/api/deals')
  await robot.get('/api/session')
  for (const [method, path] of [['POST', '/api/deals'], ['GET', '/api/companies'], ['GET', '/api/boot'], ['GET', '/api/users'], ['POST', '/api/undo'], ['GET', '/api/events'], ['POST', '/api/tokens']]) {
    const r = await robot(method, path, method === 'POST' ? {} : undefined)
    assert.deepEqual([r.status, r.body.code], [403, 'scope_missing'], path)
  }
  const reader = await token({ scopes: ['*:read'], expires_at: Date.now() + 4000 })
  await reader.get('/api/companies')
  assert.equal((await reader('POST', '/api/companies', { name: 'x' })).status, 403)
  const list = (await admin.get('/api/tokens')).items
  assert.deepEqual(list.slice(-2).map((t) => t.scopes), [['contacts:write', 'deals:read'], ['*:read']])
  assert.ok(list.at(-1).expires_at > Date.now() - 5000)
  await new Promise((done) => setTimeout(done, list.at(-1).expires_at - Date.now() + 200))
  assert.equal((await reader('GET', '/api/companies')).status, 401)
  const all = await token({})
  for (const path of ['/api/tokens', '/api/session/totp', '/api/session/password', '/api/session/totp/off', `/api/users/${idOf(seller)}/invite`])
    assert.equal((await all('POST', path, { name: 'ещё один', old: 'x', new: 'y', password: 'z' })).body.code, 'not_for_tokens', path)
  for (const body of [{ scopes: ['deals'] }, { scopes: ['deals:delete'] }, { scopes: ['nothing:read'] }, { scopes: [] }]) assert.equal((await admin('POST', '/api/tokens', { name: 'т', ...body })).body.code, 'bad_scope')
  assert.equal((await admin('POST', '/api/tokens', { name: 'т', scopes: 'deals:read' })).status, 400)
  assert.equal((await admin('POST', '/api/tokens', { name: 'т', expires_at: 1 })).body.code, 'bad_expiry')
})

test('what an API token was not made for is out of its sight everywhere', async () => {
  const { funnel, stages } = await funnelOf(admin)
  const contact = await admin.create('/api/contacts', { name: 'Секретов Лев' })
  const deal = await admin.create('/api/deals', { title: 'на виду', funnel_id: funnel.id, stage_id: stages[0].id, contact_id: contact.id })
  const made = await admin.create('/api/tokens', { name: 'сделки', scopes: ['deals:read', 'search:read'] })
  const robot = server.as({ token: made.token })
  assert.equal((await robot.get(`/api/deals/${deal.id}`)).title, 'на виду')
  assert.doesNotMatch(JSON.stringify(await robot.get(`/api/board/${funnel.id}`)), /Секретов/)
  assert.deepEqual((await robot.get(`/api/deals?filter=${encodeURIComponent('contact_id.name ~ "Секретов"')}`)).items, [])
  assert.deepEqual((await robot.get(`/api/search?q=${encodeURIComponent('Секретов')}`)).items, [])
})

test('who came in and who tried to is written down for a year', async () => {
  const one = await user('vera')
  await knock({ email: 'VERA@example.ru', password: 'не тот' })
  await knock({ email: 'nobody@example.ru', password: 'не тот' })
  await eventually(async () => (await one.api.get('/api/sign-ins')).items.length === 2, 'both sign-ins of hers')
  await eventually(async () => (await admin.get('/api/sign-ins?limit=500')).items.some((x) => x.email === 'nobody@example.ru'), 'that of nobody')
  const own = (await one.api.get('/api/sign-ins')).items
  assert.deepEqual(own.map((x) => [x.how, x.ok]), [['password', false], ['password', true]])
  assert.equal(own[0].email, 'VERA@example.ru')
  assert.equal(own[0].address, '127.0.0.1')
  assert.equal((await one.api('GET', `/api/sign-ins?user_id=${idOf(admin)}`)).status, 403)
  assert.equal((await one.api.get('/api/sign-ins?limit=1')).items.length, 1)
  const all = (await admin.get('/api/sign-ins?limit=500')).items
  assert.ok(all.some((x) => x.email === 'nobody@example.ru' && x.user_id === null && !x.ok))
  for (const how of ['password', 'totp', 'recovery', 'invite']) assert.ok(all.some((x) => x.how === how && x.ok), how)
  assert.ok(all.some((x) => x.how === 'totp' && !x.ok), 'a wrong code, too')
  const pages = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await admin.get(`/api/sign-ins?user_id=${one.id}&limit=1&cursor=${cursor}`)
    pages.push(...page.items)
    cursor = page.next_cursor
  }
  assert.equal(pages.length, 2)
  assert.ok(!JSON.stringify(all).includes('не тот'))
})

test('passwords that everybody tries first are refused', async () => {
  for (const [weak, want] of [['short', 'weak_password'], ['12345678', 'easy_password'], ['qwertyui', 'easy_password'], ['аааааааа', 'easy_password'], ['Password1', 'easy_password'], ['ПАРОЛЬ123', 'easy_password']])
    assert.equal((await observer('POST', '/api/session/password', { old: password, new: weak })).body.code, want, weak)
})
