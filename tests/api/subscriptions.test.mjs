// A report comes by itself at its hour, once, with the figures of that hour and of whoever it comes to (R233, R326, R339).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, onPostgres, peopleOf, scratchFile, serveWithClock, startServer, tokenOf } from './harness.mjs'

const server = await serveWithClock({ args: onPostgres ? ['--files', scratchFile('files-subscriptions')] : [] })
const signed = await peopleOf(server)
const admin = await tokenOf(server, signed.admin)
const head = await tokenOf(server, signed.head)
const seller = await tokenOf(server, signed.seller)
await admin.patch('/api/settings', { time_zone: 'Asia/Yekaterinburg' }) // five hours ahead, the whole year
const { funnel } = await funnelOf(admin)
const HOUR = 3600e3
const DAY = 24 * HOUR
const local = (at) => new Date(at + 5 * HOUR)
const told = async (api) => (await api.list('/api/notifications', { sort: 'id', limit: 100 })).items.filter((n) => n.kind.startsWith('report.'))
const now = async () => (await admin.get('/api/boot')).now
const one = (api, id) => api.get(`/api/subscriptions/${id}`)

for (const [api, n] of [[head, 3], [seller, 2]])
  for (let i = 0; i < n; i++)
    await api.create('/api/deals', { title: `Сделка ${i}`, funnel_id: funnel.id, owner_id: api.session.user.id })

test('every day at nine of the company: the first comes at the next nine, the next one a day later, each once', async () => {
  const made = await head.create('/api/subscriptions', { name: 'Воронка утром', report: 'funnel', params: { funnel_id: String(funnel.id), period: 'this_month' }, every: 'day', hour: 9 })
  const first = made.next_at
  assert.ok(first > (await now()) && first <= (await now()) + DAY)
  assert.deepEqual([local(first).getUTCHours(), local(first).getUTCMinutes()], [9, 0])
  await clock(server, first + 1000)
  const [came] = await eventually(async () => ((await told(head)).length ? told(head) : null), 'the report')
  assert.deepEqual([came.kind, came.object, came.object_id, came.params.title], ['report.ready', 'subscription', made.id, 'Воронка утром'])
  assert.match(came.params.text, /5/) // five deals
  const place = new URL(came.params.place, server.url)
  assert.equal(place.pathname, '/reports/funnel')
  assert.equal(place.searchParams.get('as_of'), String(first))
  assert.equal(place.searchParams.get('from'), `${local(first).toISOString().slice(0, 8)}01`)
  const after = await one(head, made.id)
  assert.deepEqual([after.last_at, after.next_at], [first, first + DAY])
  assert.equal(after.version, made.version, 'that it has come is no change of it')
  await clock(server, first + HOUR)
  await new Promise((done) => setTimeout(done, 600))
  assert.equal((await told(head)).length, 1)

  // the link shows the figures of that hour, whatever has happened since
  await head.create('/api/deals', { title: 'Позже', funnel_id: funnel.id })
  const then = await head.get(`/api${came.params.place}`)
  assert.equal(then.summary.deals, 5)
  assert.equal((await head.get(`/api/reports/funnel?funnel_id=${funnel.id}`)).summary.deals, 6)

  await clock(server, first + DAY + 1000)
  await eventually(async () => (await told(head)).length === 2)
  assert.equal((await told(seller)).length, 0, 'it comes to whoever has asked for it')
  await clock(server, first + 4 * DAY + HOUR) // it slept for three days: it comes once
  await eventually(async () => (await told(head)).length === 3)
  await new Promise((done) => setTimeout(done, 600))
  assert.equal((await told(head)).length, 3)
  assert.equal((await head('DELETE', `/api/subscriptions/${made.id}`)).status, 204)
})

test('weekly on Fridays, monthly on the fifth; a switched off one does not come; a day of the week is one to seven', async () => {
  const weekly = await seller.create('/api/subscriptions', { name: 'По пятницам', report: 'funnel', every: 'week', day: 5, hour: 18 })
  assert.deepEqual([local(weekly.next_at).getUTCDay(), local(weekly.next_at).getUTCHours()], [5, 18])
  const monthly = await seller.create('/api/subscriptions', { name: 'Пятого числа', report: 'funnel', every: 'month', day: 5, hour: 0 })
  assert.deepEqual([local(monthly.next_at).getUTCDate(), local(monthly.next_at).getUTCHours()], [5, 0])
  const off = await seller.patch(`/api/subscriptions/${monthly.id}`, { enabled: false })
  assert.equal(off.next_at, null)
  const bad = await seller('POST', '/api/subscriptions', { name: 'Никогда', report: 'funnel', every: 'week', day: 8, hour: 1 })
  assert.deepEqual([bad.status >= 400, bad.body.field], [true, 'day'])
  assert.equal((await head('GET', `/api/subscriptions/${weekly.id}`)).status, 404, 'what others subscribe to is theirs')
  await clock(server, weekly.next_at + 1000)
  await eventually(async () => (await told(seller)).length === 1)
  assert.equal((await told(seller))[0].params.title, 'По пятницам')
})

test('a seller who sees only own deals gets figures of own deals; conditions that no longer hold are told', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own', edit: 'own', delete: 'own', export: 'own' } } } })
  await admin.patch(`/api/users/${seller.session.user.id}`, { role_id: role.id })
  const before = (await told(seller)).length
  const own = await seller.create('/api/subscriptions', { name: 'Моё', report: 'funnel', params: { funnel_id: String(funnel.id) }, every: 'day', hour: 7 })
  const broken = await seller.create('/api/subscriptions', { name: 'Битое', report: 'funnel', params: { filter: 'nothing = 1' }, every: 'day', hour: 7 })
  await clock(server, own.next_at + 1000)
  const list = await eventually(async () => {
    const all = (await told(seller)).filter((n) => [own.id, broken.id].includes(n.object_id))
    return all.length === 2 ? all : null
  })
  const mine = list.find((n) => n.object_id === own.id)
  const seen = await seller.get(`/api${mine.params.place}`)
  assert.equal(seen.summary.deals, 2)
  assert.deepEqual(list.find((n) => n.object_id === broken.id).kind, 'report.failed')
  assert.ok((await told(seller)).length >= before + 2)
})

test('a server that was killed at the hour sends what is due when it is back, once', async () => {
  const place = server.place
  const made = await head.create('/api/subscriptions', { name: 'После сбоя', report: 'funnel', every: 'day', hour: local(await now()).getUTCHours() })
  await server.stop('SIGKILL')
  const again = await startServer({ place, args: ['--test-clock', ...(onPostgres ? ['--files', scratchFile('files-subscriptions')] : [])] })
  const back = again.as(head.session)
  await clock(again, made.next_at + 1000)
  const count = async () => (await back.list('/api/notifications', { limit: 100 })).items.filter((n) => n.object_id === made.id && n.kind === 'report.ready').length
  await eventually(async () => (await count()) === 1)
  await again.stop('SIGKILL')
  const third = await startServer({ place, args: ['--test-clock', ...(onPostgres ? ['--files', scratchFile('files-subscriptions')] : [])] })
  await clock(third, made.next_at + HOUR)
  await new Promise((done) => setTimeout(done, 800))
  const last = third.as(head.session)
  assert.equal((await last.list('/api/notifications', { limit: 100 })).items.filter((n) => n.object_id === made.id && n.kind === 'report.ready').length, 1)
  await third.stop()
})
