import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleOf, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)

test('The history of the settings says who renamed a source, and the change is taken back from there', async () => {
  const source = await head.create('/api/sources', { name: 'Выставка' })
  await head.patch(`/api/sources/${source.id}`, { name: 'Выставки и форумы' })
  const { items } = await head.get(`/api/history?objects=source&id=${source.id}`)
  assert.deepEqual(items.map((i) => i.kind), ['source.updated', 'source.created'])
  assert.deepEqual(items[0].set.name, ['Выставка', 'Выставки и форумы'])
  assert.equal(items[1].name, 'Выставки и форумы')
  await head.must(200)('POST', '/api/undo', { change_id: items[0].change_id })
  assert.equal((await head.get(`/api/sources/${source.id}`)).name, 'Выставка')
  const after = await head.get(`/api/history?objects=source&id=${source.id}`)
  assert.equal(after.items[0].undoes, items[0].seq)
})

test('What was deleted keeps its name in the history; pages follow one another', async () => {
  const made = []
  for (const name of ['А', 'Б', 'В']) made.push(await head.create('/api/deal-classes', { name }))
  await head.del(`/api/deal-classes/${made[2].id}`)
  const seen = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await head.get(`/api/history?objects=deal-class&limit=2&cursor=${cursor}`)
    seen.push(...page.items)
    cursor = page.next_cursor
  }
  assert.deepEqual(seen.map((i) => [i.kind, i.name]), [
    ['deal-class.deleted', 'В'],
    ['deal-class.created', 'В'],
    ['deal-class.created', 'Б'],
    ['deal-class.created', 'А'],
  ])
})

test('Settings show their history to those who keep them, people and webhooks to administrators', async () => {
  const ask = async (api, objects) => (await api('GET', `/api/history?objects=${objects}`)).status
  assert.equal(await ask(seller, 'source'), 403)
  assert.equal(await ask(head, 'funnel,stage'), 200)
  assert.equal(await ask(head, 'user'), 403)
  assert.equal(await ask(head, 'source,webhook'), 403)
  assert.equal(await ask(admin, 'user,team,role,webhook,setting'), 200)
  assert.equal(await ask(admin, 'deal'), 400)
  assert.equal(await ask(admin, ''), 400)
  const { items } = await admin.get('/api/history?objects=user&limit=500')
  assert.ok(items.length > 0)
  assert.ok(!JSON.stringify(items).includes('argon2'), 'no password leaves by way of the history')
})

test('Signing in changes no setting: it stands in the log of sign-ins, not in the history of people', async () => {
  const again = await server.admin()
  const { items } = await again.get('/api/history?objects=user&limit=500')
  assert.deepEqual([...new Set(items.map((i) => i.kind))].filter((kind) => kind.includes('signed')), [])
})

test('Who changed a plan, a KPI, pay or advertising cost stands in the history and is taken back from there', async () => {
  const plan = await head.create('/api/plans', { measure: 'won', period: 'month', starts_on: '2026-11-01', target: 8 })
  await head.patch(`/api/plans/${plan.id}`, { target: 12 })
  const { items } = await head.get(`/api/history?objects=plan&id=${plan.id}`)
  assert.deepEqual(items.map((i) => i.kind), ['plan.updated', 'plan.created'])
  assert.deepEqual(items[0].set.target, [8, 12])
  await head.must(200)('POST', '/api/undo', { change_id: items[0].change_id })
  assert.equal((await head.get(`/api/plans/${plan.id}`)).target, 8)
  const others = 'kpi,pay-scheme,ad-cost,currency-rate,programme,classifier,competitor,wait'
  assert.equal((await head('GET', `/api/history?objects=${others}`)).status, 200)
  assert.equal((await seller('GET', '/api/history?objects=plan')).status, 403)
})
