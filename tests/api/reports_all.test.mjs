// Whatever stands in the catalogue: it answers without a parameter, on an empty base too, in both languages; its files
// open; and behind every number stand exactly the deals it counted (R003, R179, R184, R347).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, freshPlace, funnelOf, peopleOf, root, serve, startServer } from './harness.mjs'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const texts = Object.fromEntries(['ru', 'en'].map((l) => [l, JSON.parse(readFileSync(join(root, `i18n/${l}.json`), 'utf8'))]))
const typed = new Set(['text', 'int', 'real', 'days', 'hours', 'rate', 'points', 'time', 'date', 'money', 'id'])

function wholeText(report) {
  const keys = [`report.${report.id}.title`, `report.${report.id}.question`, `report.${report.id}.method`, `report.${report.id}.source`]
  for (const key of Object.keys(report.summary).filter((k) => !Array.isArray(report.summary[k]))) keys.push(`report.summary.${key}`)
  for (const table of [{ columns: report.columns }, ...report.tables])
    for (const c of table.columns) if (c.type !== 'id') keys.push(`report.column.${c.id}`)
  for (const table of report.tables) keys.push(`report.table.${table.id}`)
  return keys
}

function wellFormed(report) {
  for (const c of report.columns) assert.ok(typed.has(c.type), `${report.id}: ${c.id} is ${c.type}`)
  for (const row of report.rows) assert.equal(row.length, report.columns.length, report.id)
  if (report.keys) {
    assert.equal(report.keys.length, report.rows.length, `${report.id}: a key a row`)
    assert.equal(new Set(report.keys).size, report.keys.length, `${report.id}: keys tell rows apart`)
  }
  for (const l of ['ru', 'en']) for (const key of wholeText(report)) assert.ok(texts[l][key], `${l}: ${key} has no text`)
  if (!report.chart) return
  const columns = report.chart.table ? report.tables.find((t) => t.id === report.chart.table)?.columns : report.columns
  assert.ok(columns, `${report.id}: no table ${report.chart.table} to draw`)
  for (const part of ['x', 'y', 'series', 'low', 'high', 'y2'])
    if (report.chart[part]) assert.ok(columns.some((c) => c.id === report.chart[part]), `${report.id}: no column ${report.chart[part]} to draw`)
}

// Counts that lead nowhere, and why.
const leadNowhere = new Map(Object.entries({
  'workload rows load_cap': 'a limit, not a count',
  'activity rows active_days': 'days',
  'adoption rows active_days': 'days',
  'adoption rows active_hours': 'hours',
  ...Object.fromEntries(['changes', 'of_deals', 'of_tasks', 'of_clients', 'of_notes', 'of_other'].map((c) => [`adoption rows ${c}`, 'changes: the history tells them'])),
  ...Object.fromEntries(['nouns', 'weeks'].flatMap((t) => ['changes', 'automatic'].map((c) => [`automation ${t} ${c}`, 'changes: the history tells them']))),
  ...Object.fromEntries(['rows', 'places'].flatMap((t) => ['n_before', 'n_after'].map((c) => [`breaks ${t} ${c}`, 'what a finding weighed: its deals are told by the series and by the feed']))),
  'difficult rows signs': 'how many signs the client shows',
  'difficult rows client_falls': 'falls of that client, whose name leads to them',
  'ltv repeats purchase': 'which purchase',
  'rfm_abc client_list recency': 'points',
  'rfm_abc client_list frequency': 'points',
  'rfm_abc client_list monetary': 'points',
}))

// Numbers of summaries that count neither deals nor tasks, clients or people, and why.
const summaryLeadsNowhere = new Map(Object.entries({
  'conversion mature_days': 'days',
  'cohorts estimates': 'cells that are marked as estimates',
  'golden_path variants': 'ways, each of them a row',
  'entry_practice vanished_steps': 'steps, each of them a row',
  'activity active_days': 'days',
  'automation changes_made': 'changes: the history tells them',
  'automation automatic': 'changes: the history tells them',
  'automation auto_moves': 'changes: the history tells them',
  'adoption working_days': 'days',
  'adoption changes_made': 'changes: the history tells them',
  'forecast forecasts_judged': 'forecasts, each of them a row',
  'forecast forecasts_held': 'forecasts, each of them a row',
  'calibration instants': 'instants in the past',
  'breaks changes': 'findings, each of them a row',
  'breaks watched': 'series that are watched',
  'before_after window_days': 'days',
  'before_after horizon_days': 'days',
  ...Object.fromEntries(['plans', 'plans_reached', 'plans_behind'].map((k) => [`plan_fact ${k}`, 'plans, each of them a row'])),
}))

function countsLead(report) {
  for (const [key, type] of Object.entries(report.summary_types))
    if (type === 'int' && !summaryLeadsNowhere.has(`${report.id} ${key}`) && report.summary[key] !== null)
      assert.ok(report.summary_drill.includes(key), `${report.id}: ${key} of the summary leads nowhere`)
  for (const t of [{ id: 'rows', columns: report.columns, keys: report.keys, n: report.rows.length }, ...report.tables.map((t) => ({ ...t, n: report.summary[t.id].length }))])
    for (const c of t.columns) {
      if (c.type !== 'int' || leadNowhere.has(`${report.id} ${t.id} ${c.id}`)) continue
      assert.ok(c.drill, `${report.id} ${t.id}: ${c.id} leads nowhere`)
      assert.equal(t.keys?.length ?? 0, t.n, `${report.id} ${t.id}: a key a row`)
    }
}

// Looks at every report and tells of all that are wrong at once.
async function each(list, look) {
  const wrong = []
  for (const entry of list) await look(entry.id, entry).catch((e) => wrong.push(`${entry.id}: ${e.message}`))
  assert.deepEqual(wrong, [])
}

test('a new company opens every report: nothing breaks where there is nothing yet', async () => {
  const server = await serve()
  const { admin, seller } = await peopleOf(server)
  await each(await admin.get('/api/reports'), async (id) => {
    for (const who of [admin, seller]) {
      const r = await who('GET', `/api/reports/${id}`)
      assert.equal(r.status, 200, r.text.slice(0, 200))
    }
  })
  await withoutFunnels(server, admin)
})

// A company that has not made a funnel yet, or has deleted its last.
async function withoutFunnels(server, admin) {
  for (const f of (await admin.get('/api/funnels?limit=100')).items) {
    for (const s of (await admin.list('/api/stages', { limit: 100, filter: `funnel_id = ${f.id}` })).items) await admin.del(`/api/stages/${s.id}`)
    await admin.del(`/api/funnels/${f.id}`)
  }
  assert.deepEqual((await admin.get('/api/funnels')).items, [])
  await each(await admin.get('/api/reports'), async (id) => {
    const report = await admin.get(`/api/reports/${id}`)
    const nothing = ['empty', 'nothing_in_period', 'no_plans'] // deals; what people do; plans
    if (!['activity', 'adoption', 'automation'].includes(id)) // the changes of this test are there
      assert.ok(report.notes.some((n) => nothing.includes(n.code)), `it says that there is nothing, not ${report.notes.map((n) => n.code)}`)
    assert.ok(!('funnel_id' in report.params) || report.params.funnel_id === null, `funnel ${report.params.funnel_id}`)
  })
}

test('a funnel is asked for by name, or by number in old links', async () => {
  const server = await serve()
  const { admin } = await peopleOf(server)
  const first = await admin.create('/api/funnels', { name: 'Заявки' })
  const second = await admin.create('/api/funnels', { name: 'Возврат' })
  const asked = async (text, id = 'funnel') => (await admin('GET', `/api/reports/${id}?funnel=${encodeURIComponent(text)}`)).body
  for (const id of ['funnel', 'discipline', 'conversion']) {
    const by = (text) => asked(text, id)
    assert.equal((await by('возврат')).params.funnel_id, second.id)
    assert.equal((await by(String(second.id))).params.funnel_id, second.id)
    assert.equal((await by('99999')).code, 'funnel_not_found')
  }
  const named = await admin.create('/api/funnels', { name: String(first.id) })
  assert.equal((await asked(String(first.id))).params.funnel_id, named.id, 'a name is worth more than a number')
})

// What is of money, time or changes, and what a plan or a person has promised: not a rate of a sample.
const ofNoSample = new Map(Object.entries({
  'cycle_share': 'of time', 'revenue_share': 'of money', 'client_share': 'of clients', 'existing_share': 'of money', 'cost_share': 'of money',
  'observed_share': 'of money', 'romi': 'of money', 'romi_observed': 'of money', 'discount': 'of a price', 'price_gap': 'of a price', 'day_share': 'of days',
  'auto_rate': 'of changes', 'by_hand_rate': 'of changes', 'by_api_rate': 'of changes', 'by_import_rate': 'of changes', 'by_rules_rate': 'of changes',
  'fitness': 'of moves allowed by the rules', 'load': 'of a limit', 'promised': 'what was promised', 'promised_from': 'what was promised',
  'naive_rate': 'what everybody works out by hand, beside the honest one', 'naive_low': 'its interval', 'naive_high': 'its interval',
  'done_share': 'of a plan', 'elapsed': 'of a period', 'pace': 'of a plan',
}))

test('a company of eight deals is told counts, not rates: too few to tell, in every cell, sum and sentence', async () => {
  const place = freshPlace()
  assert.equal((await cli(['demo', ...place, '--deals', '8', '--seed', '7'])).code, 0)
  const server = await startServer({ place, args: ['--demo'] })
  const head = await comeAs(server, await server.anon.get('/api/demo'), 'head')
  const ofDeals = new Set(['funnel', 'clients', 'money'])
  await each(await head.get('/api/reports'), async (id, { group }) => {
    const r = await head.get(`/api/reports/${id}`)
    const shown = []
    const look = (what, type, value) => ['rate', 'points'].includes(type) && !ofNoSample.has(what.split('.').at(-1)) && typeof value === 'number' && shown.push(`${what} ${value}`)
    for (const [key, type] of Object.entries(r.summary_types)) look(key, type, r.summary[key])
    for (const t of [{ id: 'rows', columns: r.columns, rows: r.rows }, ...r.tables.map((t) => ({ ...t, rows: r.summary[t.id].map((o) => t.columns.map((c) => o[c.id])) }))])
      t.columns.forEach((c, i) => t.rows.forEach((row) => look(`${t.id}.${c.id}`, c.type, row[i])))
    if (!ofDeals.has(group) || id === 'conversion') return // what people do is more than eight times; conversion has its intervals beside
    assert.deepEqual(shown, [])
    const said = ['too_few', 'empty', 'few_clients', 'people_few', 'rates_hidden', 'no_win_back', 'no_plans', 'plan_fact', 'nothing_in_period']
    assert.ok(r.notes.some((n) => said.includes(n.code)), `it says that they are too few, not ${r.notes.map((n) => n.code)}`)
  })
  await server.stop()
})

test('a deal with two tags stands in two groups and is one deal in every summary', async () => {
  const server = await serve()
  const { admin } = await peopleOf(server)
  const { funnel, stages, won, lost } = await funnelOf(admin)
  const tag_ids = []
  for (const name of ['Срочно', 'Тендер']) tag_ids.push((await admin.create('/api/tags', { name })).id)
  await admin.patch(`/api/stages/${stages[0].id}`, { norm_days: 1, probability: 40 })
  for (let i = 0; i < 12; i++) {
    const d = await admin.create('/api/deals', { title: `Т${i}`, funnel_id: funnel.id, tag_ids: i < 9 ? tag_ids : [], value_minor: 1000 })
    if (i % 4 < 2) await admin.patch(`/api/deals/${d.id}`, { stage_id: (i % 4 ? won : lost).id })
  }
  await each(await admin.get('/api/reports'), async (id, { params }) => {
    const known = params.map((p) => p.name), by = params.find((p) => p.name === 'by')
    if (by?.type !== 'attribute') return
    const r = await admin.get(`/api/reports/${id}?by=tag`)
    await numbersLeadToDeals(admin, { ...r, tables: [], columns: [], rows: [] }, known)
    for (const key of ['deals', 'open', 'won', 'lost']) if (key in r.summary) assert.ok(r.summary[key] <= { deals: 12, open: 6, won: 3, lost: 3 }[key], `${id}: ${key} ${r.summary[key]}`)
  })
})

test('every report of a living company: texts, files, and the deals behind each number', { timeout: 240_000 }, async () => {
  const place = freshPlace()
  assert.equal((await cli(['demo', ...place, '--deals', '600', '--seed', '7'])).code, 0)
  const server = await startServer({ place, args: ['--demo'] })
  const people = await server.anon.get('/api/demo')
  const head = await comeAs(server, people, 'head')
  const seller = await comeAs(server, people, 'seller')
  await each(await head.get('/api/reports'), async (id, { params }) => {
    const report = await head.get(`/api/reports/${id}`)
    wellFormed(report)
    countsLead(report)
    await numbersLeadToDeals(head, report, params.map((p) => p.name))
    for (const format of ['csv', 'xlsx', 'pdf', 'text']) {
      const r = await head('GET', `/api/reports/${id}?format=${format}`)
      assert.equal(r.status, 200, `as ${format}: ${r.text.slice(0, 200)}`)
    }
    const own = await seller('GET', `/api/reports/${id}`)
    assert.equal(own.status, 200, `for a seller: ${own.text.slice(0, 200)}`)
  })
  await server.stop()
})

async function comeAs(server, { people }, role) {
  const r = await server.anon('POST', '/api/demo/session', { user_id: people.find((p) => p.role === role).user_id })
  return server.as({ cookie: r.headers.get('set-cookie').split(';')[0], csrf: r.body.csrf, user: r.body.user })
}

// Up to twelve numbers of each table, spread over it: the larger counts first.
async function numbersLeadToDeals(api, report, known) {
  const tables = [{ id: 'rows', columns: report.columns, keys: report.keys ?? [], rows: report.rows }]
  for (const t of report.tables)
    tables.push({ ...t, rows: (report.summary[t.id] ?? []).map((o) => t.columns.map((c) => o[c.id])) })
  const query = new URLSearchParams()
  for (const [k, v] of Object.entries(report.params)) if (v !== null && k !== 'funnel' && known.includes(k)) query.set(k, v)
  const led = (key) => ({ key: 0, column: key, events: report.summary_events.includes(key), n: report.summary[key] })
  tables.push({ id: 'summary', columns: [], keys: [], numbers: report.summary_drill.map(led) })
  for (const t of tables) {
    const cells = t.numbers ?? []
    t.columns.forEach((c, k) => {
      if (c.drill) t.keys.forEach((key, i) => cells.push({ key, column: c.id, events: c.events, n: t.rows[i][k] }))
    })
    const asked = cells.filter((c) => c.n > 0).sort((a, b) => b.n - a.n)
    const step = Math.max(1, Math.floor(asked.length / 12))
    for (const cell of asked.filter((_, i) => i % step === 0).slice(0, 12)) {
      query.set('table', t.id)
      query.set('row', cell.key)
      query.set('column', cell.column)
      const r = await api('GET', `/api/reports/${report.id}/deals?${query}&limit=1`)
      assert.equal(r.status, 200, `${report.id} ${t.id} ${cell.key} ${cell.column}: ${r.text.slice(0, 200)}`)
      const what = `${report.id}: ${t.id}, row ${cell.key}, ${cell.column}: ${r.body.total} deals for ${cell.n}`
      assert.ok(cell.events ? r.body.total > 0 && r.body.total <= cell.n : r.body.total === cell.n, what)
    }
  }
}
