// Every measure a plan can be about is found off plan, not only money: what is entered, done and won (R207, R355).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, freshPlace, startServer, tokenOf } from './harness.mjs'
import { day, history, isoDay, steadyYear } from './report_rig.mjs'

test('inflow and conversion that will not come true are told of, with who is short; what goes as planned is left in peace', async () => {
  const today = Math.floor(Date.now() / day) * day
  const next = new Date(today + day)
  const days = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate()
  const starts_on = isoDay(Date.UTC(next.getUTCFullYear(), next.getUTCMonth(), 1))
  const place = freshPlace()
  await history(place, 'Ровная', steadyYear(today))
  const server = await startServer({ place, args: ['--test-clock'] })
  const admin = await tokenOf(server, await server.admin())
  const users = (await admin.list('/api/users', { limit: 50 })).items
  const [anna, boris] = ['Анна', 'Борис'].map((n) => users.find((u) => u.name === n))
  for (const u of [anna, boris]) await admin.patch(`/api/users/${u.id}`, { active: true })
  const plan = (measure, target, more) => admin.create('/api/plans', { measure, period: 'month', starts_on, target, ...more })
  const boldInflow = await plan('created', 10 * days), inflow = await plan('created', 5 * days - 10)
  await plan('created', 3 * days - 5, { user_id: anna.id, parent_id: boldInflow.id })
  await plan('created', 7 * days, { user_id: boris.id, parent_id: boldInflow.id })
  const boldRate = await plan('conversion', 0.8), rate = await plan('conversion', 0.4)
  const calls = await plan('calls', 100), inTime = await plan('tasks_in_time', 0.9), check = await plan('check', 1000)
  await clock(server, today + day + 6 * 3600e3)
  const found = await eventually(async () => {
    const list = (await admin.list('/api/findings', { limit: 100 })).items.filter((f) => f.detector === 'plan')
    return list.some((f) => f.params.plan_id === boldRate.id) && list.some((f) => f.params.plan_id === boldInflow.id) ? list : null
  }, 'findings of plans', 20000)
  const of = (p) => found.filter((f) => f.params.plan_id === p.id)
  for (const fine of [inflow, rate]) assert.deepEqual(of(fine), [], JSON.stringify(fine))
  for (const unknown of [calls, inTime, check]) assert.deepEqual(of(unknown), [], 'nothing has ever been counted: nothing can be foretold')
  const [few] = of(boldInflow), [low] = of(boldRate)
  assert.deepEqual([few.params.above, few.params.unit, few.params.before], [false, 'count', 10 * days])
  assert.ok(Math.abs(few.params.after - 5 * days) <= 15, `${few.params.after} of ${5 * days} expected`)
  assert.deepEqual(few.places.filter((p) => p.dimension === 'owner').map((p) => p.name), ['Борис'], 'Anna brings what she is asked for')
  assert.deepEqual([low.params.above, low.params.unit, low.params.before], [false, 'rate', 0.8])
  assert.ok(Math.abs(low.params.after - 0.4) < 0.06, `${low.params.after} of 0.4 expected`)
  assert.ok(low.params.low <= low.params.after && low.params.after <= low.params.high && low.params.high < 0.8)
  assert.ok(low.params.actual >= 0 && low.params.actual <= 0.5 && low.chance < 0.1)
  await server.stop()
})
