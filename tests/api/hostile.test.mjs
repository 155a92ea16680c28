import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { funnelOf, peopleOf, serve, startServer } from './harness.mjs'

// What a hostile or careless client sends: it is refused in clear words or answered, and never breaks anything.
const server = await serve()
const people = await peopleOf(server)
const { admin } = people
const { funnel } = await funnelOf(admin)
await admin.create('/api/deals', { title: 'Обычная сделка', funnel_id: funnel.id })

const filtered = (noun, filter, more = '') => admin('GET', `/api/${noun}?filter=${encodeURIComponent(filter)}${more}`)
// fetch decodes leniently; an answer has to be UTF-8 to the byte.
async function strict(method, path, body) {
  const { cookie, csrf } = admin.session
  const r = await fetch(server.url + path, { method, headers: { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json' }, body })
  return { status: r.status, body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await r.arrayBuffer())) }
}

test('a filter as long or as nested as the limits allow is answered on every database', async () => {
  const leaves = ['id > 0', 'not title ~ "x"', 'not tag_ids has 1', 'not owner_id.name ~ "а"']
  for (const leaf of leaves) {
    for (const word of ['and', 'or']) assert.equal((await filtered('deals', Array(190).fill(leaf).join(` ${word} `))).status, 200, `${leaf} ${word}`)
    for (const left of [true, false]) {
      let f = leaf
      for (let i = 0; i < 29; i++) f = left ? `(${f} ${i % 2 ? 'and' : 'or'} ${leaf})` : `(${leaf} ${i % 2 ? 'and' : 'or'} ${f})`
      const r = await filtered('deals', f, '&count=1&sum=value_minor')
      assert.equal(r.status, 200, `${leaf} ${left} ${r.text.slice(0, 200)}`)
    }
  }
  for (const beyond of [`${'('.repeat(3000)}id = 1${')'.repeat(3000)}`, `${'not '.repeat(1500)}id = 1`, Array(201).fill('id = 1').join(' or '), `id in (${Array(1001).fill(1)})`]) {
    const r = await filtered('deals', beyond)
    assert.deepEqual([r.status, r.body.code, r.body.field], [400, 'bad_filter', 'filter'])
  }
})

test('what a client sends in a broken encoding is refused in a sound one', async () => {
  for (const name of ['filter', 'sort', 'fields', 'sum', 'cursor', 'count']) {
    const r = await strict('GET', `/api/deals?${name}=%ff%fe`)
    assert.deepEqual([r.status, r.body.code, r.body.field], [400, 'bad_text', name])
  }
  for (const field of ['ы'.repeat(100), 'x' + 'ы'.repeat(100), '😀'.repeat(60)]) {
    const r = await strict('POST', '/api/tags', JSON.stringify({ name: 'Тег', [field]: 1 }))
    assert.deepEqual([r.status, r.body.code], [400, 'unknown_field'])
    assert.ok(field.startsWith(r.body.field) && r.body.field.length > 10)
  }
})

test('where webhooks go is told to administrators alone, also while it happens', async () => {
  const streams = { admin: await admin.events(), head: await people.head.events(), observer: await people.observer.events() }
  const { body: hook, headers } = await admin.must(201)('POST', '/api/webhooks', { url: 'https://example.org/in?key=only-for-us', secret: 'shared-secret' })
  await admin.patch(`/api/webhooks/${hook.id}`, { secret: 'another-secret' })
  const tag = await admin.create('/api/tags', { name: 'После вебхука' })
  const seq = Number(headers.get('voronka-change'))
  for (const [role, stream] of Object.entries(streams)) {
    await stream.next((e) => e.data.object === 'tag' && e.data.object_id === tag.id)
    const again = await people[role].events({ since: String(seq - 1) })
    await again.next((e) => e.data.object === 'tag' && e.data.object_id === tag.id)
    for (const s of [stream, again]) {
      assert.equal(s.all.some((e) => e.data.object === 'webhook'), role === 'admin', role)
      assert.ok(!/shared-secret|another-secret/.test(JSON.stringify(s.all)))
      s.close()
    }
  }
})

test('an API token sets no password, so one of few scopes does not become a session of all', async () => {
  const { token } = await admin.create('/api/tokens', { name: 'Кадры', scopes: ['users:write'] })
  const robot = server.as({ token })
  const person = { name: 'Робот', email: 'robot@example.ru', role: 'admin' }
  for (const [method, path, body] of [['PATCH', `/api/users/${people.seller.session.user.id}`, {}], ['PATCH', `/api/users/${admin.session.user.id}`, {}], ['POST', '/api/users', person]])
    assert.equal((await robot(method, path, { ...body, password: 'пароль от робота' })).body.code, 'not_for_tokens', `${method} ${path}`)
  const boss = await admin.create('/api/users', { name: 'Директор', email: 'boss@example.ru', role: 'admin' })
  const { id } = await robot.create('/api/users', { ...person, role: 'seller' })
  for (const [method, path, body] of [['POST', '/api/users', { ...person, email: 'more@example.ru' }], ['PATCH', `/api/users/${id}`, { role: 'admin' }], ['PATCH', `/api/users/${boss.id}`, { name: 'Свой' }]]) {
    const r = await robot(method, path, body)
    assert.deepEqual([r.status, r.body.code], [403, 'forbidden'], `${method} ${path}`)
  }
})

test('one-click sign-in is for whoever sits at the machine: not for other names, not through a proxy', async () => {
  const demo = await startServer({ args: ['--demo'] })
  const asked = (headers) =>
    new Promise((done, failed) => {
      const r = request(`${demo.url}/api/demo/session`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (a) => (a.resume(), done(a.statusCode)))
      r.on('error', failed).end('{"user_id":1}')
    })
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080']) assert.equal(await asked({ host }), 200, host)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost.', '1270.0.0.1', '[::1].evil', '192.168.0.1'])
    assert.equal(await asked({ host }), 404, host)
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) assert.equal(await asked({ [name]: '203.0.113.7' }), 404, name)
  await demo.stop()
})

test('no value of any field of any noun breaks the server, and every refusal names the field', async () => {
  const spec = await admin.get('/api/openapi.json')
  const company = await admin.create('/api/companies', { name: 'Мишень' })
  const wild = [true, -1, 1.5, 1e308, 2 ** 62, '', 'x'.repeat(30000), '\u0001', '\u202e', '</script>', "' or 1=1 --", [], [-1], [null], [[]], {}, '2020-02-30', '99999-01-01', '#gggggg', 'javascript:alert(1)']
  for (const path of Object.keys(spec.paths).filter((p) => p.endsWith('/{id}') && spec.paths[p].patch)) {
    const noun = path.split('/')[2]
    const schema = spec.paths[path].get.responses[200].content['application/json'].schema.$ref.split('/').pop()
    const known = (await admin.list(`/api/${noun}`, { limit: 1 })).items[0]?.id
    for (const field of [...Object.keys(spec.components.schemas[schema].properties), 'password_hash', '__proto__'])
      await Promise.all(wild.map(async (value) => {
        if (noun === 'users' && field === 'active') return
        const body = `{${JSON.stringify(field)}:${JSON.stringify(value)}}`
        for (const [method, at] of [['POST', `/api/${noun}`], ['PATCH', `/api/${noun}/${known ?? 1}`]]) {
          const r = await strict(method, at, body)
          const what = `${method} ${at} ${body.slice(0, 80)}: ${r.status} ${JSON.stringify(r.body).slice(0, 200)}`
          assert.ok(r.status < 500, what)
          if (r.status === 400 || r.status === 422) assert.ok(r.body.code && r.body.field && r.body.detail, what)
        }
      }))
  }
  assert.equal((await admin.get(`/api/companies/${company.id}`)).id, company.id)
})

test('amounts that no money has are refused, sums of the largest stay exact', async () => {
  const most = Number.MAX_SAFE_INTEGER
  const { funnel: big } = await funnelOf(admin, { name: 'Большие суммы' })
  for (let i = 0; i < 3; i++) await admin.create('/api/deals', { title: 'Крупная', funnel_id: big.id, value_minor: most })
  const { text } = await filtered('deals', `funnel_id = ${big.id}`, '&sum=value_minor')
  assert.match(text, /"value_minor":27021597764222973\}/)
  const { items } = await admin.list('/api/deals', { filter: `funnel_id = ${big.id}` })
  const product = await admin.create('/api/products', { name: 'Товар', price_minor: most })
  const line = (quantity) => admin('POST', '/api/deal-products', { deal_id: items[0].id, product_id: product.id, quantity })
  for (const [quantity, code] of [[2, 'sum_too_large'], [1e9, 'sum_too_large'], [0, 'not_positive'], [-1, 'out_of_range'], [1e10, 'out_of_range']]) {
    const r = await line(quantity)
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, code, 'quantity'])
  }
  assert.equal((await line(1)).body.sum_minor, most)
})
