// Each detector tells of what was planted for it and is silent where nothing happened (R035-R040, R355-R359). The step
// that vanishes is report_breaks', a person's silence tests/unit/test_insight_detect.c's, a plan findings'.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, freshPlace, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { fromCli, history, objects } from './report_rig.mjs'

const day = 86400000
const begin = Date.UTC(2025, 0, 6, 9)
const date = (d) => new Date(begin + Math.round(d * day)).toISOString()
const iso = (ms) => new Date(ms * day).toISOString().slice(0, 10)

// One company: `a` deals a day, from Новая to Переговоры a day later; of ten so many go on to Счёт, after `stay` days in Переговоры.
function company({ days = 330, a = () => 3, on = () => 7, stay = () => 4 }) {
  const lines = []
  const put = (id, stage, d) => d < days && lines.push(`${id},${stage},${date(d)},Анна`)
  let n = 0
  for (let d = 0; d < days; d++)
    for (let k = 0; k < a(d); k++) {
      const id = `d${n++}`
      put(id, 'Новая', d + k / 50)
      put(id, 'Переговоры', d + 1 + k / 50)
      const leaves = d + 1 + stay(d) + k / 50
      if ((n * 7) % 10 < on(d)) {
        put(id, 'Счёт', leaves)
        put(id, (n * 3) % 10 < 5 ? 'Won' : 'Lost', leaves + 3)
      } else put(id, 'Lost', leaves)
    }
  return lines
}
async function found(spec) {
  const place = freshPlace()
  await history(place, 'Продажи', company(spec))
  const r = await fromCli(place, 'breaks', '--funnel', 'Продажи', '--as-of', date(329.9))
  return r.items.map((c) => ({ change: c.change, stage: c.stage, since: iso(c.since), before: c.rate_before ?? c.before, after: c.rate_after ?? c.after, chance: c.chance }))
}

test('a company where nothing changes is left in peace', async () => {
  assert.deepEqual(await found({}), [])
})

test('a flood of new deals is told of, with the week it began', async () => {
  const all = await found({ a: (d) => (d < 250 ? 3 : 6) })
  const inflow = all.filter((c) => c.change === 'New deals a day')
  assert.equal(inflow.length, 1, JSON.stringify(all))
  assert.ok(Math.abs(Date.parse(inflow[0].since) - (begin + 250 * day)) <= 7 * day, inflow[0].since)
  assert.ok(inflow[0].before < 3.2 && inflow[0].after > 5.5 && inflow[0].chance < 0.001)
})

test('a stage from which fewer go on is told of, with the stage', async () => {
  const all = await found({ on: (d) => (d < 150 ? 8 : 3) })
  const rate = all.find((c) => c.change === 'Passing the stage' && c.stage === 'Переговоры')
  assert.ok(rate, JSON.stringify(all))
  assert.ok(Math.abs(rate.before - 0.8) < 0.05 && Math.abs(rate.after - 0.3) < 0.08, JSON.stringify(rate))
  assert.equal(rate.since.slice(0, 7), '2025-06')
})

test('a stage fills up before a single deal is late, by Little’s law', async () => {
  const all = await found({ stay: (d) => (d < 305 ? 4 : 60) })
  const filling = all.filter((c) => c.change === 'Stage is filling up')
  assert.deepEqual(filling.map((c) => c.stage), ['Переговоры'], JSON.stringify(all))
  assert.ok(filling[0].before < 5 && filling[0].after > filling[0].before * 1.2)
})

test('answers and tasks that begin to be late are told of; a seller hears of own ones only', async () => {
  const server = await serveWithClock()
  const people = await peopleOf(server)
  const [admin, head, seller] = [await tokenOf(server, people.admin), await tokenOf(server, people.head), await tokenOf(server, people.seller)]
  const { funnel, stages } = await funnelOf(admin)
  await admin.patch(`/api/funnels/${funnel.id}`, { response_hours: 4 })
  const role = await people.admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own', edit: 'own', delete: 'own', export: 'own' } } } })
  await people.admin.create('/api/users', { name: 'Новый', email: 'new@example.ru', role: 'seller', role_id: role.id, password: 'пароль для тестов' })
  const other = await tokenOf(server, await server.signIn('new@example.ru', 'пароль для тестов'))
  const start = Date.UTC(new Date().getUTCFullYear() + 1, 0, 6, 7) // ten o'clock in Moscow
  const monday = start + ((8 - new Date(start).getUTCDay()) % 7) * day
  for (let week = 0; week < 32; week++) {
    const at = monday + week * 7 * day
    await clock(server, at)
    const made = []
    for (let i = 0; i < 6; i++) made.push(await seller.create('/api/deals', { title: `Заявка ${week}-${i}`, funnel_id: funnel.id, stage_id: stages[0].id }))
    await clock(server, at + (week < 16 ? 3600e3 : 3 * day)) // from the seventeenth week on they are answered three days later
    for (const d of made) {
      const [task] = (await seller.list('/api/tasks', { filter: `deal_id = ${d.id} and done = false`, limit: 5 })).items
      assert.ok(task, 'a lead has a task')
      await seller.must(200)('PATCH', `/api/tasks/${task.id}`, { done: true, result: 'Поговорили' })
    }
  }
  const ask = async (api) => objects(await api.get(`/api/reports/breaks?funnel_id=${funnel.id}`)).items
  const all = await ask(head)
  for (const what of ['Первый ответ вовремя', 'Задачи в срок']) {
    const [late] = all.filter((c) => c.change === what)
    assert.ok(late && late.rate_before > 0.9 && late.rate_after < 0.1, `${what}: ${JSON.stringify(all.map((c) => [c.change, c.rate_before, c.rate_after]))}`)
  }
  const seen = (await ask(other)).map((c) => c.change)
  assert.deepEqual(seen, [], 'nobody is told of deals and tasks of others')
})
