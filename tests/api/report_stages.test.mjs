// Where deals go and how long they stay: the funnel, transitions, time in stages, ageing (R012, R096, R100, R203, R204, R334).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { freshPlace, funnelOf, peopleOf, serve, startServer } from './harness.mjs'
import { allLeadToDeals, behind, expected, fromCli, history, loans, near, notes, report, skip } from './report_rig.mjs'

// Five deals counted by hand. Anna's first goes the whole way; her second jumps over Talks; Boris's third steps back
// and is lost; the fourth has just come; the fifth was entered in Talks at once.
const small = [
  '1,New,2024-01-01,Anna', '1,Talks,2024-01-03,Anna', '1,Offer,2024-01-08,Anna', '1,Won,2024-01-10,Anna',
  '2,New,2024-01-02,Anna', '2,Offer,2024-01-05,Anna', '2,Lost,2024-01-09,Anna',
  '3,New,2024-01-03,Boris', '3,Talks,2024-01-04,Boris', '3,New,2024-01-06,Boris', '3,Talks,2024-01-07,Boris', '3,Lost,2024-01-20,Boris',
  '4,New,2024-01-04,Boris',
  '5,Talks,2024-01-05,Boris', '5,Offer,2024-01-06,Boris',
]
const place = freshPlace()
await history(place, 'Small', small)
const server = await serve({ place })
const people = await peopleOf(server)
const nobody = await (await serve()).admin() // of a company that has just begun
const admin = people.admin
const asked = { funnel: 'Small', as_of: '2024-02-01' }
const by = (items, column) => Object.fromEntries(items.map((i) => [i[column], i]))

test('the head of sales sees who reached each stage, went on, passed it by and came back', async () => {
  const r = await report(admin, 'funnel', asked)
  const stage = by(r.items, 'stage')
  const counts = (s) => ['reached', 'went_on', 'ended', 'waiting', 'skipped', 'returned', 'stands'].map((c) => stage[s][c])
  assert.deepEqual(counts('New'), [4, 3, 0, 1, 1, 1, 1])
  assert.deepEqual(counts('Talks'), [3, 2, 1, 0, 1, 0, 0])
  assert.deepEqual(counts('Offer'), [3, 1, 1, 1, 0, 0, 1])
  assert.deepEqual([stage.Won.reached, stage.Lost.reached, stage.Won.went_on], [1, 2, null])
  assert.equal(stage.New.rate, null, 'and so are five')
  assert.equal(stage.New.went_on_rate, null, 'three deals are too few for a rate')
  assert.ok(['rates_hidden', 'few', 'too_few'].every((n) => notes(r).includes(n)))
  assert.deepEqual([r.summary.deals, r.summary.won, r.summary.lost, r.summary.open], [5, 1, 2, 2])
  assert.deepEqual([r.summary.skipping_deals, r.summary.returning_deals], [2, 1])
  assert.deepEqual(await behind(admin, 'funnel', asked, 'skipped', stage.Talks.key), ['2'])
  assert.deepEqual(await behind(admin, 'funnel', asked, 'returned', stage.New.key), ['3'])
  assert.equal(await allLeadToDeals(admin, 'funnel', asked), 3 * 7 + 2)
})

test('the funnel by seller: a row a stage of each, every number with its deals', async () => {
  const r = await report(admin, 'funnel', { ...asked, by: 'owner' })
  const of = (who, stage) => r.items.find((i) => i.group === who && i.stage === stage)
  assert.deepEqual([of('Anna', 'Offer').reached, of('Boris', 'Offer').reached], [2, 1])
  assert.deepEqual([of('Boris', 'Talks').ended, of('Anna', 'Talks').ended], [1, 0])
  await allLeadToDeals(admin, 'funnel', { ...asked, by: 'owner' })
})

test('as it was on 7 January: what came later is not there yet', async () => {
  const stage = by((await report(admin, 'funnel', { ...asked, as_of: '2024-01-07' })).items, 'stage')
  assert.deepEqual([stage.Offer.reached, stage.Won.reached, stage.Talks.stands, stage.New.returned], [2, 0, 2, 1])
})

test('a seller sees own figures only; a company without deals is answered too', async () => {
  const role = await admin.create('/api/roles', { name: 'Только свои', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  const anna = (await admin.list('/api/deals', { filter: 'title = "1"' })).items[0].owner_id
  await admin.patch(`/api/users/${anna}`, { email: 'anna@example.ru', password: 'пароль для тестов', role_id: role.id, active: true })
  const her = await server.signIn('anna@example.ru', 'пароль для тестов')
  const r = await report(her, 'funnel', asked)
  assert.deepEqual([r.summary.deals, r.summary.won], [2, 1])
  assert.deepEqual(await behind(her, 'funnel', asked, 'reached', by(r.items, 'stage').New.key), ['1', '2'])
  await funnelOf(nobody, { name: 'Пустая' })
  const e = await report(nobody, 'funnel')
  assert.equal(e.summary.deals, 0)
  assert.ok(notes(e).includes('empty'))
})

test('the matrix shows each step as it happened: skips, returns, how long deals stood before', async () => {
  const r = await report(admin, 'transitions', { ...asked, by: 'owner' })
  const found = Object.fromEntries(r.items.map((i) => [`${i.from}>${i.to}`, [i.kind, i.deals, i.moves, i.median_before_days]]))
  assert.deepEqual(found, {
    'New>Talks': ['forward', 2, 3, 1], 'New>Offer': ['skip', 1, 1, 3], 'Talks>New': ['back', 1, 1, 2], 'Talks>Offer': ['forward', 2, 2, 3],
    'Talks>Lost': ['lost', 1, 1, 13], 'Offer>Won': ['won', 1, 1, 2], 'Offer>Lost': ['lost', 1, 1, 4],
  })
  assert.deepEqual(r.summary.ends.map((s) => [s.stage, s.began, s.ends_here]), [['New', 4, 1], ['Talks', 1, 0], ['Offer', 0, 1], ['Won', 0, 1], ['Lost', 0, 2]])
  assert.deepEqual(r.summary.groups.map((g) => [g.group, g.deals, g.with_skips, g.with_returns]), [['Boris', 3, 0, 1], ['Anna', 2, 1, 0]])
  assert.deepEqual([r.summary.moves, r.summary.skips, r.summary.back_moves], [10, 1, 1])
  await allLeadToDeals(admin, 'transitions', { ...asked, by: 'owner' })
})

test('half of the deals stay 31 days: those still there count for as long as they have stood', { skip }, async () => {
  const known = JSON.parse(readFileSync(expected('known_values.json'), 'utf8')).km_aml_maintained
  const end = Date.UTC(2024, 5, 1), date = (days) => new Date(end - days * 86400e3).toISOString().slice(0, 10)
  const clinic = freshPlace()
  const lines = known.time.flatMap((t, i) => (known.status[i] ? [`${i},Waits,${date(300)},Anna`, `${i},Lost,${date(300 - t)},Anna`] : [`${i},Waits,${date(t)},Anna`]))
  await history(clinic, 'Clinic', lines, { won: [] })
  const there = await startServer({ place: clinic })
  const boss = await there.admin()
  const stage = (await boss.list('/api/stages', { filter: 'name = "Waits"' })).items[0]
  await boss.patch(`/api/stages/${stage.id}`, { norm_days: 23 })
  const r = await report(boss, 'dwell', { funnel: 'Clinic', as_of: '2024-06-01' })
  const waits = by(r.items, 'stage').Waits
  assert.deepEqual([waits.median_days, waits.stays, waits.stands, waits.over_norm], [known.median, 11, 4, 3])
  near(waits.within_norm, 1 - known.S[23], 'within the norm')
  near(waits.cycle_share, 1, 'one stage is the whole way')
  await allLeadToDeals(boss, 'dwell', { funnel: 'Clinic', as_of: '2024-06-01' })
  await there.stop()
})

test('the loan applications of 2012 reached the stages that are published', { skip, timeout: 120000 }, async () => {
  const want = JSON.parse(readFileSync(expected('bpic2012.json'), 'utf8'))
  const bank = freshPlace()
  await loans(bank)
  const stage = by((await fromCli(bank, 'funnel', '--funnel', 'Loans')).items, 'stage')
  for (const s of want.funnel) assert.equal(stage[s.stage].reached, s.reached_any_order, s.stage)
})

test('the moves of the loan applications are those that are published', { skip, timeout: 120000 }, async () => {
  const want = JSON.parse(readFileSync(expected('dfg_bpic2012_AO.json'), 'utf8'))
  const bank = freshPlace()
  await loans(bank, /^[AO]_/)
  const r = await fromCli(bank, 'transitions', '--funnel', 'Loans')
  const got = Object.fromEntries(r.items.map((i) => [`${i.from}>${i.to}`, i.moves]))
  assert.deepEqual(got, Object.fromEntries(want.dfg.map(([from, to, n]) => [`${from}>${to}`, n])))
  const ends = Object.fromEntries(r.summary.ends.filter((s) => s.ends_here).map((s) => [s.stage, s.ends_here]))
  assert.deepEqual(ends, want.end)
  assert.deepEqual(Object.fromEntries(r.summary.ends.filter((s) => s.began).map((s) => [s.stage, s.began])), want.start)
  const steps = JSON.parse(readFileSync(expected('bpic2012.json'), 'utf8')).funnel
  const main = freshPlace()
  await loans(main, new RegExp(`^(${steps.map((s) => s.stage).join('|')})$`))
  const chain = await fromCli(main, 'transitions', '--funnel', 'Loans')
  for (const [i, s] of steps.entries()) {
    const step = chain.items.find((t) => t.to === s.stage && t.from === steps[i - 1]?.stage)
    if (!step || step.moves !== s.reached_any_order) continue
    near(step.median_before_days, s.median_days_from_prev, s.stage)
    near(step.p90_before_days, s.p90_days_from_prev, s.stage)
  }
})
