import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const ids = {}

// 40 deals whose values repeat and are sometimes missing.
before(async () => {
  const { funnel, stages, won } = await funnelOf(admin)
  ids.funnel = funnel.id
  ids.tag = (await admin.create('/api/tags', { name: 'важный' })).id
  ids.anna = (await admin.create('/api/contacts', { name: 'Анна Ёлкина' })).id
  ids.ivan = (await admin.create('/api/contacts', { name: 'Иван' })).id
  for (let i = 0; i < 40; i++) {
    const d = await admin.create('/api/deals', {
      title: i % 4 ? `Сделка ${i}` : `ПОСТАВКА 100%_\\ «Ёж» ${i}`,
      funnel_id: funnel.id,
      stage_id: stages[i % 3].id,
      value_minor: i % 5 ? (i % 7) * 100 : null,
      expected_close_on: i % 3 ? `2026-0${1 + (i % 9)}-15` : null,
      contact_id: i % 2 ? ids.anna : i % 3 ? ids.ivan : null,
      tag_ids: i % 10 === 0 ? [ids.tag] : [],
      rank: i / 8,
    })
    if (i % 8 === 7) await admin.patch(`/api/deals/${d.id}`, { stage_id: won.id })
  }
})

const deals = async (params) => (await admin.list('/api/deals', { limit: 500, sort: 'id', ...params })).items
const count = async (filter) => (await admin.list('/api/deals', { filter, count: 1, limit: 1 })).count

// What a filter means, said in JavaScript over all deals.
const filters = {
  'value_minor >= 300': (d) => d.value_minor !== null && d.value_minor >= 300,
  'value_minor = 0': (d) => d.value_minor === 0,
  'value_minor != 100': (d) => d.value_minor !== 100,
  'not value_minor > 100': (d) => !(d.value_minor > 100),
  'value_minor is null': (d) => d.value_minor === null,
  'not value_minor is null': (d) => d.value_minor !== null,
  'value_minor in (100, 200,300)': (d) => [100, 200, 300].includes(d.value_minor),
  'value_minor not in (100, 200)': (d) => ![100, 200].includes(d.value_minor),
  'status = "won"': (d) => d.status === 'won',
  'status != "won" and not status = "lost"': (d) => d.status === 'open',
  'title ~ "поставка"': (d) => d.title.startsWith('ПОСТАВКА'),
  'title ~ "ЕЖ"': (d) => d.title.includes('Ёж'),
  'title ~ "100%_\\\\"': (d) => d.title.includes('100%_\\'),
  'title ~ "1_0"': () => false,
  'title = "Сделка 1"': (d) => d.title === 'Сделка 1',
  'contact_id.name ~ "елкина"': (d) => d.contact_id === ids.anna,
  'not contact_id.name ~ "елкина"': (d) => d.contact_id !== ids.anna,
  'contact_id.phone is null': () => true,
  'contact_id is null or contact_id.name = "Иван"': (d) => d.contact_id !== ids.anna,
  'owner_id = me': () => true,
  'owner_id.role = "admin"': () => true,
  'expected_close_on < "2026-04-01"': (d) => d.expected_close_on !== null && d.expected_close_on < '2026-04-01',
  'expected_close_on >= today - 520w': (d) => d.expected_close_on !== null,
  'created_at > now - 1h': () => true,
  'created_at < today': () => false,
  'created_at >= "2026-01-01" and created_at < now + 1d': () => true,
  'rank > 1.5 and rank <= 3': (d) => d.rank > 1.5 && d.rank <= 3,
  'rank > -1': () => true,
  '(value_minor = 100 or value_minor = 200) and status = "open"': (d) => [100, 200].includes(d.value_minor) && d.status === 'open',
  'value_minor = 100 or value_minor = 200 and status = "won"': (d) => d.value_minor === 100 || (d.value_minor === 200 && d.status === 'won'),
  'NOT (value_minor = 100 OR status = "won")': (d) => !(d.value_minor === 100 || d.status === 'won'),
}
test('a filter means what it says, for every type of field', async () => {
  const all = await deals({})
  filters[`tag_ids has ${ids.tag}`] = (d) => d.tag_ids.includes(ids.tag)
  filters[`not tag_ids has ${ids.tag} and value_minor > 0`] = (d) => !d.tag_ids.includes(ids.tag) && d.value_minor > 0
  filters['tag_ids is null'] = (d) => d.tag_ids.length === 0
  assert.equal(all.length, 40)
  for (const [filter, test] of Object.entries(filters)) {
    const got = (await deals({ filter })).map((d) => d.id)
    assert.deepEqual(got, all.filter(test).map((d) => d.id), filter)
  }
})

test('a filter and its opposite share all deals between them', async () => {
  for (const f of Object.keys(filters)) assert.equal((await count(f)) + (await count(`not (${f})`)), 40, f)
})

test('a broken filter says where', async () => {
  const wrong = [
    ['status = ', 10],
    ['status = "opened"', 10],
    ['nonsense = 1', 1],
    ['title = "нет конца', 9],
    ['title ~ "я" and', 16],
    ['(value_minor = 1', 17],
    ['value_minor = "1"', 15],
    ['value_minor ~ "1"', 13],
    ['status < "won"', 8],
    ['tag_ids = 1', 9],
    ['contact_id.name.x = 1', 1],
    ['title.x = 1', 1],
    ['value_minor in ()', 17],
    ['value_minor = 99999999999999999999', 15],
    ['expected_close_on = "2026-02-30"', 21],
    ['value_minor = now', 15],
    ["title = 'a'", 9],
    ['title = "a" title = "b"', 13],
    ['owner_id.password_hash ~ "x"', 1],
    ['not '.repeat(60) + 'status = "won"', null],
    ['title ~ "' + 'a'.repeat(8200) + '"', 1],
  ]
  for (const [filter, at] of wrong) {
    const r = await admin('GET', '/api/deals?' + new URLSearchParams({ filter }))
    assert.equal(r.status, 400, filter.slice(0, 60))
    assert.equal(r.body.code, 'bad_filter')
    assert.equal(r.body.field, 'filter')
    if (at !== null) assert.match(r.body.detail, new RegExp(`символ ${at}\\b`), filter.slice(0, 60))
  }
})

test('a filter cannot smuggle SQL in', async () => {
  for (const text of [`'; DROP TABLE deal; --`, `") OR 1=1 --`, `$1`, `%`, `?1`])
    assert.deepEqual(await deals({ filter: `title = ${JSON.stringify(text)}` }), [])
  assert.equal((await deals({})).length, 40)
})

const keys = { value_minor: (d) => d.value_minor, title: (d) => d.title.toLowerCase().replaceAll('ё', 'е'), expected_close_on: (d) => d.expected_close_on, rank: (d) => d.rank, stage_id: (d) => d.stage_id }
const compare = (a, b) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : a < b ? -1 : a > b ? 1 : 0)
const bytes = (v) => (typeof v === 'string' ? Buffer.from(v).toString('latin1') : v)

test('sorted by anything, empty values last, and read page by page without a gap or a repeat', async () => {
  const all = await deals({})
  for (const sort of ['value_minor', '-value_minor', 'title', '-title', 'expected_close_on,-value_minor', '-rank', 'stage_id,-expected_close_on,value_minor', '-id']) {
    const parts = sort.split(',').map((p) => [p.replace('-', ''), p.startsWith('-')])
    const last = parts.at(-1)[1]
    const expected = [...all].sort((a, b) => {
      for (const [name, desc] of parts) {
        const x = bytes((keys[name] ?? ((d) => d[name]))(a)), y = bytes((keys[name] ?? ((d) => d[name]))(b))
        const c = x === null || y === null ? compare(x, y) : desc ? -compare(x, y) : compare(x, y)
        if (c) return c
      }
      return last ? b.id - a.id : a.id - b.id
    })
    const got = []
    let cursor
    do {
      const page = await admin.list('/api/deals', { sort, limit: 7, ...(cursor && { cursor }) })
      got.push(...page.items.map((d) => d.id))
      cursor = page.next_cursor
    } while (cursor)
    assert.deepEqual(got, expected.map((d) => d.id), sort)
  }
})

test('a cursor holds while deals come and go around it', async () => {
  const first = await admin.list('/api/deals', { sort: '-rank', limit: 10, filter: 'rank >= 0' })
  await admin.create('/api/deals', { title: 'перед всеми', funnel_id: ids.funnel, rank: 1000 })
  const gone = await admin.create('/api/deals', { title: 'исчезнет', funnel_id: ids.funnel, rank: 0.01 })
  await admin.del(`/api/deals/${gone.id}`)
  const second = await admin.list('/api/deals', { sort: '-rank', limit: 500, filter: 'rank >= 0', cursor: first.next_cursor })
  assert.equal(second.items.length, 30)
  assert.ok(second.items.every((d) => !first.items.some((f) => f.id === d.id)))
})

test('a cursor of another list is refused', async () => {
  const { next_cursor } = await admin.list('/api/deals', { limit: 2 })
  for (const params of [{ sort: 'title' }, { filter: 'rank > 0' }]) {
    const r = await admin('GET', '/api/deals?' + new URLSearchParams({ limit: 2, cursor: next_cursor, ...params }))
    assert.deepEqual([r.status, r.body.code], [400, 'bad_cursor'])
  }
  assert.equal((await admin('GET', `/api/tags?cursor=${next_cursor}`)).body.code, 'bad_cursor')
  for (const cursor of ['AAAA', 'совсем не то', next_cursor.slice(0, -2), next_cursor + 'AA'])
    assert.equal((await admin('GET', '/api/deals?' + new URLSearchParams({ limit: 2, cursor }))).body.code, 'bad_cursor', cursor)
})

test('only the fields asked for, counts and sums of everything that matches', async () => {
  const list = await admin.list('/api/deals', { fields: 'id,title,tag_ids', limit: 3, count: 1, sum: 'value_minor,cost_minor', filter: 'value_minor > 0' })
  assert.deepEqual(Object.keys(list.items[0]).sort(), ['id', 'tag_ids', 'title'])
  const all = await deals({ filter: 'value_minor > 0' })
  assert.equal(list.count, all.length)
  assert.deepEqual(list.sums, { value_minor: all.reduce((n, d) => n + d.value_minor, 0), cost_minor: 0 })
  assert.equal((await admin('GET', '/api/deals?fields=nonsense')).body.code, 'bad_fields')
  assert.equal((await admin('GET', '/api/deals?sum=title')).body.code, 'bad_sum')
  assert.equal((await admin('GET', '/api/deals?sort=tag_ids')).body.code, 'bad_sort')
  assert.equal((await admin('GET', '/api/deals?limit=501')).body.code, 'bad_parameter')
  assert.equal((await admin('GET', '/api/deals?limt=5')).body.code, 'unknown_parameter')
})

test('sums do not overflow', async () => {
  const most = Number.MAX_SAFE_INTEGER
  for (let i = 0; i < 3; i++) await admin.create('/api/deals', { title: `огромная ${i}`, funnel_id: ids.funnel, value_minor: most, cost_minor: most })
  const r = await admin('GET', '/api/deals?' + new URLSearchParams({ filter: 'title ~ "огромная"', sum: 'value_minor' }))
  assert.ok(r.text.includes(`"value_minor":${BigInt(most) * 3n}`))
})

test('any page by its number holds the same rows as reading page by page', async () => {
  for (const sort of ['id', '-value_minor,title', 'expected_close_on', '-contact_id']) {
    const all = await deals({ sort })
    for (const offset of [0, 1, 17, 35, 39, 40, 1000]) {
      const page = await admin.list('/api/deals', { sort, offset, limit: 5 })
      assert.deepEqual(page.items.map((d) => d.id), all.slice(offset, offset + 5).map((d) => d.id), `${sort} ${offset}`)
      assert.equal(page.next_cursor === null, offset + 5 >= all.length)
    }
  }
  const next = await admin.list('/api/deals', { sort: 'title', offset: 10, limit: 5 })
  const after = await admin.list('/api/deals', { sort: 'title', cursor: next.next_cursor, limit: 5 })
  assert.deepEqual(after.items, (await admin.list('/api/deals', { sort: 'title', offset: 15, limit: 5 })).items)
  assert.equal((await admin('GET', '/api/deals?offset=-1')).status, 400)
  assert.equal((await admin('GET', `/api/deals?offset=3&sort=title&cursor=${next.next_cursor}`)).status, 400)
})

test('a list by groups counts and sums every group, in the order of the field, without a value last', async () => {
  const filter = 'value_minor is null or value_minor < 1000000'
  const all = await deals({ filter })
  const groups = async (by, more = {}) => (await admin.list('/api/deals/groups', { by, filter, ...more })).groups
  const byStage = await groups('stage_id', { sum: 'value_minor' })
  const stages = (await admin.list('/api/stages', { filter: `funnel_id = ${ids.funnel}` })).items.map((s) => s.id)
  assert.deepEqual(byStage.map((g) => g.value), stages.filter((s) => all.some((d) => d.stage_id === s)))
  for (const g of byStage) {
    const own = all.filter((d) => d.stage_id === g.value)
    assert.equal(g.count, own.length)
    assert.equal(g.sums.value_minor, own.reduce((s, d) => s + (d.value_minor ?? 0), 0))
  }
  assert.deepEqual((await groups('status')).map((g) => g.value), ['open', 'won'])
  const people = await groups('contact_id')
  assert.deepEqual(people.map((g) => g.value), [ids.anna, ids.ivan, null], 'by name, nobody last')
  const tags = await groups('tag_ids')
  assert.deepEqual(tags.map((g) => [g.value, g.count]), [[ids.tag, 4], [null, all.length - 4]])
  const days = await groups('expected_close_on', { filter: 'status = "open"' })
  assert.ok(days.every((g) => g.value === null || /^2026-\d\d-15$/.test(g.value)))
  assert.equal(days.at(-1).value, null)
  for (const by of ['value_minor', 'created_at', 'nonsense', '']) assert.equal((await admin('GET', `/api/deals/groups?by=${by}`)).body.code, 'bad_group', by)
  assert.equal((await admin('GET', '/api/deals/groups?by=status&sum=title')).body.code, 'bad_sum')
})
