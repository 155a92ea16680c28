import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, funnelOf, peopleOf, root, serve } from './harness.mjs'

const server = await serve()
const people = await peopleOf(server)
const { admin } = people
const spec = await server.anon.get('/api/openapi.json')
const routes = Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, op]) => ({ method: method.toUpperCase(), path, op })))

const manage = ['admin', 'head'], sell = [...manage, 'seller'], all = [...sell, 'observer']
const nouns = { deals: sell, contacts: sell, companies: sell, tasks: sell, notes: sell, 'deal-products': sell, tags: sell, funnels: manage, stages: manage, products: manage, sources: manage, campaigns: manage, 'loss-reasons': manage, 'deal-classes': manage, users: ['admin'], webhooks: ['admin'], teams: ['admin'], roles: ['admin'], 'deal-members': sell, 'contact-points': sell, files: sell, 'custom-fields': manage, 'field-options': manage, layouts: manage, views: all,
  gates: manage, goals: manage, triggers: manage, buyers: sell, classifiers: manage, competitors: sell, 'competitor-offers': sell, waits: manage, involvements: manage, 'funnel-drafts': manage, 'regulation-reads': all, reviews: all, 'review-items': all,
  dashboards: all, subscriptions: all, plans: manage, kpis: manage, 'pay-schemes': manage, 'ad-costs': manage, 'currency-rates': manage, touches: sell, programmes: manage, findings: all }

// Written down by hand, apart from the server's table: who may do what.
function rights(method, path) {
  const noun = path.split('/')[2]
  const [, , , second, third] = path.split('/')
  if (path === '/api/invite' || ['/api/health', '/api/openapi.json', '/api/docs', '/api/demo', '/api/demo/session'].includes(path) || (method === 'POST' && path === '/api/session')) return null
  if (['lint', 'automation'].includes(noun)) return manage
  if (['compare', 'impact', 'waiting'].includes(third) || (second === 'export' && ['triggers', 'funnel-drafts', 'pay-schemes'].includes(noun))) return manage
  if (path === '/api/plans/spread' || path === '/api/pay-schemes/try') return manage
  if (noun === 'hooks') return null // whoever knows the address
  if (path === '/api/undo') return all // one's own changes: of a view, of one's name
  if (noun === 'presets') return method === 'GET' ? all : manage
  if (['system', 'backups', 'archives', 'mail'].includes(noun)) return ['admin']
  if (noun === 'settings' && (method === 'PATCH' || second === 'history')) return manage
  if (['uploads', 'imports'].includes(noun)) return sell
  if (!nouns[noun]) return all
  if (noun === 'webhooks') return ['admin']
  if (noun === 'users' && ['sessions', 'invite', 'reset-totp', 'hand-over'].includes(third)) return ['admin']
  if (['personal-data', 'restrict', 'erase'].includes(third)) return ['admin']
  if (third === 'usage') return manage
  if (third === 'merge') return ['contacts', 'companies'].includes(noun) ? sell : manage
  if (second === 'bulk') return sell
  if (third === 'override') return manage
  if (second === 'export') return ['deals', 'contacts', 'companies', 'tasks', 'notes', 'products', 'files', 'deal-products', 'deal-members', 'contact-points', 'buyers', 'competitor-offers', 'touches'].includes(noun) ? sell : all
  if (method === 'GET') return all
  if (noun === 'users' && method === 'PATCH') return all // one's own name and language; session.test.mjs
  return nouns[noun]
}
// POST /api/session/password and DELETE /api/session would end the session of the test itself.
const harmless = ({ method, path }) => !(path.startsWith('/api/session') && method !== 'GET') && path !== '/api/events'
const at = (path) => path.replace('{id}', '987654').replace('{funnel_id}', '987654').replace('{name}', 'none').replace('{report}', 'none')

test('every route lets in exactly the roles it should', async () => {
  assert.ok(routes.length > 80)
  for (const route of routes.filter(harmless)) {
    const may = rights(route.method, route.path)
    assert.deepEqual(route.op['x-roles'], may ?? [], `${route.method} ${route.path}`)
    for (const [role, api] of Object.entries(people)) {
      const r = await api(route.method, at(route.path), ['POST', 'PATCH'].includes(route.method) ? {} : undefined)
      const refused = r.status === 403 && r.body.code === 'forbidden'
      const expected = may && !may.includes(role)
      if (route.path === '/api/users/{id}' && route.method === 'PATCH' && role !== 'admin') continue
      assert.equal(refused, Boolean(expected), `${role} ${route.method} ${route.path}: ${r.status} ${r.text.slice(0, 100)}`)
      assert.ok(r.status < 500, `${route.method} ${route.path}: ${r.status}`)
    }
  }
})

test('every route that is not public wants a sign-in', async () => {
  for (const { method, path, op } of routes) {
    const r = await server.anon(method, at(path), ['POST', 'PATCH'].includes(method) ? {} : undefined)
    if (op.security.length) assert.deepEqual([r.status, r.body?.code], [401, 'signed_out'], `${method} ${path}`)
    else assert.notEqual(r.body?.code, 'signed_out', `${method} ${path}`)
  }
})

test('every write by cookie wants the CSRF token', async () => {
  for (const { method, path, op } of routes) {
    if (method === 'GET' || !op.security.length) continue
    const r = await admin(method, at(path), {}, { headers: { 'x-csrf-token': '' } })
    assert.deepEqual([r.status, r.body.code], [403, 'bad_csrf'], `${method} ${path}`)
  }
})

test('OpenAPI names every schema it uses and describes what really comes', async () => {
  assert.equal(spec.openapi, '3.1.0')
  const used = JSON.stringify(spec).match(/#\/components\/schemas\/[\w-]+/g)
  for (const ref of new Set(used)) assert.ok(spec.components.schemas[ref.split('/').pop()], ref)
  const { funnel } = await funnelOf(admin)
  await admin.create('/api/deals', { title: 'Для описания', funnel_id: funnel.id })
  for (const noun of Object.keys(nouns)) {
    const { items } = await admin.list(`/api/${noun}`)
    const name = spec.paths[`/api/${noun}/{id}`].get.responses[200].content['application/json'].schema.$ref.split('/').pop()
    for (const [key, value] of Object.entries(items[0] ?? {})) {
      const field = spec.components.schemas[name].properties[key]
      assert.ok(field, `${noun}.${key}`)
      const types = [field.type].flat()
      const type = value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) && !types.includes('number') ? 'integer' : typeof value
      assert.ok(types.includes(type), `${noun}.${key} ${type}`)
    }
  }
})

test('the page of the API can be read without scripts and names every route', async () => {
  const page = await server.anon('GET', '/api/docs')
  assert.match(page.headers.get('content-type'), /text\/html/)
  assert.ok(!page.text.includes('<script'))
  for (const { path } of routes) assert.ok(page.text.includes(path), path)
})

const wrongBodies = [
  ['{', 400, 'bad_json'],
  ['', 400, 'bad_json'],
  ['[]', 400, 'body_not_object'],
  ['"text"', 400, null],
  ['{"title":"a","title":"b"}', 400, 'bad_json'],
  ['{"title":"a"} x', 400, 'bad_json'],
  ['{"title":"\xff\xfe"}', 400, 'bad_json', true],
  ['{"title":"a\\u0000b"}', null, null],
  ['{"title":"a\\u0007b"}', 422, 'control_character', false, 'title'],
  ['{"title":5}', 400, 'wrong_type', false, 'title'],
  ['{"title":"a","nonsense":1}', 400, 'unknown_field', false, 'nonsense'],
  ['{"title":"a","status":"won"}', 422, 'read_only_field', false, 'status'],
  ['{"title":"a","id":7}', null, null, false, 'id'],
  ['{"title":"a","value_minor":-1}', 422, 'out_of_range', false, 'value_minor'],
  ['{"title":"a","value_minor":1e300}', null, null, false, 'value_minor'],
  ['{"title":"a","value_minor":9223372036854775808}', 400, null],
  ['{"title":"a","value_minor":1.5}', 400, 'wrong_type', false, 'value_minor'],
  ['{"title":"a","stage_id":987654}', 422, 'ref_not_found', false, 'stage_id'],
  ['{"title":"a","tag_ids":[987654]}', 422, 'ref_not_found', false, 'tag_ids'],
  ['{"title":"a","tag_ids":5}', 400, 'wrong_type', false, 'tag_ids'],
  ['{"title":"a","expected_close_on":"2026-02-30"}', 422, 'bad_date', false, 'expected_close_on'],
  ['{"title":"a","currency":"RU"}', 422, null, false, 'currency'],
  ['{}', 422, 'required', false, 'title'],
  ['{"title":"   "}', 422, 'required', false, 'title'],
  [JSON.stringify({ title: 'я'.repeat(201) }), 422, 'too_long', false, 'title'],
  ['['.repeat(5000), 400, 'bad_json'],
]
test('a malformed body is refused with its reason and its field, and nothing is done', async () => {
  const before = (await admin.list('/api/deals', { count: 1 })).count
  for (const [raw, status, code, latin1, field] of wrongBodies) {
    const r = await admin('POST', '/api/deals', undefined, { raw: latin1 ? Buffer.from(raw, 'latin1') : raw })
    const what = raw.slice(0, 60)
    assert.ok(status ? r.status === status : r.status === 400 || r.status === 422, `${what}: ${r.status} ${r.text}`)
    assert.match(r.headers.get('content-type'), /application\/problem\+json/)
    if (code) assert.equal(r.body.code, code, what)
    if (field) assert.equal(r.body.field, field, what)
    if (r.body.field) assert.equal(r.body.errors[0].field, r.body.field)
    assert.equal(r.body.status, r.status)
    assert.ok(!r.body.detail.startsWith('error.'), what)
  }
  assert.equal((await admin.list('/api/deals', { count: 1 })).count, before)
})

test('unknown paths, methods and ids', async () => {
  assert.equal((await admin('GET', '/api/nothing')).body.code, 'not_found')
  const r = await admin('PUT', '/api/deals', {})
  assert.equal(r.status, 405)
  assert.match(r.headers.get('allow'), /GET/)
  assert.match(r.headers.get('allow'), /POST/)
  for (const id of ['0', '-1', 'abc', '99999999999999999999', '1.5']) assert.equal((await admin('GET', `/api/deals/${id}`)).status, 404, id)
  assert.equal((await admin('GET', '/api')).status, 404)
})

test('errors speak the language of whoever asks', async () => {
  const say = async (language) => (await server.anon('GET', '/api/deals', undefined, { headers: language ? { 'accept-language': language } : {} })).body.detail
  const russian = 'Войдите в систему.', english = 'Sign in first.'
  assert.equal(await say(), russian)
  assert.equal(await say('en-US,en;q=0.9'), english)
  assert.equal(await say('de,en;q=0.8'), english)
  assert.equal(await say('ru-RU,en;q=0.8'), russian)
  assert.equal(await say('de'), russian)
})

// err_set(e, RC_…, "code" and its like all over the sources.
test('every error that the program can raise has its words in both languages', async () => {
  const { execFileSync } = await import('node:child_process')
  const files = execFileSync('git', ['ls-files', 'src/*.c'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const codes = new Set()
  for (const f of files) {
    const text = readFileSync(join(root, f), 'utf8')
    for (const m of text.matchAll(/RC_[A-Z_]+,\s*"([a-z0-9_]+)"/g)) codes.add(m[1])
  }
  assert.ok(codes.size > 60)
  for (const language of ['ru', 'en']) {
    const words = JSON.parse(readFileSync(join(root, `i18n/${language}.json`), 'utf8'))
    const missing = [...codes].filter((c) => !words[`error.${c}`])
    assert.deepEqual(missing, [], language)
  }
})

test('the page of the application carries its boot data safely', async () => {
  const inlined = (html) => /<script type="application\/json" id="boot">([\s\S]*?)<\/script>/.exec(html)?.[1]
  const page = await server.anon('GET', '/')
  if (page.status === 404) return assert.equal(page.body.code, 'not_found') // built without the web application
  assert.equal(JSON.parse(inlined(page.text)), null)
  const tag = await admin.create('/api/tags', { name: '</script><script>alert(1)</script>' })
  const mine = await admin('GET', '/deals/5')
  assert.equal(mine.status, 200)
  const boot = JSON.parse(inlined(mine.text))
  assert.equal(boot.user.id, 1)
  assert.equal(boot.tags.find((t) => t.id === tag.id).name, '</script><script>alert(1)</script>')
  assert.equal(mine.headers.get('cache-control'), 'no-store')
  assert.match(mine.headers.get('content-security-policy'), /default-src 'self'/)
  assert.equal((await server.anon('GET', '/assets/none.js')).status, 404)
  assert.equal((await server.anon('POST', '/')).status, 405)
})

test('boot has everything the application needs to begin', async () => {
  const boot = await admin.get('/api/boot')
  assert.deepEqual(Object.keys(boot), ['user', 'csrf', 'seq', 'now', 'funnels', 'users', 'sources', 'campaigns', 'loss_reasons', 'deal_classes', 'tags', 'products', 'settings', 'version'])
  assert.ok(boot.funnels[0].stages.length > 0)
  for (const key of ['company', 'currency', 'time_zone', 'demo']) assert.ok(key in boot.settings, key)
})

test('an idle server is small', async () => {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1])
  assert.ok(rss < 60000, `${rss} KiB after a day's tests`)
})

test('a request that is half sent when the server ends does not hold it up', async () => {
  const { startServer } = await import('./harness.mjs')
  const other = await startServer()
  const { port, hostname } = new URL(other.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write('POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
  const api = await other.admin()
  const stream = await api.events({})
  const started = Date.now()
  const how = await other.stop()
  assert.deepEqual(how, { code: 0, signal: null })
  assert.ok(Date.now() - started < 12000)
  stream.close()
  socket.destroy()
})

test('the program explains itself', async () => {
  const help = await cli(['help'])
  assert.equal(help.code, 0)
  for (const word of ['serve', 'user', 'check', 'backup', 'restore', 'import', 'report', 'demo', 'version']) assert.ok(help.out.includes(`voronka ${word}`), word)
  assert.equal((await cli(['nonsense'])).code, 2)
  assert.equal((await cli(['serve', '--nonsense'])).code, 2)
  assert.match((await cli(['version'])).out, /^voronka \d/)
})
