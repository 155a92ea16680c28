// The weekly review makes itself on Monday morning for every team that has a head (R386).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const day = 86400e3
const server = await serveWithClock()
const people = await peopleOf(server)
const root = people.admin
const { funnel, stages } = await funnelOf(root, { task_rule: 'off' })
const team = await root.create('/api/teams', { name: 'Продажи', head_id: people.head.session.user.id })
await root.create('/api/teams', { name: 'Без руководителя' })
await root.patch(`/api/users/${people.seller.session.user.id}`, { team_id: team.id })
const admin = await tokenOf(server, root)
const head = await tokenOf(server, people.head)
const { created_at: t0, id } = await admin.create('/api/deals', { title: 'Без задачи', funnel_id: funnel.id, stage_id: stages[0].id, owner_id: people.seller.session.user.id })
// Mondays, seven in the morning in Moscow, after now.
const first = Math.ceil((t0 - 4 * day) / (7 * day)) * 7 * day + 4 * day + 4 * 3600e3
const reviews = async () => (await admin.list('/api/reviews', { sort: 'week_on' })).items
const pause = () => new Promise((done) => setTimeout(done, 1500))

test('before seven nothing is made; at seven the team has its review with the deal, and its head is told', async () => {
  await clock(server, first - 60e3)
  await pause()
  assert.deepEqual(await reviews(), [])
  await clock(server, first + 60e3)
  const [review] = await eventually(async () => (await reviews()).length > 0 && reviews(), 'the review')
  assert.deepEqual([review.team_id, review.head_id, review.week_on], [team.id, people.head.session.user.id, new Date(first).toISOString().slice(0, 10)])
  const items = (await admin.list('/api/review-items', { filter: `review_id = ${review.id}` })).items
  assert.deepEqual(items.map((i) => i.deal_id), [id])
  const told = await eventually(async () => (await head.list('/api/notifications', { filter: 'kind = "review.made"' })).items[0], 'the notice')
  assert.deepEqual([told.object, told.object_id], ['review', review.id])
})

test('the review is talked through from a page: reasons, questions to ask, what has changed; others do not see it', async () => {
  const [review] = await reviews()
  const page = await head.get(`/api/reviews/${review.id}/page`)
  assert.deepEqual(page.items.map((i) => [i.deal_id, i.reasons, i.decision]), [[id, ['Нет следующей задачи'], null]])
  assert.deepEqual(page.items[0].questions, ['Какой следующий шаг, кто его делает и когда?'])
  assert.deepEqual(page.changed.map((d) => [d.deal_id, d.kind]), [[id, 'new']])
  const english = await head.get(`/api/reviews/${review.id}/page?lang=en`)
  assert.deepEqual(english.items[0].reasons, ['No next task'])
  const html = await head('GET', `/api/reviews/${review.id}/page?format=html`)
  assert.match(html.headers.get('content-type'), /text\/html/)
  assert.match(html.text, /Без задачи/)
  assert.match(html.text, /Какой следующий шаг/)
  assert.match((await head('GET', `/api/reviews/${review.id}/page?format=pdf`)).text, /^%PDF/)
  assert.equal((await people.seller('GET', `/api/reviews/${review.id}/page`)).status, 404)
  assert.equal((await head('GET', '/api/reviews/999/page')).status, 404)
})

test('once a week: one that was deleted does not come back, the next week has its own, and the company may do without', async () => {
  const [review] = await reviews()
  await admin.del(`/api/reviews/${review.id}`)
  await clock(server, first + 2 * day)
  await pause()
  assert.deepEqual(await reviews(), [])
  await clock(server, first + 8 * day) // no server ran on Monday: it comes on Tuesday
  await eventually(async () => (await reviews()).length === 1, 'the review of the second week')
  const session = await server.admin()
  await session.patch('/api/settings', { weekly_review: false })
  assert.equal((await session.get('/api/settings')).weekly_review, false)
  await clock(server, first + 15 * day)
  await pause()
  assert.equal((await reviews()).length, 1)
})
