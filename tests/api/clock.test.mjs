import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, serve, serveWithClock, tokenOf } from './harness.mjs'

const server = await serveWithClock()
const day = 86400000

test('a scenario moves time ahead: what is written then is dated then, and never back', async () => {
  const admin = await server.admin()
  const start = (await admin.get('/api/boot')).now
  const before = await admin.create('/api/tags', { name: 'до' })
  assert.ok(Math.abs(before.created_at - Date.now()) < 60000)
  const token = await tokenOf(server, admin)
  const now = await clock(server, start + 3 * day)
  assert.ok(now >= start + 3 * day && now < start + 3 * day + 60000)
  const after = await admin.create('/api/tags', { name: 'после' })
  assert.ok(after.created_at >= now)
  assert.equal((await server.anon('POST', '/api/test-clock', { now: start })).body.code, 'too_small')
  assert.equal((await server.anon('POST', '/api/test-clock', { now: 'завтра' })).body.code, 'wrong_type')
  await clock(server, start + 15 * day)
  assert.equal((await admin('GET', '/api/boot')).status, 401, 'a session of two weeks has ended')
  assert.ok((await token.get('/api/boot')).now >= start + 15 * day)
  assert.ok(await eventually(async () => (await token.get('/api/tags')).items.length === 2))
})

test('without --test-clock there is no such route', async () => {
  const plain = await serve()
  assert.equal((await plain.anon('POST', '/api/test-clock', { now: Date.now() + day })).status, 404)
  const paths = (await plain.anon.get('/api/openapi.json')).paths
  assert.equal(paths['/api/test-clock'], undefined)
})
