// What the reports about people and their work say of a small company whose figures are counted by hand (R357, R369).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, serve, serveWithClock, tokenOf } from './harness.mjs'
import { drilled, report } from './report_look.mjs'

const hour = 3600e3
const day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const root = people.admin
const { funnel, stages } = await funnelOf(root, { task_rule: 'off' })
const team = await root.create('/api/teams', { name: 'Продажи', head_id: people.head.session.user.id })
const ann = await root.create('/api/users', { name: 'Анна', email: 'ann@example.ru', role: 'seller', password: 'пароль для тестов', team_id: team.id })
await root.patch(`/api/users/${people.seller.session.user.id}`, { team_id: team.id, name: 'Борис' })
const admin = await tokenOf(server, root)
const boris = await tokenOf(server, people.seller)
const anna = await tokenOf(server, await server.signIn('ann@example.ru', 'пароль для тестов'))
const time = async () => (await admin.create('/api/tags', { name: `t${Math.random()}` })).created_at
const t0 = await time()
const deal = (title, more = {}) => admin.create('/api/deals', { title, funnel_id: funnel.id, stage_id: stages[0].id, owner_id: ann.id, ...more })

test('nobody has a task yet: the report says that there is nothing', async () => {
  const empty = await report(admin, 'task_discipline')
  assert.deepEqual([empty.rows, empty.verdict], [[], undefined])
  assert.ok(empty.codes.includes('nothing_in_period'))
})

test('ten of twelve tasks are done in time, one late, one not at all; what is still ahead counts for nobody (R369)', async () => {
  const task = (more) => admin.create('/api/tasks', { title: 'Подготовить КП', kind: 'todo', owner_id: ann.id, due_at: t0 + 2 * day, ...more })
  const tasks = []
  for (let i = 0; i < 12; i++) tasks.push(await task())
  const ahead = await task({ due_at: t0 + 20 * day })
  await task({ due_at: null })
  const his = await task({ owner_id: people.seller.session.user.id })
  await clock(server, t0 + day)
  for (const one of tasks.slice(0, 10)) await admin.patch(`/api/tasks/${one.id}`, { done: true, result: one.id % 2 ? 'Отправил КП, ждём ответа' : 'ок' })
  await clock(server, t0 + 3 * day)
  await admin.patch(`/api/tasks/${tasks[10].id}`, { done: true, result: 'Согласовали цену' })
  const to = new Date(t0 + 60 * day).toISOString()
  const all = await report(admin, 'task_discipline', { to })
  const [row] = all.rows.filter((r) => r.group === 'Анна')
  assert.deepEqual([row.due, row.on_time, row.done_late, row.overdue_now, row.not_yet], [12, 10, 1, 1, 1])
  assert.equal(row.results, 6)
  assert.ok(Math.abs(row.median_hours - 24) < 0.1, `${row.median_hours}`)
  const [second] = all.rows.filter((r) => r.group === 'Борис')
  assert.deepEqual([second.due, second.overdue_now, second.on_time_rate], [1, 1, null], 'one task is too few for a rate')
  assert.deepEqual([all.summary.due, all.summary.on_time], [13, 10])
  assert.ok(['people_few', 'tasks_no_date'].every((code) => all.codes.includes(code)), all.codes.join())
  assert.match(all.verdict, /13/)
  for (const [column, ids] of [['on_time', tasks.slice(0, 10)], ['overdue_now', [tasks[11]]], ['not_yet', [ahead]]])
    assert.deepEqual(await drilled(admin, 'task_discipline', row.key, column, { to }), ids.map((t) => t.id))
  const own = await report(boris, 'task_discipline', { to })
  assert.deepEqual(own.rows.map((r) => [r.group, r.due]), [['Борис', 1]], 'a seller sees own figures only')
  assert.deepEqual(await drilled(boris, 'task_discipline', second.key, 'overdue_now', { to }), [his.id])
  const before = await report(admin, 'task_discipline', { to, as_of: new Date(t0 + 2.5 * day).toISOString() })
  assert.deepEqual(before.rows.filter((r) => r.group === 'Анна').map((r) => [r.on_time, r.done_late, r.overdue_now]), [[10, 0, 2]], 'as it stood before the late one was done')
  assert.equal((await report(admin, 'task_discipline', { to, by: 'team' })).rows.find((r) => r.group === 'Продажи').due, 13)
  assert.equal((await report(admin, 'task_discipline', { to, filter: 'kind = call' })).summary.due, 0)
  assert.equal((await report(admin, 'task_discipline', { to, by: 'day' })).rows.find((r) => r.due > 0).due, 13)
})
