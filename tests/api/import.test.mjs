// Real history comes in by the command line and is then worked on like any other deal (R012, R059, R216).
// The loan log and the Maven opportunities lie outside of the project; where they are absent those scenarios say so.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { bin, cli, freshPlace, root, scratchFile, serve } from './harness.mjs'

const shared = process.env.VORONKA_SHARED ?? resolve(root, '../shared')
const loans = join(shared, 'data/bpic2012/financial_log.csv.gz')
const maven = join(shared, 'data/maven/sales_pipeline.csv')
const without = (file) => (existsSync(file) ? false : `no ${file} (set VORONKA_SHARED)`)

function log(name, rows) {
  const file = scratchFile(name)
  writeFileSync(file, ['case,stage,at,user,amount', ...rows].join('\n') + '\n')
  return file
}
const columns = ['--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user', '--amount', 'amount']
async function bring(place, ...args) {
  const r = await cli(['import', ...place, ...args, '--json'])
  assert.equal(r.code, 0, r.err)
  return { ...JSON.parse(r.out), err: r.err }
}
async function consistent(place) {
  const r = await cli(['check', ...place])
  assert.equal(r.code, 0, r.out + r.err)
}
const loanWords = ['--funnel', 'Кредиты', '--case', 'case:concept:name', '--stage', 'concept:name', '--at', 'time:timestamp',
  '--user', 'org:resource', '--amount', 'case:AMOUNT_REQ', '--currency', 'EUR',
  '--won', 'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED', '--lost', 'A_DECLINED', 'A_CANCELLED']

const server = await serve() // for the whole file: the places end with it

test('history imported while the office works is seen at once, with who did what and when', async () => {
  const admin = await server.admin()
  const file = log('small.csv', [
    'Поставка,Заявка,2024-03-01T10:00:00+03:00,Вера,"1 250,50"',
    'Поставка,Успех,2024-03-05,Глеб,1300',
    'Поставка,Звонок после,2024-03-06,Вера,',
    'Ремонт,Заявка,2024-03-02,,',
    'Ремонт,Заявка,не дата,,',
  ])
  const sum = await bring(server.place, '--events', file, '--funnel', 'История', ...columns, '--won', 'Успех')
  assert.deepEqual([sum.rows, sum.deals, sum.events, sum.won, sum.open, sum.passed, sum.bad_total], [5, 2, 4, 1, 1, 1, 1])
  assert.deepEqual(sum.bad_rows, [{ line: 6, code: 'bad_time', text: 'time: "не дата"' }])
  assert.match(sum.err, /line 6: bad_time/)

  const deals = (await admin.list('/api/deals', { filter: `funnel_id = ${sum.funnel_id}`, sort: 'title' })).items
  assert.deepEqual(deals.map((d) => [d.title, d.status, d.value_minor]), [['Поставка', 'won', 130000], ['Ремонт', 'open', null]])
  assert.equal(deals[0].closed_at, Date.UTC(2024, 2, 5))
  const people = new Map((await admin.list('/api/users')).items.map((u) => [u.id, u]))
  assert.equal(people.get(deals[0].owner_id).name, 'Вера')
  assert.equal(people.get(deals[0].owner_id).active, false)
  assert.equal(deals[1].owner_id, null)

  const timeline = (await admin.get(`/api/deals/${deals[0].id}/timeline`)).items
  assert.deepEqual(timeline.map((e) => [e.kind, people.get(e.actor_id)?.name, e.via, e.at]), [
    ['deal.passed', 'Вера', 'import', Date.UTC(2024, 2, 6)],
    ['deal.moved', 'Глеб', 'import', Date.UTC(2024, 2, 5)],
    ['deal.created', 'Вера', 'import', Date.UTC(2024, 2, 1, 7)],
  ])
  const stages = (await admin.list('/api/stages', { filter: `funnel_id = ${sum.funnel_id}`, sort: 'position' })).items
  assert.deepEqual(stages.map((s) => [s.name, s.outcome]), [['Заявка', 'open'], ['Успех', 'won'], ['Звонок после', 'open']])
  await admin.patch(`/api/deals/${deals[1].id}`, { stage_id: stages[1].id }) // and work goes on
  await consistent(server.place)
})

test('a second import takes only what is new; a slip in a stage name writes nothing', async () => {
  const place = freshPlace()
  const words = ['--funnel', 'История', ...columns]
  await bring(place, '--events', log('one.csv', ['A,Заявка,2024-01-01,,', 'B,Заявка,2024-01-01,,']), ...words)
  const again = await bring(place, '--events', log('two.csv', ['B,Заявка,2024-01-01,,', 'B,Отказ,2024-01-02,,', 'C,Заявка,2024-01-03,,']),
    ...words, '--lost', 'Отказ')
  assert.deepEqual([again.deals, again.events, again.bad_total], [1, 1, 2])
  assert.deepEqual(again.bad_by_reason, { case_exists: 2 })
  assert.deepEqual(again.bad_rows.map((r) => r.line), [2, 3])

  const fresh = freshPlace()
  const slip = await cli(['import', ...fresh, '--events', log('one.csv', ['A,Заявка,2024-01-01,,']), ...words, '--won', 'Успэх'])
  assert.equal(slip.code, 1)
  assert.match(slip.err, /Успэх/)
  const after = await bring(fresh, '--events', log('one.csv', ['A,Заявка,2024-01-01,,']), ...words)
  assert.deepEqual([after.stages_created, after.deals, after.bad_total], [1, 1, 0])
  for (const wrong of [['--events', 'x.csv'], ['--funnel', 'x'], ['--events', 'x', '--deals', 'y'], ['--what']]) {
    assert.equal((await cli(['import', ...fresh, ...wrong])).code, 2)
  }
  const missing = await cli(['import', ...fresh, '--events', '/nonexistent.csv', ...words])
  assert.equal(missing.code, 1)
  await consistent(place)
})

test('an import that is killed leaves whole deals; running it again completes it', async () => {
  const place = freshPlace()
  const rows = []
  for (let i = 0; i < 60000; i++) for (const [k, s] of ['Заявка', 'КП', 'Успех'].entries()) rows.push(`C${i},${s},2024-01-0${k + 1},u${i % 7},${i}`)
  const words = ['import', ...place, '--events', log('large.csv', rows), '--funnel', 'История', ...columns, '--won', 'Успех', '--json']
  await bring(place, '--events', log('first.csv', ['Первая,Заявка,2024-01-01,,']), '--funnel', 'История', ...columns)
  for (const ms of [300, 700]) {
    const child = spawn(bin, words, { stdio: 'ignore' })
    const ended = new Promise((done) => child.on('exit', done))
    await new Promise((done) => setTimeout(done, ms))
    child.kill('SIGKILL')
    await ended
    await consistent(place)
  }
  const last = await bring(place, ...words.slice(1 + place.length, -1))
  assert.equal(last.rows, last.events + last.bad_total)
  const again = await bring(place, ...words.slice(1 + place.length, -1))
  assert.deepEqual([again.deals, again.bad_total, again.bad_by_reason], [0, 180000, { case_exists: 180000 }])
  await consistent(place)
})

test('the loan log comes in whole: 13,087 cases, 262,200 events, 68 people', { skip: without(loans) }, async () => {
  const place = freshPlace()
  const sum = await bring(place, '--events', loans, ...loanWords)
  assert.deepEqual([sum.rows, sum.deals, sum.events, sum.stages, sum.users, sum.bad_total], [262200, 13087, 262200, 24, 68, 0])
  assert.deepEqual([sum.won, sum.lost, sum.open], [2246, 10442, 399])
  await consistent(place)
})

test('the Maven opportunities come in with accounts, products and agents; what does not fit is told', { skip: without(maven) }, async () => {
  const sum = await bring(server.place, '--deals', maven, '--map', 'maven', '--funnel', 'Оборудование')
  assert.deepEqual([sum.rows, sum.deals, sum.won, sum.lost, sum.open, sum.bad_total], [8800, 8800, 4238, 2473, 2089, 0])
  assert.deepEqual([sum.companies, sum.products, sum.people], [85, 7, 41])
  const notes = Object.fromEntries(sum.notes.map((n) => [n.code + ' ' + n.text.replace(/.*taken as /, ''), n.rows]))
  assert.equal(notes['loose_match "GTX Pro"'], 1480)
  assert.equal(notes['no_company no company'], 1425)
  assert.equal(sum.notes.find((n) => n.code === 'no_start').rows, 500)
  assert.equal(notes['corrected "technology"'], 12)
  assert.equal(notes['corrected "Philippines"'], 1)
  const admin = await server.admin()
  const all = await admin.list('/api/deals', { filter: `funnel_id = ${sum.funnel_id}`, limit: 1, count: 1, sum: 'value_minor' })
  assert.deepEqual([all.count, all.sums.value_minor], [8800, 1000553400])
  const pro = (await admin.list('/api/products', { filter: 'name = "GTX Pro"' })).items[0]
  const sold = await admin.list('/api/deal-products', { filter: `product_id = ${pro.id}`, limit: 1, count: 1 })
  assert.equal(sold.count, 1480)
  await consistent(server.place)
})
