// How long a client has waited for us is counted in working hours, of a team by its own, wherever it is told: by a gate,
// by what a draft would mean, in the weekly review. R371, R384.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const boss = people.admin
const head = await tokenOf(server, people.head)
const monday = (() => {
  const d = new Date(Date.now() + 3 * hour)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) + ((8 - d.getUTCDay()) % 7 || 7) * day + 7 * hour // 10:00 in Moscow
})()
let f, short, long, east

before(async () => {
  await boss.patch('/api/settings', { calendar: { week: [...Array(5).fill({ from: '09:00', to: '18:00' }), null, null], exceptions: [] } })
  const team = await boss.create('/api/teams', { name: 'Владивосток', time_zone: 'Asia/Vladivostok' })
  const there = await boss.create('/api/users', { name: 'Далеко', email: 'east@example.ru', role: 'seller', team_id: team.id, password: 'пароль для тестов' })
  await clock(server, monday)
  f = await funnelOf(head, { name: 'Ждут', task_rule: 'off', back_reason: false })
  await head.patch(`/api/stages/${f.stages[0].id}`, { wait_hours: 4 })
  const friday = monday - 3 * day
  const deal = (title, waiting_since, owner_id = head.session.user.id) => head.create('/api/deals', { title, stage_id: f.stages[0].id, waiting_since, owner_id })
  short = await deal('С вечера пятницы', friday + 7.5 * hour) // 17:30: half an hour and one more on Monday
  long = await deal('С утра пятницы', friday)
  east = await deal('Во Владивостоке', friday + 7.5 * hour, there.id) // Monday there from 9 to 17
})

test('what a draft’s gate on waiting would mean is counted as the gate itself counts', async () => {
  const definition = await head.get(`/api/funnels/${f.funnel.id}/definition`)
  definition.stages.find((s) => s.id === f.stages[0].id).gates = [{ kind: 'waiting', at: 'leave', least: 4 }]
  const draft = await head.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'Не ждать', definition })
  const { lack } = await head.get(`/api/funnel-drafts/${draft.id}/impact`)
  assert.deepEqual(lack.map((l) => [l.gate.kind, l.count, l.ids]), [['waiting', 2, [long.id, east.id]]])
  assert.deepEqual((await head.list('/api/deals', { filter: lack[0].filter, sort: 'id' })).items.map((d) => d.id), [long.id, east.id])
  delete definition.stages.find((s) => s.id === f.stages[0].id).gates[0].least // then the stage says how long: four hours, too
  await head.patch(`/api/funnel-drafts/${draft.id}`, { definition })
  assert.deepEqual((await head.get(`/api/funnel-drafts/${draft.id}/impact`)).lack.map((l) => l.count), [2])
  await head.must(200)('POST', `/api/funnel-drafts/${draft.id}/publish`)
  const leaves = async (d) => (await head('PATCH', `/api/deals/${d.id}`, { stage_id: f.stages[1].id })).status
  assert.deepEqual([await leaves(long), await leaves(east), await leaves(short)], [422, 422, 200])
  await head.patch(`/api/deals/${short.id}`, { stage_id: f.stages[0].id })
})

test('so is it in the weekly review, which also holds more than a page of deals', async () => {
  for (let n = 0; n < 540; n += 60) await Promise.all([...Array(60)].map((_, i) => boss.create('/api/deals', { title: `Без задачи ${n + i}`, stage_id: f.stages[2].id })))
  const week_on = new Date(monday).toISOString().slice(0, 10)
  const review = await boss.create('/api/reviews', { week_on })
  const items = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await boss.list('/api/review-items', { filter: `review_id = ${review.id}`, sort: 'id', limit: 500, ...(cursor && { cursor }) })
    items.push(...page.items)
    cursor = page.next_cursor
  }
  assert.equal(items.length, 543)
  assert.equal(new Set(items.map((i) => i.deal_id)).size, 543)
  const waits = items.filter((i) => i.why.some((w) => w.code === 'waiting'))
  assert.deepEqual(waits.map((i) => [i.deal_id, i.why.find((w) => w.code === 'waiting').hours]).sort((a, b) => a[0] - b[0]), [[long.id, 9], [east.id, 8]])
  await eventually(async () => (await boss.get(`/api/reviews/${review.id}`)).closed === false)
})
