// The board and a card as they were at any instant (R095, R210), from what the server keeps in memory; the same on a second
// server of the same database.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boardRows, funnelOf, onPostgres, peopleOf, serve, startServer } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const { funnel, stages, won } = await funnelOf(admin, { name: 'Продажи' })
const F = funnel.id
const tag = await admin.create('/api/tags', { name: 'важный' })
const source = await admin.create('/api/sources', { name: 'Сайт' })
const person = await admin.create('/api/contacts', { name: 'Анна' })
const firm = await admin.create('/api/companies', { name: 'Ромашка' })
const pause = () => new Promise((done) => setTimeout(done, 5))

// What both boards tell; what history does not know (ranks, tasks, versions) aside.
const told = ['id', 'title', 'stage_id', 'value_minor', 'currency', 'owner_id', 'contact', 'company', 'stage_entered_at', 'created_at', 'expected_close_on', 'source_id', 'tag_ids', 'probability', 'waiting_since', 'deferred_until']
const rowsOf = (snapshot) =>
  [...boardRows(snapshot).values()].map((row) => Object.fromEntries(told.map((k) => [k, row[k]]))).sort((a, b) => a.id - b.id)
const totalsOf = (snapshot) => [...snapshot.totals].sort((a, b) => a.stage_id - b.stage_id)

// Changes one after the other; after each the board and the card as they are, and when that was.
const history = []
const ids = []
async function step(what) {
  await pause()
  await what()
  await pause()
  const board = await admin.list(`/api/board/${F}`)
  const cards = await Promise.all(ids.map((id) => admin('GET', `/api/deals/${id}`)))
  history.push({ at: Date.now(), board, cards: cards.map((r) => (r.status === 200 ? r.body : null)) })
}
const make = (body) => async () => void ids.push((await admin.create('/api/deals', { funnel_id: F, ...body })).id)
const change = (i, body) => () => admin.patch(`/api/deals/${ids[i]}`, body)

test('a company works for a while', async () => {
  await step(make({ title: 'Первая', value_minor: 1000, contact_id: person.id }))
  await step(make({ title: 'Вторая', company_id: firm.id, tag_ids: [tag.id], expected_close_on: '2027-01-31' }))
  await step(change(0, { stage_id: stages[1].id }))
  await step(change(0, { value_minor: 5000, source_id: source.id }))
  await step(make({ title: 'Третья', value_minor: 70 }))
  await step(change(1, { tag_ids: [], company_id: null, probability: 40 }))
  await step(() => admin.del(`/api/deals/${ids[2]}`))
  await step(change(0, { stage_id: won.id }))
  const deleted = (await admin.list(`/api/deals/${ids[0]}/timeline`)).items[0]
  await step(() => admin.must(200)('POST', '/api/undo', { change_id: deleted.change_id }))
  await step(change(0, { stage_id: stages[0].id, move_reason: 'передумали' }))
  assert.equal(history.length, 10)
})

test('the board is shown as it was after each of the changes (R095)', async () => {
  for (const then of history) {
    const was = await admin.list(`/api/board/${F}`, { as_of: then.at })
    assert.deepEqual(rowsOf(was), rowsOf(then.board))
    assert.deepEqual(totalsOf(was), totalsOf(then.board))
    assert.equal(was.as_of, then.at)
  }
  const before = await admin.list(`/api/board/${F}`, { as_of: '2020-01-01' })
  assert.deepEqual([before.n, before.totals], [0, []])
})

test('a filter is asked of the deals as they were', async () => {
  const at = (i) => ({ as_of: history[i].at, filter: 'value_minor >= 1000 and source_id is null' })
  assert.deepEqual(rowsOf(await admin.list(`/api/board/${F}`, at(2))).map((d) => d.id), [ids[0]])
  assert.deepEqual(rowsOf(await admin.list(`/api/board/${F}`, at(4))), [])
  const bad = await admin('GET', `/api/board/${F}?as_of=yesterday`)
  assert.deepEqual([bad.status, bad.body.code, bad.body.field], [400, 'bad_param', 'as_of'])
  assert.equal((await admin('GET', '/api/board/99999?as_of=2026-01-01')).status, 404)
})

test('a card is shown as it was, and is not there before it was made or while it was deleted', async () => {
  const fields = ['title', 'stage_id', 'status', 'value_minor', 'owner_id', 'contact_id', 'company_id', 'tag_ids', 'source_id', 'probability', 'expected_close_on']
  for (const then of history)
    for (const [i, id] of ids.entries()) {
      const was = await admin('GET', `/api/deals/${id}?as_of=${then.at}`)
      const want = then.cards[i]
      assert.equal(was.status, want ? 200 : 404, `${id} at ${then.at}`)
      if (want) for (const f of fields) assert.deepEqual(was.body[f], want[f], f)
    }
})

test('somebody sees of the past what they may see of it now', async () => {
  const { seller } = await peopleOf(server)
  const me = (await seller.get('/api/boot')).user.id
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own', edit: 'own', delete: 'none', export: 'none' }, company: { see: 'own', edit: 'own', delete: 'none', export: 'none' } }, fields: { 'deal.value_minor': 'hidden' } } })
  await admin.patch(`/api/users/${me}`, { role_id: role.id })
  await admin.patch(`/api/deals/${ids[1]}`, { owner_id: me })
  const was = await seller.list(`/api/board/${F}`, { as_of: history[3].at })
  assert.deepEqual(was.cols.id, [ids[1]])
  assert.deepEqual([was.cols.value_minor, was.cols.company, was.dict.company], [[], [-1], []]) // a hidden field, a company out of sight
  assert.deepEqual(was.totals, [{ stage_id: stages[0].id, deals: 1 }])
  for (const id of ids) {
    const now = await seller('GET', `/api/deals/${id}?as_of=${history[3].at}`)
    assert.equal(now.status, id === ids[1] ? 200 : 404)
    if (now.status === 200) assert.ok(!('value_minor' in now.body))
  }
})

test('a second server knows the facts of the first at the next request, new fields too', { skip: !onPostgres && 'SQLite has one server' }, async () => {
  const second = await startServer({ place: server.place })
  const there = await second.admin()
  const field = await admin.create('/api/custom-fields', { object: 'deal', label: 'Площадь', type: 'number' })
  const name = `cf_${field.id}`
  for (let i = 1; i <= 10; i++) {
    const deal = await admin.create('/api/deals', { title: `Склад ${i}`, funnel_id: F, [name]: i })
    const now = { as_of: Date.now() + 1000 }
    assert.ok((await there.list(`/api/board/${F}`, now)).cols.id.includes(deal.id))
    assert.deepEqual((await there.list(`/api/board/${F}`, { ...now, filter: `${name} = ${i}` })).cols.id, [deal.id])
    await there.patch(`/api/deals/${deal.id}`, { [name]: i + 100 })
    assert.deepEqual((await admin.list(`/api/board/${F}`, { ...now, filter: `${name} = ${i + 100}` })).cols.id, [deal.id])
  }
  await second.stop()
})
