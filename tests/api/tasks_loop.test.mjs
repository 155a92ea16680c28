// The loop of work: a due task, its deal, the result, the next task; first answers in time; waiting and waking.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const head = await tokenOf(server, people.head)
const seller = await tokenOf(server, people.seller)
const [me, boss, root] = [seller.session.user.id, head.session.user.id, admin.session.user.id]

// The moment of a weekday (1: Monday) at a Moscow time, in the week that begins behind the present one of the test.
let monday = (() => {
  const d = new Date(Date.now() + 3 * hour)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) + ((8 - d.getUTCDay()) % 7 || 7) * day
})()
const at = (weekday, hours, minutes = 0) => monday + (weekday - 1) * day + (hours - 3) * hour + minutes * 60000
const go = (ms) => clock(server, ms)
const nextWeek = () => (monday += 7 * day)
let n = 0
const funnel = (fields = {}) => funnelOf(admin, { name: `Воронка ${++n}`, ...fields })
const tasksOf = async (api, deal, rest = '') => (await api.list('/api/tasks', { filter: `deal_id = ${deal.id}${rest}`, sort: 'id' })).items
const notices = async (api, kind) => (await api.list('/api/notifications', { filter: `kind = "${kind}"`, sort: 'id' })).items

test('a new deal gets its first task: answer within 4 working hours, across a weekend and a holiday (R293, R294)', async () => {
  await admin.patch('/api/settings', { calendar: { week: [...Array(5).fill({ from: '09:00', to: '18:00', break_from: '13:00', break_to: '14:00' }), null, null],
    exceptions: [{ on: new Date(monday + 7 * day).toISOString().slice(0, 10), kind: 'holiday', name: 'День основания' }] } })
  const { stages } = await funnel({ response_hours: 4 })
  await go(at(5, 16, 30))
  const deal = await seller.create('/api/deals', { title: 'Заявка с сайта', stage_id: stages[0].id })
  // Friday from 16:30: an hour and a half; Monday is a holiday; Tuesday two and a half hours more.
  nextWeek()
  assert.equal(Math.round((deal.first_response_due_at - at(2, 11, 30)) / 60000), 0)
  const [task] = await tasksOf(seller, deal)
  assert.deepEqual([task.title, task.kind, task.lead, task.due_at, task.owner_id], ['Связаться с новым клиентом', 'call', true, deal.first_response_due_at, me])
})
