// Plans by person and month, spread from above, what is missing until the plan, and pay that is not linear (R004, R035-R037, R097, R039, R040, R143, R208, R325, R391, R392).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, serve, serveWithClock, tokenOf } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)
const iso = (d) => d.toISOString().slice(0, 10)
const now = new Date()
const monthStart = iso(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)))
const yearStart = `${now.getUTCFullYear()}-01-01`

const funnel = await funnelOf(admin)
const users = (await admin.list('/api/users', { limit: 50 })).items
const sellerId = users.find((u) => u.role === 'seller').id

async function win(value_minor) {
  const deal = await seller.create('/api/deals', { title: 'Поставка', funnel_id: funnel.funnel.id, stage_id: funnel.stages[0].id, value_minor })
  await seller.patch(`/api/deals/${deal.id}`, { stage_id: funnel.won.id })
  return deal
}

test('the seller sees how much is missing until the plan of the month', async () => {
  await win(300_000_00)
  await win(100_000_00)
  const plan = await head.create('/api/plans', { measure: 'revenue', period: 'month', starts_on: monthStart, user_id: sellerId, target: 1_000_000_00 })
  const { items, currency } = await seller.get('/api/plans/progress')
  assert.equal(currency, 'RUB')
  const mine = items.find((i) => i.plan.id === plan.id)
  assert.equal(mine.actual, 400_000_00)
  assert.equal(mine.missing, 600_000_00)
  assert.ok(mine.elapsed > 0 && mine.elapsed <= 1)
  assert.ok(Math.abs(mine.expected_by_now - 1_000_000_00 * mine.elapsed) < 1)
  assert.ok(Math.abs(mine.pace - mine.actual / mine.expected_by_now) < 1e-9)
  assert.equal(mine.plan.title, 'Выручка')
  const panel = await seller.get('/api/kpi/panel')
  assert.deepEqual(panel.month.items.filter((i) => i.plan_id === plan.id).map((i) => [i.measure, i.actual, i.share]), [['revenue', 400_000_00, 0.4]])
  assert.equal(panel.day.items.find((i) => i.measure === 'won').actual, 2)
  assert.equal((await head.get(`/api/kpi/panel?user_id=${sellerId}`)).month.items[0].actual, 400_000_00)
})

test('on a day off nobody owes a norm: the panel says so instead of nought of nought', async () => {
  const { calendar } = await admin.get('/api/settings')
  await admin.patch('/api/settings', { calendar: { week: [...Array(5).fill({ from: '09:00', to: '18:00' }), null, null], exceptions: [{ on: '2031-03-10', kind: 'holiday' }] } })
  const kpi = await admin.create('/api/kpis', { name: 'Звонки месяца', measure: 'calls', target: 210, position: 1 })
  const calls = async (date) => {
    const panel = await head.get(`/api/kpi/panel?user_id=${sellerId}&date=${date}`)
    return Object.fromEntries(['day', 'week', 'month'].map((p) => [p, panel[p].items.find((i) => i.measure === 'calls')]))
  }
  const saturday = await calls('2031-03-08'), holiday = await calls('2031-03-10'), tuesday = await calls('2031-03-11')
  for (const off of [saturday, holiday]) {
    assert.deepEqual([off.day.target, off.day.share, off.day.no_norm], [null, null, 'day_off'])
    assert.equal(off.day.actual, 0, 'what is done on such a day counts all the same')
    assert.deepEqual([off.month.target, off.month.no_norm, off.week.no_norm], [210, null, null])
  }
  assert.deepEqual([tuesday.day.target, tuesday.day.no_norm], [210 / 20, null], 'twenty working days in March 2031, the holiday left out')
  assert.equal(tuesday.week.target, (210 / 20) * 4)
  await admin.del(`/api/kpis/${kpi.id}`)
  await admin.patch('/api/settings', { calendar })
})

test('a plan of the year is spread over its months without losing a kopeck, and taken back in one step', async () => {
  const year = await head.create('/api/plans', { measure: 'revenue', period: 'year', starts_on: yearStart, target: 10_000_000_01 })
  const equal = (await head.get(`/api/plans/spread?plan_id=${year.id}&by=month`)).items
  assert.equal(equal.length, 12)
  assert.equal(equal.reduce((sum, p) => sum + p.target, 0), 10_000_000_01)
  assert.deepEqual([...new Set(equal.map((p) => p.parent_id))], [year.id])
  const people = (await head.get(`/api/plans/spread?plan_id=${year.id}&by=user`)).items
  assert.equal(people.reduce((sum, p) => sum + p.target, 0), 10_000_000_01)
  assert.equal((await head('GET', `/api/plans/spread?plan_id=${year.id}&by=day`)).status, 400)
  const plans = equal.map(({ measure, period, starts_on, target, parent_id }) => ({ measure, period, starts_on, target, parent_id }))
  const made = await head.create('/api/plans/spread', { plans })
  assert.equal(made.made, 12)
  const children = () => head.list('/api/plans', { filter: `parent_id = ${year.id}`, limit: 50 })
  assert.equal((await children()).items.length, 12)
  await head.must(200)('POST', '/api/undo', { change_id: made.change_id })
  assert.equal((await children()).items.length, 0)
  assert.equal((await head('GET', `/api/plans/spread?plan_id=${equal[0].parent_id}&by=year`)).status, 400)
  assert.equal((await seller('POST', '/api/plans/spread', { plans })).status, 403)
})

test('whoever sees only own deals sees only own plans', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own', edit: 'own', delete: 'own', export: 'own' } } } })
  await admin.create('/api/users', { name: 'Новый', email: 'new@example.ru', role: 'seller', role_id: role.id, password: 'пароль для тестов' })
  const other = await server.signIn('new@example.ru', 'пароль для тестов')
  assert.deepEqual((await other.get('/api/plans/progress')).items, [])
  const panel = await other.get('/api/kpi/panel')
  assert.equal(panel.month.items.find((i) => i.measure === 'revenue').actual, 0)
})

test('a scheme of pay is tried on past months before it is used; one that makes no sense is refused', async () => {
  const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))
  await head.create('/api/plans', { measure: 'created', period: 'month', starts_on: iso(last), user_id: sellerId, target: 10 })
  const scheme = { measure: 'created', period: 'month', user_id: sellerId, base_minor: 50_000_00, steps: [{ from: 80, percent: 0, pay_minor: 10_000_00 }, { from: 100, pay_minor: 40_000_00 }], params: { of: 'plan' } }
  const { items } = await head.must(200)('POST', '/api/pay-schemes/try', { scheme, periods: 3 }).then((r) => r.body)
  assert.equal(items.length, 3)
  assert.deepEqual(items.map((i) => [i.value, i.pay_minor]), [[0, 50_000_00], [0, 50_000_00], [0, 50_000_00]])
  assert.equal(items[0].target, 10)
  assert.equal(items[1].target, null)
  assert.equal((await head('POST', '/api/pay-schemes/try', { scheme: { ...scheme, steps: [] } })).body.code, 'bad_steps')
  assert.equal((await head('POST', '/api/pay-schemes/try', { scheme: { ...scheme, measure: 'nothing' } })).body.code, 'measure_not_found')
  const kept = await head.create('/api/pay-schemes', { name: 'Продавцы', measure: 'revenue', steps: scheme.steps, base_minor: 50_000_00 })
  assert.equal(kept.currency, 'RUB')
  assert.equal((await head('POST', '/api/pay-schemes', { name: 'Плохая', measure: 'revenue', steps: [{ from: 'много' }] })).body.code, 'bad_steps')
})

test('plan and actual as a report: whose plan, what is missing a day', async () => {
  const r = await head.get('/api/reports/plan_fact')
  const rows = r.rows.map((row) => Object.fromEntries(r.columns.map((c, i) => [c.id, row[i]])))
  const mine = rows.find((row) => row.whose === 'seller' && row.measure === 'Выручка')
  assert.equal(mine.target, 1_000_000)
  assert.equal(mine.actual, 400_000)
  assert.ok(Math.abs(mine.done_share - 0.4) < 1e-9)
  assert.match(r.verdict, /Выполнено планов: 0 из/)
  assert.ok((await seller.get('/api/reports/plan_fact')).rows.length >= 1)
})

test('any number of any report can be a KPI', async () => {
  const measures = await head.get('/api/measures')
  assert.ok(measures.find((m) => m.id === 'revenue' && m.adds))
  const plan = await head.create('/api/plans', { measure: 'conversion.mature_rate', period: 'month', starts_on: monthStart, target: 0.4 })
  const { items } = await head.get(`/api/plans/progress?plan_id=${plan.id}`)
  assert.equal(items[0].actual, null, 'nothing is old enough yet')
  assert.deepEqual([items[0].why, items[0].why_text], ['too_few', 'Слишком мало данных, чтобы судить'])
  assert.equal(items[0].plan.title, 'Конверсия зрелых')
  const ahead = await head.create('/api/plans', { measure: 'check', period: 'year', starts_on: `${now.getUTCFullYear() + 1}-01-01`, target: 100 })
  const [next] = (await head.get(`/api/plans/progress?plan_id=${ahead.id}`)).items
  assert.deepEqual([next.actual, next.why], [null, 'not_begun'])
  const whole = await head.create('/api/plans', { measure: 'reviews.kept_rate', period: 'month', starts_on: monthStart, user_id: sellerId, target: 0.5 })
  const [of] = (await head.get(`/api/plans/progress?plan_id=${whole.id}`)).items
  assert.deepEqual([of.actual, of.why], [null, 'only_whole'], 'a number that is missing says why')
})

test('pay by the number of a report is told of all people, each their own (R212)', async () => {
  for (let i = 0; i < 3; i++) await admin.create('/api/users', { name: `Продавец ${i}`, email: `s${i}@example.ru`, role: 'seller', password: 'пароль для тестов' })
  const scheme = { measure: 'activity.touches', period: 'month', base_minor: 1_00, steps: [{ from: 1, percent: 0, pay_minor: 5_00 }], params: { of: 'value' } }
  const r = await head('POST', '/api/pay-schemes/try', { scheme, periods: 4 })
  assert.equal(r.status, 200, r.text)
  const people = new Set(r.body.items.map((i) => i.user_id))
  assert.equal(r.body.items.length, people.size * 4)
  assert.ok(people.size >= 6)
})

test('pay by a rate is tried on two years of twenty people at once, each with the own rate, not drawn to the others (R212)', async () => {
  const played = await serveWithClock()
  const { admin: boss, head: chief } = await peopleOf(played)
  const [bossT, chiefT] = [await tokenOf(played, boss), await tokenOf(played, chief)]
  const month = (n, d) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + n, d, 9)
  await clock(played, month(1, 3))
  const made = []
  for (let i = 0; i < 17; i++) made.push(await boss.create('/api/users', { name: `Человек ${i}`, email: `p${i}@example.ru`, role: 'seller', password: 'пароль для тестов' }))
  const all = (await bossT.list('/api/users', { limit: 50 })).items
  const due_at = month(1, 10)
  const tasks = { 0: [12, 3], 1: [10, 10], 2: [4, 4] } // of how many so many are done in time; four are too few
  for (const [who, [n, done]] of Object.entries(tasks))
    for (let i = 0; i < n; i++) {
      const task = await bossT.create('/api/tasks', { title: `Дело ${who}-${i}`, kind: 'todo', owner_id: made[who].id, due_at })
      if (i < done) await bossT.patch(`/api/tasks/${task.id}`, { done: true, result: 'Сделано' })
    }
  await clock(played, month(2, 5))
  const scheme = { measure: 'task_discipline.on_time_rate', period: 'month', base_minor: 1_00, steps: [{ from: 0.5, percent: 0, pay_minor: 5_00 }], params: { of: 'value' } }
  const r = await chiefT('POST', '/api/pay-schemes/try', { scheme, periods: 24 })
  assert.equal(r.status, 200, r.text)
  assert.equal(r.body.items.length, all.length * 24)
  assert.ok(all.length * 24 > 400, 'asked of each person and month alone it would be too much')
  const told = r.body.items.filter((i) => i.value !== null).sort((a, b) => a.user_id - b.user_id)
  assert.deepEqual(told.map((i) => [i.user_id, i.value]), [[made[0].id, 3 / 12], [made[1].id, 1]])
})

test('of whom a report has nothing to tell gets nought, like whoever is asked of alone (R212)', async () => {
  const played = await serveWithClock()
  const { admin: boss, head: chief } = await peopleOf(played)
  const [bossT, chiefT] = [await tokenOf(played, boss), await tokenOf(played, chief)]
  const people = (await bossT.list('/api/users', { limit: 50 })).items.sort((a, b) => a.id - b.id)
  const f = await funnelOf(bossT)
  const client = await bossT.create('/api/companies', { name: 'Заря' })
  const deal = await bossT.create('/api/deals', { title: 'Поставка', funnel_id: f.funnel.id, stage_id: f.stages[0].id, company_id: client.id, owner_id: people[0].id })
  await bossT.patch(`/api/deals/${deal.id}`, { stage_id: f.won.id })
  await clock(played, Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 5, 9))
  const scheme = { measure: 'ltv.purchases', period: 'month', base_minor: 1_00, steps: [{ from: 1, percent: 0, pay_minor: 5_00 }], params: { of: 'value' } }
  const { body } = await chiefT('POST', '/api/pay-schemes/try', { scheme, periods: 1 })
  assert.ok(people.length > 2)
  assert.equal(body.items.length, people.length)
  assert.deepEqual(body.items.map((i) => i.value), body.items.map((i) => (i.user_id === people[0].id ? 1 : 0)))
})

test('the panel of a past day tells what was there in its evening, not what came later', async () => {
  const played = await serveWithClock()
  const { admin: boss, head: chief, seller: sellerThen } = await peopleOf(played)
  const [chiefT, sellerT, bossT] = [await tokenOf(played, chief), await tokenOf(played, sellerThen), await tokenOf(played, boss)]
  const f = await funnelOf(bossT)
  const id = (await bossT.list('/api/users', { limit: 50 })).items.find((u) => u.role === 'seller').id
  const day = (n) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, n, 9)
  const date = (n) => iso(new Date(day(n)))
  const sell = async (value_minor) => {
    const deal = await sellerT.create('/api/deals', { title: 'Поставка', funnel_id: f.funnel.id, stage_id: f.stages[0].id, value_minor })
    await sellerT.patch(`/api/deals/${deal.id}`, { stage_id: f.won.id })
  }
  const month = async (n) => (await chiefT.get(`/api/kpi/panel?user_id=${id}&date=${date(n)}`)).month.items.find((i) => i.measure === 'revenue')
  await chiefT.create('/api/plans', { measure: 'revenue', period: 'month', starts_on: date(1), user_id: id, target: 1_000_00 })
  await clock(played, day(5))
  await sell(300_00)
  await clock(played, day(12))
  await sell(200_00)
  assert.equal((await month(12)).actual, 500_00)
  assert.equal((await month(8)).actual, 300_00)
  assert.equal((await month(8)).missing, 700_00)
  assert.equal((await month(4)).actual, 0)
})

test('a plan is spread over teams that hold nobody twice, and over those who sell', async () => {
  const place = await serve()
  const { admin, head, seller } = await peopleOf(place)
  const users = (await admin.list('/api/users', { limit: 50 })).items, id = (role) => users.find((u) => u.role === role).id
  const department = await admin.create('/api/teams', { name: 'Коммерческий отдел' })
  const [retail, firms] = [await admin.create('/api/teams', { name: 'Частные лица', parent_id: department.id }), await admin.create('/api/teams', { name: 'Компании', parent_id: department.id })]
  await admin.patch(`/api/users/${id('seller')}`, { team_id: retail.id })
  const plan = await head.create('/api/plans', { measure: 'won', period: 'year', starts_on: yearStart, target: 11 })
  const parts = async (by, how = 'equal', of = plan.id) => (await head.get(`/api/plans/spread?plan_id=${of}&by=${by}&how=${how}`)).items
  assert.deepEqual((await parts('team')).map((p) => p.team_id).sort(), [retail.id, firms.id].sort(), 'the department is not beside its own teams')
  assert.equal((await parts('team')).reduce((s, p) => s + p.target, 0), 11)
  const whole = await head.create('/api/plans', { measure: 'won', period: 'year', starts_on: yearStart, target: 9, team_id: department.id })
  assert.deepEqual((await parts('team', 'equal', whole.id)).map((p) => [p.team_id, p.parent_id]).sort(), [[retail.id, whole.id], [firms.id, whole.id]].sort())
  assert.deepEqual((await parts('user')).map((p) => [p.user_id, p.target]), [[id('seller'), 11]], 'no plan for those who only look')
  assert.deepEqual((await parts('user', 'as_last_year')).map((p) => [p.user_id, p.target]), [[id('seller'), 11]])
  await head.create('/api/plans', { measure: 'won', period: 'year', starts_on: yearStart, target: 1, user_id: id('seller') })
  const lone = await head.create('/api/plans', { measure: 'won', period: 'year', starts_on: yearStart, target: 9, team_id: firms.id })
  assert.equal((await head('GET', `/api/plans/spread?plan_id=${lone.id}&by=team`)).status, 422, 'a team without teams')
  assert.equal((await seller('GET', `/api/plans/spread?plan_id=${plan.id}&by=team`)).status, 403)
  const rows = (await head.get('/api/plans/progress')).items.map((i) => [i.plan.team_id, i.plan.user_id])
  assert.deepEqual(rows, [[null, null], [null, id('seller')], [department.id, null], [firms.id, null]], 'the company first, whatever the database makes of nothing')
})
