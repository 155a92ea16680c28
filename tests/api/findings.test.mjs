// What detectors find comes to the head by itself, once, with its place and the deals to look at (R005, R184, R326, R334, R359).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, eventually, freshPlace, startServer } from './harness.mjs'

async function comeAs(server, role) {
  const { people } = await server.anon.get('/api/demo')
  const r = await server.anon('POST', '/api/demo/session', { user_id: people.find((p) => p.role === role).user_id })
  return server.as({ cookie: r.headers.get('set-cookie').split(';')[0], csrf: r.body.csrf, user: r.body.user })
}
const findings = async (api, filter) => (await api.list('/api/findings', { limit: 100, ...(filter ? { filter } : {}) })).items

test('the head finds in the morning that a step has vanished; a restart does not find it again', async () => {
  const place = freshPlace()
  const made = await cli(['demo', ...place, '--deals', '4000', '--json'])
  assert.equal(made.code, 0, made.err)
  const planted = JSON.parse(made.out).planted.find((p) => p.id === 'vanished_step')
  let server = await startServer({ place, args: ['--demo'] })
  let head = await comeAs(server, 'head')
  const all = await eventually(async () => {
    const list = await findings(head)
    return list.length ? list : null
  }, 'findings', 30000)
  const [step] = all.filter((f) => f.detector === 'step').sort((a, b) => b.params.strength - a.params.strength)
  const [stage] = (await head.list('/api/stages', { filter: `id = ${step.stage_id}` })).items
  assert.equal(stage.name, planted.stage)
  assert.equal(new Date(step.since_at + 4 * 3600e3).toISOString().slice(0, 10), planted.at)
  assert.equal(step.state, 'new')
  assert.ok(step.params.before > 0.4 && step.params.after < 0.1, JSON.stringify(step.params))
  const conversion = all.find((f) => f.detector === 'conversion')
  assert.equal(conversion.places.find((p) => p.dimension === 'stage').name, planted.stage)
  const deals = await head.list('/api/deals', { filter: step.params.filter, count: 1, limit: 1 })
  assert.ok(deals.count > 50, 'the deals to look at are at hand')

  const told = (await head.list('/api/notifications', { limit: 100 })).items.filter((n) => n.kind === 'finding.new')
  assert.equal(told.length, all.length)
  const admin = await comeAs(server, 'admin')
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own', edit: 'own', delete: 'own', export: 'own' } } } })
  const { people } = await server.anon.get('/api/demo')
  await admin.patch(`/api/users/${people.find((p) => p.role === 'seller').user_id}`, { role_id: role.id })
  const seller = await comeAs(server, 'seller')
  assert.deepEqual(await findings(seller), [], 'who sees only own deals sees no findings about the company')

  await head.patch(`/api/findings/${step.id}`, { state: 'acted' })
  assert.equal((await head('PATCH', `/api/findings/${step.id}`, { detector: 'x' })).status, 422)
  assert.equal((await head('POST', '/api/findings', {})).status, 405)
  await server.stop()
  server = await startServer({ place, args: ['--demo'] })
  head = await comeAs(server, 'head')
  await new Promise((done) => setTimeout(done, 2500))
  assert.equal((await findings(head)).length, all.length)
  assert.equal((await findings(head, 'state = "acted"')).length, 1)
  await server.stop()
})
