// What the reports about clients say of a small company whose figures are counted by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { drilled, report } from './report_look.mjs'

const hour = 3600e3
const day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const root = people.admin
const { funnel, stages, won, lost } = await funnelOf(root, { task_rule: 'off', back_reason: false })
const role = await root.create('/api/roles', {
  name: 'Только своё',
  base: 'seller',
  rights: { objects: Object.fromEntries(['deal', 'contact', 'company', 'task'].map((o) => [o, { see: 'own', create: 'own', edit: 'own', delete: 'own', export: 'own' }])) },
})
const masked = await root.create('/api/roles', { name: 'Без ожиданий', base: 'seller', rights: { objects: {}, fields: { 'deal.waiting_since': 'hidden', 'deal.coverage': 'hidden' } } })
await root.patch(`/api/users/${people.observer.session.user.id}`, { role_id: masked.id })
const ann = await root.create('/api/users', { name: 'Анна', email: 'ann@example.ru', role: 'seller', password: 'пароль для тестов' })
await root.patch(`/api/users/${people.seller.session.user.id}`, { name: 'Борис', role_id: role.id })
const admin = await tokenOf(server, root)
const boris = await tokenOf(server, people.seller)
const time = async () => (await admin.create('/api/tags', { name: `t${Math.random()}` })).created_at
let now = await time()
const pass = async (ms) => (now = await clock(server, (await time()) + ms))
const deal = (title, more = {}) => admin.create('/api/deals', { title, funnel_id: funnel.id, stage_id: stages[0].id, owner_id: ann.id, ...more })
const move = (d, stage_id, more = {}) => admin.patch(`/api/deals/${d.id}`, { stage_id, ...more })
const near = (got, want, what = '') => assert.ok(got !== null && Math.abs(got - want) < 1e-6, `${what}: ${got} instead of ${want}`)
const since = () => ({ from: new Date(now).toISOString() })

test('an empty company: each report answers, and says that there is nothing', async () => {
  for (const id of ['ladder', 'development', 'coverage', 'competitors', 'difficult']) {
    const r = await report(admin, id)
    assert.equal(r.verdict, undefined, id)
    assert.ok(r.codes.some((code) => code === 'nothing_in_period' || code === 'empty'), `${id}: ${r.codes.join()}`)
  }
})

test('ten deals climb twice, four of them fall back once: a sixth of the steps go back (R137, R139, R180)', async () => {
  const asked = since()
  const deals = []
  for (let i = 0; i < 10; i++) deals.push(await deal(`Лестница ${i}`))
  for (const d of deals) await move(d, stages[1].id)
  for (const d of deals) await move(d, stages[2].id)
  for (const d of deals.slice(0, 4)) await move(d, stages[0].id, { move_reason: 'Передумали' })
  await move(deals[9], won.id)
  await move(deals[8], lost.id)
  await move(deals[8], stages[1].id, { move_reason: 'Вернулись' })
  const all = await report(admin, 'ladder', { ...asked, by: 'owner' })
  const [row] = all.rows
  assert.deepEqual([row.group, row.climbs, row.falls, row.wins, row.losses, row.reopenings], ['Анна', 20, 4, 1, 1, 1])
  near(row.fall_rate, 4 / 24)
  assert.match(all.verdict, /20.*4/)
  assert.deepEqual(await drilled(admin, 'ladder', row.key, 'falls', { ...asked, by: 'owner' }), deals.slice(0, 4).map((d) => d.id))
  assert.equal((await report(admin, 'ladder', asked)).rows.length, 1, 'a row a month')
  assert.equal((await report(admin, 'ladder', { ...asked, filter: `id = ${deals[0].id}` })).summary.falls, 1)
  assert.equal((await report(boris, 'ladder', asked)).summary.climbs, 0, 'deals of others are out of sight')
})

test('a company climbs two steps of development and falls from the third (R099, R152, R180)', async () => {
  const steps = []
  for (const [i, name] of ['Новый', 'Пробный заказ', 'Постоянный'].entries())
    steps.push(await admin.create('/api/classifiers', { kind: 'development', name, position: 900 + i }))
  const firms = []
  for (let i = 0; i < 12; i++) firms.push(await admin.create('/api/companies', { name: `ООО «${i}»`, owner_id: ann.id, development_id: steps[0].id }))
  await pass(10 * day)
  const asked = since()
  for (const f of firms.slice(0, 6)) await admin.patch(`/api/companies/${f.id}`, { development_id: steps[1].id })
  await pass(10 * day)
  for (const f of firms.slice(0, 2)) await admin.patch(`/api/companies/${f.id}`, { development_id: steps[2].id })
  await pass(5 * day)
  await admin.patch(`/api/companies/${firms[0].id}`, { development_id: steps[1].id })
  const all = await report(admin, 'development', asked)
  const rows = all.rows.filter((r) => steps.some((s) => s.id === r.key))
  assert.deepEqual(rows.map((r) => [r.step, r.clients_now, r.came, r.went_up, r.went_down]),
    [['Новый', 6, 0, 6, 0], ['Пробный заказ', 5, 7, 2, 0], ['Постоянный', 1, 2, 0, 1]])
  near(rows[0].up_rate, 0.5, 'six of the twelve who stood there')
  assert.equal(rows[2].down_rate, null, 'two are too few')
  assert.match(all.verdict, /Постоянный/)
  assert.deepEqual(all.summary.development_moves.map((m) => m.clients).sort(), [1, 2, 6])
  assert.deepEqual(await drilled(admin, 'development', steps[2].id, 'went_down', asked), [firms[0].id])
  const past = await report(admin, 'development', { ...asked, as_of: new Date(now - 7 * day).toISOString() })
  assert.equal(past.rows.find((r) => r.key === steps[1].id).clients_now, 6, 'as it stood a week ago')
  assert.equal((await report(boris, 'development', asked)).summary.clients_now, 0)
  const ladder = await report(admin, 'ladder', { ...asked, by: 'owner' })
  assert.deepEqual([ladder.rows[0].client_climbs, ladder.rows[0].client_falls], [8, 1])
})

test('known centres win ten of twelve, unknown ones three of twelve: more than chance (R379)', async () => {
  await pass(day)
  const asked = since()
  const who = await admin.create('/api/contacts', { name: 'Директор' })
  const known = []
  for (let i = 0; i < 12; i++) {
    const d = await deal(`Знаем ${i}`)
    await admin.create('/api/buyers', { deal_id: d.id, contact_id: who.id, role: 'decides', needs: 'Скорость', expectations: 'Запуск в мае', last_contact_at: now })
    known.push(d)
  }
  const unknown = []
  for (let i = 0; i < 12; i++) unknown.push(await deal(`Не знаем ${i}`))
  for (const [i, d] of known.entries()) await move(d, i < 10 ? won.id : lost.id)
  for (const [i, d] of unknown.entries()) await move(d, i < 3 ? won.id : lost.id)
  const all = await report(admin, 'coverage', asked)
  assert.deepEqual(all.rows.map((r) => [r.closed, r.wins]), [[12, 3], [0, 0], [0, 0], [0, 0], [12, 10]])
  near(all.rows[4].win_rate, 10 / 12)
  near(all.rows[4].win_low, 0.5519691, 'Wilson')
  assert.match(all.verdict, /58,3/)
  assert.ok(all.codes.includes('coverage_not_cause'))
  assert.deepEqual(await drilled(admin, 'coverage', 4, 'losses', asked), known.slice(10).map((d) => d.id))
  await pass(200 * day)
  const [buyer] = (await admin.list('/api/buyers', { filter: `deal_id = ${known[0].id}` })).items
  await admin.patch(`/api/buyers/${buyer.id}`, { needs: null })
  assert.equal((await report(admin, 'coverage', { from: new Date(now - 210 * day).toISOString() })).rows[4].closed, 12, 'what was forgotten after the close changes nothing')
  assert.equal((await report(boris, 'coverage', asked)).summary.closed, 0)
})

test('a competitor is met three times, wins once by name, and is a fifth cheaper (R098, R156)', async () => {
  await pass(400 * day)
  const asked = since()
  const rival = await admin.create('/api/competitors', { name: 'Соперник' })
  const deals = []
  for (let i = 0; i < 4; i++) deals.push(await deal(`Тендер ${i}`, { value_minor: 1000000 }))
  for (const [i, d] of deals.slice(0, 2).entries())
    await admin.create('/api/competitor-offers', { competitor_id: rival.id, deal_id: d.id, price_minor: 700000 + i * 200000 })
  await move(deals[0], won.id)
  await admin.patch(`/api/deals/${deals[2].id}`, { stage_id: lost.id, competitor_id: rival.id })
  const all = await report(admin, 'competitors', asked)
  const row = all.rows.find((r) => r.competitor === 'Соперник')
  assert.deepEqual([row.met, row.wins, row.losses, row.lost_to, row.priced, row.cheaper], [3, 1, 1, 1, 2, 2])
  near(row.price_gap, -0.2, 'between 30 and 10 per cent less')
  assert.equal(row.win_rate, null, 'two closed deals are too few')
  assert.match(all.verdict, /Соперник/)
  assert.deepEqual(await drilled(admin, 'competitors', rival.id, 'met', asked), deals.slice(0, 3).map((d) => d.id))
  assert.deepEqual(await drilled(admin, 'competitors', rival.id, 'lost_to', asked), [deals[2].id])
  assert.deepEqual((await report(boris, 'competitors', asked)).rows, [])
})

test('who comes back twice, waits for a day and costs six tasks is difficult; who sells and is silent is named (R186)', async () => {
  await pass(400 * day)
  const asked = since()
  const firm = await admin.create('/api/companies', { name: 'ООО «Тяжёлый»', owner_id: ann.id })
  const easy = await admin.create('/api/companies', { name: 'ООО «Лёгкий»', owner_id: ann.id })
  const hard = await deal('Тяжёлая', { company_id: firm.id, waiting_since: now })
  const light = await deal('Лёгкая', { company_id: easy.id, value_minor: 5000000 })
  for (let i = 0; i < 2; i++) {
    await move(hard, stages[1].id)
    await move(hard, stages[0].id, { move_reason: 'Передумали' })
  }
  const work = async (d) => {
    const t = await admin.create('/api/tasks', { title: 'Звонок', kind: 'call', deal_id: d.id, owner_id: ann.id, due_at: now + day })
    await admin.patch(`/api/tasks/${t.id}`, { done: true, result: 'Поговорили' })
    return t
  }
  const tasks = []
  for (let i = 0; i < 6; i++) tasks.push(await work(hard))
  await work(light)
  await move(light, won.id)
  await pass(day)
  await admin.patch(`/api/deals/${hard.id}`, { waiting_since: null })
  const all = await report(admin, 'difficult', asked)
  assert.equal(all.rows.length, 1)
  const [row] = all.rows
  assert.deepEqual([row.client, row.key, row.signs, row.returns, row.tasks_done, row.won, row.value_per_task], ['ООО «Тяжёлый»', firm.id, 3, 2, 6, 0, 0])
  assert.ok(row.wait_hours >= 24)
  assert.deepEqual(await drilled(admin, 'difficult', firm.id, 'returns', asked), [hard.id])
  assert.deepEqual(await drilled(admin, 'difficult', firm.id, 'tasks_done', asked), tasks.map((t) => t.id))
  assert.deepEqual(all.summary.idle.map((p) => p.person), ['Анна'], 'she has open deals and has never done anything herself')
  assert.match(all.verdict, /1/)
  assert.deepEqual((await report(boris, 'difficult', asked)).rows, [])
})

test('a report about a field that is hidden says so, and nothing else', async () => {
  const who = await server.signIn('observer@example.ru', 'пароль для тестов')
  for (const id of ['client_waiting', 'coverage']) {
    const r = await report(who, id)
    assert.deepEqual([r.rows, r.summary, r.codes], [[], {}, ['field_hidden']], id)
  }
})
