// Saved views: one's own, the team's, everybody's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleOf, serve } from './harness.mjs'

const server = await serve()
const people = await peopleOf(server)
const { admin, head, seller, observer } = people
const body = (more = {}) => ({ object: 'deal', name: 'Горячие', sharing: 'mine', query: { filter: 'status = "open" and owner_id = me', sort: '-value_minor', columns: ['title', 'value_minor'], sum: ['value_minor'], mode: 'table' }, ...more })
const names = async (api) => (await api.list('/api/views')).items.map((v) => v.name).sort()

test('a view is its maker’s own; others see it only when it is shared with them', async () => {
  const mine = await seller.create('/api/views', body({ name: 'Мои горячие' }))
  assert.equal(mine.owner_id, seller.session.user.id)
  assert.deepEqual(await names(seller), ['Мои горячие'])
  assert.deepEqual(await names(observer), [])
  assert.equal((await observer('GET', '/api/views/' + mine.id)).status, 404)
  assert.equal((await observer('DELETE', '/api/views/' + mine.id)).status, 404)
  for (const [method, body] of [['GET'], ['PATCH', { name: 'Чужими руками' }], ['DELETE']]) assert.equal((await admin(method, '/api/views/' + mine.id, body)).status, 404, `an administrator: ${method}`)
  const all = await head.create('/api/views', body({ name: 'Общий', sharing: 'everyone' }))
  for (const api of [seller, observer, admin]) assert.ok((await names(api)).includes('Общий'))
  assert.equal((await seller('PATCH', '/api/views/' + all.id, { name: 'Чужой' })).status, 403)
  assert.equal((await head('PATCH', '/api/views/' + all.id, { name: 'Для всех' })).status, 200)
})

test('sharing needs the right to share', async () => {
  const refused = await seller('POST', '/api/views', body({ sharing: 'everyone' }))
  assert.deepEqual([refused.status, refused.body.code], [403, 'view_share_forbidden'])
  const mine = await seller.create('/api/views', body())
  assert.equal((await seller('PATCH', '/api/views/' + mine.id, { sharing: 'team' })).status, 403)
  assert.equal((await seller('PATCH', '/api/views/' + mine.id, { name: 'Переименован' })).status, 200)
})

test('a team’s view is seen by the team of its owner and nobody else', async () => {
  const team = await admin.create('/api/teams', { name: 'Север' })
  for (const api of [head, seller]) await admin.patch('/api/users/' + api.session.user.id, { team_id: team.id })
  await head.create('/api/views', body({ name: 'Севера', sharing: 'team' }))
  assert.ok((await names(seller)).includes('Севера'))
  assert.ok(!(await names(observer)).includes('Севера'))
})

test('a view that makes no sense is refused when it is saved', async () => {
  for (const [more, field] of [
    [{ query: { filter: 'status = ' } }, 'query'],
    [{ query: { filter: 5 } }, 'query'],
    [{ query: { columns: 'title' } }, 'query'],
    [{ query: { sum: [1] } }, 'query'],
    [{ query: [] }, 'query'],
    [{ object: 'rocket' }, 'object'],
  ]) {
    const r = await seller('POST', '/api/views', body(more))
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'bad_view_query', field], JSON.stringify(more))
  }
})
