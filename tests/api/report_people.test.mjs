// What the reports about people and their work say of a small company whose figures are counted by hand (R186, R233, R308, R339).
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
const role = await root.create('/api/roles', {
  name: 'Только своё',
  base: 'seller',
  rights: { objects: Object.fromEntries(['deal', 'contact', 'company', 'task'].map((o) => [o, { see: 'own', create: 'own', edit: 'own', delete: 'own', export: 'own' }])) },
})
const team = await root.create('/api/teams', { name: 'Продажи', head_id: people.head.session.user.id })
const ann = await root.create('/api/users', { name: 'Анна', email: 'ann@example.ru', role: 'seller', password: 'пароль для тестов', team_id: team.id })
await root.patch(`/api/users/${people.seller.session.user.id}`, { team_id: team.id, name: 'Борис', role_id: role.id })
const experts = await root.create('/api/teams', { name: 'Эксперты' })
const expert = await root.create('/api/users', { name: 'Вера', email: 'vera@example.ru', role: 'seller', password: 'пароль для тестов', team_id: experts.id })
const busy = await root.create('/api/users', { name: 'Глеб', email: 'gleb@example.ru', role: 'seller', password: 'пароль для тестов', load_cap: 2 })
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

test('ten of twelve tasks are done in time, one late, one not at all; what is still ahead counts for nobody (R304, R370, R385)', async () => {
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
  assert.equal((await report(admin, 'task_discipline', { to, filter: 'kind = "call"' })).summary.due, 0)
  assert.equal((await report(admin, 'task_discipline', { to, by: 'day' })).rows.find((r) => r.due > 0).due, 13)
})

// The next Monday 9:00 in Moscow after the server's time, a week away at least.
const monday = async () => {
  const now = await time()
  return Math.ceil((now + 7 * day - 4 * day) / (7 * day)) * 7 * day + 4 * day + 6 * hour
}
const near = (got, want, what = '') => assert.ok(Math.abs(got - want) < 0.1, `${what}: ${got} instead of ${want}`)

test('ten of twelve are answered in two working hours, one the next day, one not at all (R214, R228, R329)', async () => {
  const fast = await funnelOf(admin, { name: 'Заявки', response_hours: 4, task_rule: 'off' })
  const mon = await monday()
  await clock(server, mon + hour)
  const deals = []
  for (let i = 0; i < 12; i++) deals.push(await deal(`Заявка ${i}`, { funnel_id: fast.funnel.id, stage_id: fast.stages[0].id }))
  const answer = async (d) => {
    const [call] = (await admin.list('/api/tasks', { filter: `deal_id = ${d.id} and done = false` })).items
    await admin.patch(`/api/tasks/${call.id}`, { done: true, result: 'Дозвонились, договорились' })
  }
  await clock(server, mon + 3 * hour)
  for (const d of deals.slice(0, 10)) await answer(d)
  const asked = { funnel_id: fast.funnel.id }
  const early = await report(admin, 'first_response', asked)
  assert.deepEqual([early.summary.asked, early.summary.answer_not_yet], [10, 2], 'two still have time: they are no failures')
  await clock(server, mon + day + 2 * hour)
  await answer(deals[10])
  await clock(server, mon + 2 * day)
  const all = await report(admin, 'first_response', asked)
  const [row] = all.rows
  assert.deepEqual([row.group, row.asked, row.in_time, row.answered_late, row.unanswered], ['Анна', 12, 10, 1, 1])
  near(row.median_hours, 2, 'half are answered in two hours')
  near(row.p90_hours, 9, 'the day had eight hours, the lunch is none')
  assert.match(all.verdict, /12/)
  assert.deepEqual(await drilled(admin, 'first_response', row.key, 'unanswered', asked), [deals[11].id])
  assert.equal((await report(admin, 'first_response', { ...asked, by: 'hour' })).rows[0].group, '10:00')
  assert.equal((await report(admin, 'first_response', { ...asked, by: 'weekday' })).rows.length, 1)
  assert.equal((await report(boris, 'first_response', asked)).summary.asked, 0, 'deals of others are out of sight')
  assert.equal((await report(anna, 'first_response', asked)).summary.asked, 12)
})

test('a client who waits is counted until answered or the deal is closed; who waits still is not forgotten (R330, R371, R384)', async () => {
  const mon = await monday()
  await clock(server, mon)
  const deals = []
  for (let i = 0; i < 12; i++) deals.push(await deal(`Ждёт ${i}`, { waiting_since: mon }))
  await clock(server, mon + 2 * hour)
  for (const d of deals.slice(0, 8)) await admin.patch(`/api/deals/${d.id}`, { waiting_since: null })
  await clock(server, mon + day + 4 * hour)
  for (const d of deals.slice(8, 11)) await admin.patch(`/api/deals/${d.id}`, { waiting_since: null })
  await clock(server, mon + 2 * day)
  const asked = { from: new Date(mon).toISOString() }
  const all = await report(admin, 'client_waiting', asked)
  const [row] = all.rows
  assert.deepEqual([row.group, row.waits, row.waits_long, row.waits_still], ['Анна', 12, 4, 1])
  near(row.long_rate, 4 / 12)
  near(row.median_hours, 2)
  near(row.longest_hours, 16)
  near(row.total_hours, 8 * 2 + 3 * 12 + 16)
  assert.deepEqual(await drilled(admin, 'client_waiting', row.key, 'waits_still', asked), [deals[11].id])
  assert.equal((await report(admin, 'client_waiting', { ...asked, limit_hours: 14 })).rows[0].waits_long, 1)
  const before = await report(admin, 'client_waiting', { ...asked, as_of: new Date(mon + hour).toISOString() })
  assert.deepEqual([before.summary.waits_still, before.summary.long_rate], [12, null], 'an hour after they began nothing is long')
  assert.equal((await report(boris, 'client_waiting', asked)).summary.waits, 0)
  assert.equal((await admin('GET', '/api/reports/client_waiting?limit_hours=-1')).body.code, 'bad_param')
})

test('three calls, a meeting, a letter and a note on one day: five touches and one day of work (R209, R296)', async () => {
  const mon = await monday()
  await clock(server, mon)
  const from = new Date(mon).toISOString()
  const one = await deal('Активная')
  const done = []
  for (const kind of ['call', 'call', 'call', 'meeting', 'mail', 'todo']) {
    const t = await anna.create('/api/tasks', { title: kind, kind, deal_id: one.id, due_at: mon + hour })
    await anna.patch(`/api/tasks/${t.id}`, { done: true, result: 'Сделано как договаривались' })
    done.push(t.id)
  }
  const note = await anna.create('/api/notes', { text: 'Просил перезвонить', deal_id: one.id })
  await anna.patch(`/api/deals/${one.id}`, { stage_id: stages[1].id })
  const all = await report(admin, 'activity', { from })
  const row = all.rows.find((r) => r.group === 'Анна')
  assert.deepEqual([row.calls, row.meetings, row.letters, row.todos, row.notes, row.moves_made], [3, 1, 1, 1, 1, 1])
  assert.deepEqual([row.touches, row.active_days, row.touches_a_day], [6, 1, 6])
  assert.deepEqual(await drilled(admin, 'activity', row.key, 'calls', { from }), done.slice(0, 3))
  assert.deepEqual(await drilled(admin, 'activity', row.key, 'notes', { from }), [note.id])
  assert.deepEqual(await drilled(admin, 'activity', row.key, 'moves_made', { from }), [one.id])
  assert.equal((await report(admin, 'activity', { from, by: 'hour' })).rows[9].calls, 3, 'at nine in the morning')
  assert.deepEqual((await report(boris, 'activity', { from })).rows, [], 'a seller does not see what others do')
})

test('who has more deals than the cap is overloaded; an expert called in too early is counted (R369)', async () => {
  const { funnel: big, stages: steps } = await funnelOf(admin, { name: 'Проекты', task_rule: 'off' })
  await admin.create('/api/involvements', { funnel_id: big.id, stage_id: steps[2].id, team_id: experts.id })
  const deals = []
  for (let i = 0; i < 3; i++) deals.push(await deal(`Проект ${i}`, { owner_id: busy.id, funnel_id: big.id, stage_id: steps[0].id }))
  await admin.create('/api/deal-members', { deal_id: deals[0].id, user_id: expert.id, part: 'presale' })
  const early = await admin.create('/api/tasks', { title: 'Оценить', kind: 'todo', deal_id: deals[0].id, owner_id: expert.id, due_at: (await time()) + day })
  const all = await report(admin, 'workload')
  const gleb = all.rows.find((r) => r.group === 'Глеб')
  const vera = all.rows.find((r) => r.group === 'Вера')
  assert.deepEqual([gleb.open_deals, gleb.load_cap, gleb.load], [3, 2, 1.5])
  assert.deepEqual([vera.open_deals, vera.open_tasks, vera.joined, vera.called_in, vera.early], [0, 1, 1, 1, 1])
  assert.equal(all.summary.overloaded, 1)
  assert.deepEqual(await drilled(admin, 'workload', gleb.key, 'open_deals'), deals.map((d) => d.id))
  assert.deepEqual(await drilled(admin, 'workload', vera.key, 'early'), [early.id])
  assert.deepEqual((await report(boris, 'workload')).rows.map((r) => r.group), ['Борис'])
  assert.equal((await report(admin, 'workload', { by: 'team' })).rows.find((r) => r.group === 'Эксперты').early, 1)
})

test('who works is told from who has an account only; programs and imports are told from hands (R019, R073, R307)', async () => {
  const mon = await monday()
  await clock(server, mon)
  const from = new Date(mon).toISOString()
  const fresh = await server.signIn('ann@example.ru', 'пароль для тестов')
  for (let i = 0; i < 3; i++) await fresh.create('/api/deals', { title: `Руками ${i}`, funnel_id: funnel.id, stage_id: stages[0].id })
  await anna.create('/api/notes', { text: 'Программой', deal_id: (await admin.list('/api/deals', { sort: '-id', limit: 1 })).items[0].id })
  await clock(server, mon + 4 * day)
  const all = await report(admin, 'adoption', { from })
  const row = all.rows.find((r) => r.group === 'Анна')
  assert.deepEqual([row.active_days, row.day_share, row.active_hours, row.of_deals, row.of_notes], [1, 0.2, 1, 3, 1])
  assert.deepEqual([row.by_hand_rate, row.by_api_rate, row.by_import_rate], [0.75, 0.25, 0])
  assert.equal(row.last_seen, mon)
  const idle = all.rows.find((r) => r.group === 'Борис')
  assert.deepEqual([idle.active_days, idle.changes, idle.last_seen], [0, 0, null], 'an account that does nothing is shown')
  assert.equal(all.summary.working_days, 5)
  assert.match(all.verdict, /5/)
  assert.deepEqual((await report(boris, 'adoption', { from })).rows.map((r) => r.group), ['Борис'])
  assert.equal((await report(admin, 'adoption', { from, by: 'day' })).rows[0].active_days, 1)
})

test('a rule that sets a task each time makes its share of the changes (R266, R340)', async () => {
  const { funnel: auto, stages: steps } = await funnelOf(admin, { name: 'С правилами', task_rule: 'off' })
  const rule = await admin.create('/api/triggers', {
    name: 'Задача на новую',
    funnel_id: auto.id,
    enabled: true,
    event: { on: 'created' },
    actions: [{ do: 'task', title: 'Связаться', due_hours: 24 }],
  })
  const mon = await monday()
  await clock(server, mon)
  const from = new Date(mon).toISOString()
  const deals = []
  for (let i = 0; i < 3; i++) deals.push(await deal(`С правилом ${i}`, { funnel_id: auto.id, stage_id: steps[0].id }))
  const all = await report(admin, 'automation', { from, minutes: 2 })
  const row = all.rows.find((r) => r.rule === 'Задача на новую')
  assert.deepEqual([row.runs, row.runs_done, row.runs_failed, row.tasks_set], [3, 3, 0, 3])
  assert.equal(row.fail_rate, null, 'three runs are too few for a rate')
  assert.ok(all.summary.auto_rate > 0 && all.summary.auto_rate < 1)
  near(all.summary.saved_hours, (all.summary.automatic * 2) / 60)
  assert.deepEqual(await drilled(admin, 'automation', rule.id, 'runs_done', { from }), deals.map((d) => d.id))
  await admin.del(`/api/deals/${deals[0].id}`)
  assert.deepEqual(await drilled(admin, 'automation', rule.id, 'runs', { from }), [deals[1].id, deals[2].id], 'the total, too, is of deals that are there')
  assert.deepEqual(await drilled(admin, 'automation', 0, 'runs_done', { from, table: 'summary' }), [deals[1].id, deals[2].id])
  const hidden = await report(boris, 'automation', { from })
  assert.deepEqual([hidden.rows, hidden.codes], [[], ['automation_hidden']])
})
