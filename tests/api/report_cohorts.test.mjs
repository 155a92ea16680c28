// Deals by the month they entered: what was won by which age, what young cohorts will come to, where it broke (R232, R352, R355, R356, R358).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { freshPlace, startServer } from './harness.mjs'
import { allLeadToDeals, expected, fromCli, history, loans, near, notes, report, skip } from './report_rig.mjs'

const day = 86400e3
// Aalen and Johansen as the textbook writes it: [share won, share open] by `age`.
function incidence(lives, age) {
  let open = 1, won = 0
  for (const t of [...new Set(lives.map((l) => l.exit))].sort((a, b) => a - b).filter((t) => t <= age)) {
    const n = lives.filter((l) => l.exit >= t).length, at = lives.filter((l) => l.exit === t && l.cause !== 'open')
    won += (open * at.filter((l) => l.cause === 'won').length) / n
    open *= 1 - at.length / n
  }
  return [won, open]
}

test('the consultant sees conversion break with the first quarter of 2018, and what the young quarters will come to', { skip }, async () => {
  const rows = readFileSync(expected('seed003_fixture.csv'), 'utf8').trim().split(/\r?\n/).slice(1).map((r) => r.split(','))
  const place = freshPlace()
  await history(place, 'Case', rows.flatMap(([id, on, outcome, closed]) => [`${id},New,${on},Anna`, ...(outcome === 'open' ? [] : [`${id},${outcome === 'won' ? 'Won' : 'Lost'},${closed},Anna`])]))
  const server = await startServer({ place })
  const admin = await server.admin()
  const asked = { funnel: 'Case', as_of: '2018-12-01', by: 'quarter' }
  const r = await report(admin, 'cohorts', asked)
  assert.match(r.verdict, /2018-Q1/)
  const cohorts = r.summary.cohorts
  assert.deepEqual([cohorts.reduce((n, c) => n + c.deals, 0), cohorts.reduce((n, c) => n + c.won, 0)], [700, 14])
  assert.ok(notes(r).includes('cohorts_completed'))
  // the quarter of October 2018 by hand
  const asOf = Date.UTC(2018, 11, 1)
  const lives = rows.map(([, on, outcome, closed]) => ({ on, cause: outcome, exit: ((outcome === 'open' ? asOf : Date.parse(closed)) - Date.parse(on)) / day }))
  const own = lives.filter((l) => l.on >= '2018-10-01')
  const ladder = own.map((l) => l.exit).sort((a, b) => b - a)[29]
  const [fc, sc] = incidence(own, ladder), [fp, sp] = incidence(lives, ladder), [fh] = incidence(lives, 90)
  const cell = r.items.find((i) => i.group === '2018-Q4' && i.age_days === 90)
  assert.equal(cell.basis, 'estimate')
  near(cell.won_rate, fc + (sc * (fh - fp)) / sp, 'completed by the chain ladder')
  assert.ok(cell.won_low < cell.won_rate && cell.won_rate < cell.won_high)
  const old = r.items.find((i) => i.group === '2017-Q4' && i.age_days === 90)
  assert.equal(old.basis, 'observed')
  near(old.won_rate, incidence(lives.filter((l) => l.on >= '2017-10-01' && l.on < '2018-01-01'), 90)[0], 'observed')
  await allLeadToDeals(admin, 'cohorts', asked)
  await server.stop()
})

test('the cohorts of the loan applications have the published shares; nothing is said beyond what they lived to', { skip, timeout: 120000 }, async () => {
  const want = JSON.parse(readFileSync(expected('bpic2012.json'), 'utf8')).cohorts_by_submit_month
  const bank = freshPlace()
  await loans(bank)
  const r = await fromCli(bank, 'cohorts', '--funnel', 'Loans')
  assert.deepEqual(r.summary.cohorts.map((c) => [c.group, c.deals, c.won, c.lost, c.open]), want.map((c) => [c.cohort, c.n, c.won, c.lost, c.open]))
  for (const c of want) near(r.items.find((i) => i.group === c.cohort && i.age_days === 30).won_rate, c.AJ_F1_at_30, c.cohort)
  const february = (age) => r.items.find((i) => i.group === '2012-02' && i.age_days === age)
  assert.deepEqual([30, 60].map((age) => february(age).basis), ['observed', 'estimate'])
  for (const age of [180, 365]) assert.equal(february(age).won_rate, null, 'nobody has been watched that long')
})

test('early closings that were never recorded are said by every report of what became of deals, not by the conversion alone', async () => {
  const at = (d) => new Date(Date.UTC(2024, 0, 1) + d * 86400000).toISOString()
  const lost = freshPlace(), whole = freshPlace(), lines = { lost: [], whole: [] }
  for (let d = 0; d < 300; d++) {
    const open = `${d},New,${at(d)},Анна`, close = `${d},${d % 3 ? 'Lost' : 'Won'},${at(d + 6)},Анна`
    lines.whole.push(open, close)
    lines.lost.push(open, ...(d + 6 < 90 ? [] : [close])) // closings of the first quarter were kept nowhere
  }
  await history(lost, 'Lost', lines.lost)
  await history(whole, 'Whole', lines.whole)
  for (const id of ['conversion', 'cohorts', 'funnel', 'transitions', 'golden_path', 'bottleneck', 'what_if', 'entry_practice']) {
    const r = await fromCli(lost, id, '--as-of', at(306))
    assert.equal(notes(r).filter((n) => n === 'left_truncation').length, 1, `${id}: ${notes(r)}`)
    assert.ok(!notes(await fromCli(whole, id, '--as-of', at(306))).includes('left_truncation'), id)
  }
  const r = await fromCli(lost, 'bottleneck', '--as-of', at(306))
  assert.ok(r.notes.find((n) => n.code === 'still_waiting'), 'who still stands there is in no rate')
})
