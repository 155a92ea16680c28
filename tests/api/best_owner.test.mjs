// A deal goes to whoever is measurably best at its stage: by the share of deals that they led past it, drawn towards
// everybody's, among those who have decided enough, and who are not full. R105.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { funnelOf, peopleOf, serve, tokenOf } from './harness.mjs'

const server = await serve()
const { admin: boss } = await peopleOf(server)
const admin = await tokenOf(server, boss)
const people = {}
let f, team, goal

// Of `decided` deals of the stage `passed` went on, the rest was lost.
async function history(owner_id, decided, passed) {
  const one = async (n) => {
    const d = await admin.create('/api/deals', { title: `Прошлая ${n}`, stage_id: f.stages[0].id, owner_id })
    const to = n >= passed ? f.lost : n % 2 ? f.won : f.stages[2]
    await admin.patch(`/api/deals/${d.id}`, { stage_id: to.id })
    if (to === f.stages[2]) await admin.patch(`/api/deals/${d.id}`, { stage_id: n % 4 ? f.lost.id : f.won.id }) // past this stage, lost at a later one
  }
  for (let n = 0; n < decided; n += 20) await Promise.all([...Array(Math.min(20, decided - n))].map((_, i) => one(n + i)))
}
const open = async (owner) => (await admin.list('/api/deals', { filter: `owner_id = ${owner} and status = "open"`, count: 1, limit: 1 })).count
const next = async () => {
  const d = await admin.create('/api/deals', { title: 'Новая', stage_id: f.stages[0].id })
  const { deal, run } = (await admin.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })).body
  return { owner: Object.keys(people).find((k) => people[k].id === deal.owner_id), text: JSON.stringify(run.actions) }
}

before(async () => {
  f = await funnelOf(admin, { name: 'Кто лучше', task_rule: 'off', back_reason: false })
  team = await boss.create('/api/teams', { name: 'Отдел' })
  for (const [name, load_cap] of [['best', 2], ['good', null], ['weak', null], ['lucky', null]])
    people[name] = await boss.create('/api/users', { name, email: `${name}@example.ru`, role: 'seller', team_id: team.id, load_cap, password: 'пароль для тестов' })
  goal = await admin.create('/api/goals', { stage_id: f.stages[0].id, name: 'Передать сильнейшему', actions: [{ do: 'owner', to: { team_id: team.id, pick: 'best' }, reason: 'Лучше всех ведёт этот этап' }] })
  await history(people.weak.id, 30, 6)
  await history(people.good.id, 40, 22)
  await history(people.lucky.id, 6, 6) // all of them, but too few to say anything
  await history(people.best.id, 40, 34)
})

test('the best one gets it, and the run says by which figures; whoever is full gets none more', async () => {
  assert.deepEqual(await Promise.all(Object.values(people).map((p) => open(p.id))), [0, 0, 0, 0])
  const first = await next()
  assert.equal(first.owner, 'best')
  assert.match(first.text, /85.*40/, 'passed 34 of 40')
  assert.equal((await next()).owner, 'best')
  assert.equal((await next()).owner, 'good', 'the best one has two open deals, as many as the cap lets')
  assert.deepEqual([await open(people.best.id), await open(people.good.id)], [2, 1])
  const [busy] = (await admin.list('/api/deals', { filter: `owner_id = ${people.best.id} and status = "open"` })).items
  await admin.patch(`/api/deals/${busy.id}`, { stage_id: f.won.id })
  assert.equal((await next()).owner, 'best', 'again, as soon as there is room')
})

test('where fewer than two have decided enough the least loaded one gets it', async () => {
  const other = await admin.create('/api/goals', { stage_id: f.stages[1].id, name: 'Дальше', actions: [{ do: 'owner', to: { team_id: team.id, pick: 'best' }, reason: 'Свободнее' }] })
  const d = await admin.create('/api/deals', { title: 'На другом этапе', stage_id: f.stages[1].id })
  const { deal } = (await admin.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: other.id })).body
  assert.ok([people.weak.id, people.lucky.id].includes(deal.owner_id), 'nobody of them has an open deal')
})
