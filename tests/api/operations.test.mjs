// Long operations: stopped, cut off by kill -9 and gone on with, of one server among several, with the rights of now.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, freshPlace, funnelOf, onPostgres, startServer } from './harness.mjs'

const password = 'пароль для тестов'
const over = async (api, id) => {
  for (let i = 0; i < 1500; i++) {
    const op = await api.get('/api/operations/' + id)
    if (!['waiting', 'running'].includes(op.state)) return op
    await new Promise((r) => setTimeout(r, 10))
  }
  throw new Error('the operation does not end')
}
// Deals by import are quick to make.
async function company(place, deals) {
  const server = await startServer({ place })
  const admin = await server.admin()
  const f = await funnelOf(admin)
  const token = (await admin.create('/api/tokens', { name: 'test' })).token
  const api = server.as({ token })
  for (let i = 0; i < deals; i += 50)
    await Promise.all([...Array(Math.min(50, deals - i))].map((_, k) => api.create('/api/deals', { title: `Сделка ${i + k}`, funnel_id: f.funnel.id, stage_id: f.stages[0].id, value_minor: 1 })))
  return { server, admin, api, f, token }
}
const count = async (api, filter) => (await api.list('/api/deals', { filter, count: 1, limit: 1 })).count

test('an operation that the power cut off goes on where it was: everything once, and undone as a whole', { timeout: 120_000 }, async () => {
  const place = freshPlace()
  const n = 2500
  let { server, token } = await company(place, n)
  let api = server.as({ token })
  const begun = (await api.must(202)('POST', '/api/deals/bulk', { filter: 'value_minor = 1', set: { value_minor: 2 } })).body
  for (let kills = 0; kills < 5; kills++) {
    await new Promise((r) => setTimeout(r, 15))
    server.child.kill('SIGKILL')
    await server.exited
    server = await startServer({ place })
    api = server.as({ token })
  }
  const done = await over(api, begun.id)
  assert.deepEqual([done.state, done.total, done.done_count, done.failed_count, done.outcome.changed], ['done', n, n, 0, n])
  assert.equal(await count(api, 'value_minor = 2'), n)
  assert.equal(await count(api, 'version = 2'), n, 'no record was changed twice')
  const undo = (await api.must(202)('POST', `/api/operations/${begun.id}/undo`)).body
  await new Promise((r) => setTimeout(r, 20))
  server.child.kill('SIGKILL')
  await server.exited
  server = await startServer({ place })
  api = server.as({ token })
  const back = await over(api, undo.id)
  assert.deepEqual([back.state, back.done_count, back.failed_count], ['done', n, 0])
  assert.equal(await count(api, 'value_minor = 1'), n)
  await server.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})

test('an operation that is stopped ends behind its chunk, and what it did can be taken back', { timeout: 60_000 }, async () => {
  const { server, api } = await company(freshPlace(), 2000)
  const begun = (await api.must(202)('POST', '/api/deals/bulk', { filter: '', set: { value_minor: 3 } })).body
  await api.must(202)('POST', `/api/operations/${begun.id}/stop`)
  const stopped = await over(api, begun.id)
  assert.ok(['stopped', 'done'].includes(stopped.state))
  assert.equal(await count(api, 'value_minor = 3'), stopped.done_count)
  const again = await api('POST', `/api/operations/${begun.id}/stop`)
  assert.equal(again.body.code, 'operation_over')
  if (stopped.done_count > 0) {
    await over(api, (await api.must(202)('POST', `/api/operations/${begun.id}/undo`)).body.id)
    assert.equal(await count(api, 'value_minor = 3'), 0)
  }
  await server.stop()
})

test('others see neither the operation nor its report, and cannot stop it; a head may take it back', { timeout: 60_000 }, async () => {
  const { server, admin, api, f } = await company(freshPlace(), 1)
  for (const [name, role] of [['Соня', 'seller'], ['Глеб', 'seller']])
    await admin.create('/api/users', { name, email: `${name === 'Соня' ? 's' : 'g'}@example.ru`, role, password })
  const role = await admin.create('/api/roles', { name: 'Свои сделки', base: 'seller', rights: { objects: { deal: { see: 'own', create: 'all', edit: 'own' } }, can: ['bulk'] } })
  for (const u of (await admin.list('/api/users', { filter: 'role = "seller"' })).items) await admin.patch('/api/users/' + u.id, { role_id: role.id })
  const sonya = await server.signIn('s@example.ru', password)
  const gleb = await server.signIn('g@example.ru', password)
  const own = await sonya.create('/api/deals', { title: 'Своя', funnel_id: f.funnel.id, stage_id: f.stages[0].id })
  const begun = (await sonya.must(202)('POST', '/api/deals/bulk', { filter: '', set: { value_minor: 5 } })).body
  const done = await over(sonya, begun.id)
  assert.deepEqual([done.total, done.outcome.changed], [1, 1], 'the filter finds only what she sees')
  assert.equal((await api.get('/api/deals/' + own.id)).value_minor, 5)
  assert.equal(await count(api, 'value_minor = 5'), 1)
  // by number: somebody else's deal does not exist for her
  const byId = await over(sonya, (await sonya.must(202)('POST', '/api/deals/bulk', { ids: [1, own.id], set: { value_minor: 6 } })).body.id)
  assert.deepEqual([byId.done_count, byId.failed_count], [1, 1])
  assert.equal((await sonya.list(`/api/operations/${byId.id}/report`)).items[0].code, 'not_found')
  assert.equal((await gleb('GET', `/api/operations/${begun.id}`)).status, 404)
  assert.equal((await gleb('GET', `/api/operations/${begun.id}/report`)).status, 404)
  assert.equal((await gleb('POST', `/api/operations/${begun.id}/undo`)).status, 404)
  assert.deepEqual((await gleb.list('/api/operations')).items, [])
  assert.equal((await api('POST', `/api/operations/${byId.id}/undo`)).status, 202)
  await server.stop()
})

test('whoever left while it waited: the operation ends with the reason, nothing is changed by it', { timeout: 60_000 }, async () => {
  const place = freshPlace()
  let { server, admin, token, f } = await company(place, 1500)
  const leaver = await admin.create('/api/users', { name: 'Уходящий', email: 'l@example.ru', role: 'head', password })
  const his = await server.signIn('l@example.ru', password)
  const begun = (await his.must(202)('POST', '/api/deals/bulk', { filter: '', set: { value_minor: 7 } })).body
  await admin.patch('/api/users/' + leaver.id, { active: false })
  const done = await over(server.as({ token }), begun.id)
  const changed = await count(server.as({ token }), 'value_minor = 7')
  assert.equal(changed, done.outcome.changed)
  if (done.state === 'failed') assert.equal(done.outcome.code, 'operation_owner_gone')
  else assert.equal(done.state, 'done')
  assert.ok(f.funnel.id)
  await server.stop()
})

test('of two servers on one database one runs it, and the other takes over', { skip: !onPostgres, timeout: 60_000 }, async () => {
  const place = freshPlace()
  const { server: first, token } = await company(place, 1500)
  const second = await startServer({ place })
  const api = second.as({ token })
  const begun = (await api.must(202)('POST', '/api/deals/bulk', { filter: '', set: { value_minor: 8 } })).body
  await new Promise((r) => setTimeout(r, 30))
  first.child.kill('SIGKILL')
  const done = await over(api, begun.id)
  assert.deepEqual([done.state, done.done_count, done.outcome.changed], ['done', 1500, 1500])
  assert.equal(await count(api, 'version = 2'), 1500)
  await second.stop()
})
