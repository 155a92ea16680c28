import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boardRows, funnelOf, onPostgres, serve, startServer } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const one = await funnelOf(admin, { name: 'Продажи' })
const two = await funnelOf(admin, { name: 'Продления', kind: 'renewal' })
const F = one.funnel.id
const tag = await admin.create('/api/tags', { name: 'важный' })
const reason = await admin.create('/api/loss-reasons', { name: 'Дорого' })
const people = [await admin.create('/api/contacts', { name: 'Анна' }), await admin.create('/api/contacts', { name: 'Пётр "Кавычка" <b>' })]
const firm = await admin.create('/api/companies', { name: 'ООО Ромашка' })
const board = (params = {}) => admin.list(`/api/board/${F}`, params)

// The same from the lists: what the board has to be equal to.
async function fromLists(extra = '') {
  const deals = []
  let cursor
  do {
    const page = await admin.list('/api/deals', { limit: 500, filter: `funnel_id = ${F}${extra}`, ...(cursor && { cursor }) })
    deals.push(...page.items)
    cursor = page.next_cursor
  } while (cursor)
  const names = async (noun) => new Map((await admin.list(`/api/${noun}`, { limit: 500 })).items.map((x) => [x.id, x.name]))
  const contacts = await names('contacts'), companies = await names('companies')
  const rows = new Map(), totals = new Map()
  for (const d of deals) {
    const t = totals.get(d.stage_id) ?? { stage_id: d.stage_id, deals: 0, value_minor: 0 }
    totals.set(d.stage_id, { ...t, deals: t.deals + 1, value_minor: t.value_minor + (d.value_minor ?? 0) })
    if (d.status !== 'open') continue
    const { id, title, stage_id, value_minor, currency, owner_id, stage_entered_at, created_at, expected_close_on, next_task_at, open_tasks, rank, version, source_id, tag_ids, probability, waiting_since, deferred_until } = d
    rows.set(id, { id, title, stage_id, value_minor, currency, owner_id, contact: contacts.get(d.contact_id) ?? null, company: companies.get(d.company_id) ?? null, stage_entered_at, created_at, expected_close_on, next_task_at, open_tasks, rank, version, source_id, tag_ids, probability, waiting_since, deferred_until, unprofitable: Number(d.unprofitable) })
  }
  return { rows, totals: [...totals.values()] }
}
const byStage = (totals) => [...totals].sort((a, b) => a.stage_id - b.stage_id)
function same(snapshot, truth, what) {
  assert.deepEqual([...boardRows(snapshot)].sort((a, b) => a[0] - b[0]), [...truth.rows].sort((a, b) => a[0] - b[0]), what)
  assert.deepEqual(byStage(snapshot.totals), byStage(truth.totals), what)
}

// A board as whoever listens has it, once it is that of a fresh snapshot; as it is after ten seconds when it is not.
async function applied(start, stream, end) {
  for (const until = performance.now() + 10000; ; await new Promise((done) => setTimeout(done, 20))) {
    const heard = { rows: boardRows(start), totals: start.totals }
    for (const e of stream.all.filter((e) => e.event === 'board')) {
      for (const id of e.data.gone) heard.rows.delete(id)
      for (const [id, row] of boardRows(e.data)) heard.rows.set(id, row)
      heard.totals = e.data.totals
    }
    try {
      same(end, heard)
      return heard
    } catch {
      if (performance.now() > until) return heard
    }
  }
}

// Repeatable chance.
let seed = 20261121
const chance = (n) => ((seed = (seed * 1103515245 + 12345) % 2147483648), seed % n)
const pick = (list) => list[chance(list.length)]
const live = []
async function randomChange() {
  const id = live.length ? pick(live) : 0
  switch (live.length < 8 ? 0 : chance(13)) {
    case 0:
    case 1: {
      const d = await admin.create('/api/deals', { title: `Сделка «${chance(1000)}» \\ "`, funnel_id: F, value_minor: pick([null, 0, chance(1e6)]), contact_id: pick([null, people[0].id, people[1].id]), company_id: pick([null, firm.id]), tag_ids: pick([[], [tag.id]]) })
      return live.push(d.id)
    }
    case 2:
    case 3:
      return admin('PATCH', `/api/deals/${id}`, { stage_id: pick(one.stages).id })
    case 4:
      return admin('PATCH', `/api/deals/${id}`, { stage_id: one.won.id })
    case 5:
      return admin('PATCH', `/api/deals/${id}`, { stage_id: one.lost.id, loss_reason_id: reason.id })
    case 6:
      return admin('PATCH', `/api/deals/${id}`, { value_minor: pick([null, chance(1e7)]), expected_close_on: '2027-01-31', rank: chance(1000) / 8, probability: 55 })
    case 7: {
      const r = await admin('DELETE', `/api/deals/${id}`)
      if (r.status === 204 && chance(2)) return admin('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })
      return r.status === 204 && live.splice(live.indexOf(id), 1)
    }
    case 8:
      return admin('PATCH', `/api/deals/${id}`, { funnel_id: two.funnel.id, stage_id: two.stages[0].id })
    case 9:
      return admin('PATCH', `/api/deals/${id}`, { funnel_id: F, stage_id: one.stages[1].id })
    case 10: {
      const t = await admin('POST', '/api/tasks', { title: 'позвонить', deal_id: id, due_at: Date.now() + chance(1e8) })
      return t.status === 201 && chance(2) && admin('PATCH', `/api/tasks/${t.body.id}`, pick([{ done: true, result: 'да' }, { deal_id: pick(live) }]))
    }
    case 11:
      return admin.patch(`/api/contacts/${pick(people).id}`, { name: `Имя ${chance(1000)}` })
    case 12:
      return admin('PATCH', `/api/deals/${id}`, { tag_ids: pick([[], [tag.id]]), contact_id: pick(people).id })
  }
}

test('the board is what the lists say, after anything that can happen to a deal', async () => {
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 12; i++) await randomChange()
    same(await board(), await fromLists(), `round ${round}`)
  }
})

test('a listener who applies the deltas has the board of a fresh snapshot', async () => {
  const start = await board()
  const stream = await admin.events({ board: F, since: start.seq })
  for (let i = 0; i < 80; i++) await randomChange()
  const end = await board()
  const heard = await applied(start, stream, end)
  assert.ok(!stream.all.some((e) => e.event === 'reset'))
  stream.close()
  same(end, heard, 'deltas')
  same(end, await fromLists(), 'lists')
})

test('who was away for a moment gets what was missed', async () => {
  const start = await board()
  for (let i = 0; i < 10; i++) await randomChange()
  const stream = await admin.events({ board: F, since: start.seq })
  const end = await board()
  const heard = await applied(start, stream, end)
  stream.close()
  same(end, heard)
})

test('one reads one’s own writes on the board, at once', async () => {
  for (let i = 0; i < 20; i++) {
    const d = await admin.create('/api/deals', { title: `сразу ${i}`, funnel_id: F })
    assert.ok((await board()).cols.id.includes(d.id))
  }
})

test('a filter narrows the cards and the totals', async () => {
  for (const filter of ['value_minor > 1000', `tag_ids has ${tag.id}`, 'contact_id.name ~ "имя" and status = "open"', 'title ~ "нет такого"'])
    same(await board({ filter }), await fromLists(` and (${filter})`), filter)
  assert.equal((await admin('GET', `/api/board/${F}?filter=x`)).body.code, 'bad_filter')
})

test('many changes at once: the board is loaded afresh and still right', async () => {
  const before = await board()
  await Promise.all(Array.from({ length: 30 }, async (_, k) => {
    for (let i = 0; i < 75; i++) await admin.create('/api/deals', { title: `поток ${k} ${i}`, funnel_id: F, value_minor: i })
  }))
  const after = await board()
  assert.equal(after.n, before.n + 2250)
  same(after, await fromLists())
})

test('there is no board of a funnel that does not exist', async () => {
  assert.equal((await admin('GET', '/api/board/99999')).status, 404)
  assert.equal((await admin('GET', '/api/events?board=99999')).status, 404)
})

test('two servers on one PostgreSQL show each other’s changes, live and in one order', { skip: !onPostgres && 'SQLite has one server' }, async () => {
  const second = await startServer({ place: server.place })
  const there = await second.signIn('admin@voronka.local', 'верный пароль администратора')
  const since = (await board()).seq
  const streams = [await admin.events({ since, board: F }), await there.events({ since, board: F })]
  const made = []
  await Promise.all([admin, there].map(async (api, k) => {
    for (let i = 0; i < 25; i++) made.push((await api.create('/api/deals', { title: `сервер ${k} ${i}`, funnel_id: F })).id)
  }))
  const end = await board()
  const orders = []
  for (const s of streams) {
    await s.next((e) => e.event === 'change' && e.data.seq >= end.seq, 10000)
    orders.push(s.all.filter((e) => e.event === 'change').map((e) => e.data.seq))
    s.close()
  }
  assert.deepEqual(orders[0], orders[1])
  assert.deepEqual(orders[0], [...orders[0]].sort((a, b) => a - b))
  assert.deepEqual([...boardRows(await there.list(`/api/board/${F}`))].sort(), [...boardRows(end)].sort())
  assert.equal(new Set(made).size, 50)
  await second.stop()
})
