// What broke, without anybody saying so: the consultant's case finds its quarter, the demo company its vanished step
// (R005, R326, R341, R354, R358-R360, R368, R375).
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { cli, clock, freshPlace, funnelOf, peopleOf, scratchFile, serve, serveWithClock, tokenOf } from './harness.mjs'

const expected = join(process.env.VORONKA_SHARED ?? resolve('../shared'), 'data/expected')
const skip = existsSync(expected) ? false : `no ${expected} (set VORONKA_SHARED)`
const day = (d) => new Date(d * 86400000).toISOString().slice(0, 10)

async function breaks(place, ...args) {
  const { code, out, err } = await cli(['report', 'breaks', ...place, '--json', ...args])
  assert.equal(code, 0, err)
  const r = JSON.parse(out)
  r.changes = r.rows.map((row) => Object.fromEntries(r.columns.map((c, i) => [c.id, row[i]])))
  return r
}

test('the consultant sees the conversion break at the first quarter of 2018', { skip }, async () => {
  const place = freshPlace()
  const log = ['deal_id,stage,date']
  for (const row of readFileSync(join(expected, 'seed003_fixture.csv'), 'utf8').trim().split(/\r?\n/).slice(1)) {
    const [id, created, outcome, closed] = row.split(',')
    log.push(`${id},entered,${created}`)
    if (outcome !== 'open') log.push(`${id},${outcome},${closed}`)
  }
  writeFileSync(scratchFile('seed003.csv'), log.join('\n'))
  const made = await cli(['import', ...place, '--events', scratchFile('seed003.csv'), '--funnel', 'Case 003', '--case', 'deal_id', '--stage', 'stage', '--at', 'date', '--won', 'won', '--lost', 'lost'])
  assert.equal(made.code, 0, made.err)
  const r = await breaks(place, '--as-of', '2018-12-01')
  assert.deepEqual(r.summary.series.map((s) => [s.won, s.deals]), [[6, 13], [4, 11], [2, 79], [1, 81], [1, 54]])
  const [first] = r.changes
  assert.equal(first.change, 'Conversion')
  assert.equal(day(first.since), '2018-01-01')
  assert.ok(Math.abs(first.strength - 34.12631) < 1e-5, `G2 ${first.strength}`)
  assert.ok(Math.abs(first.rate_before - 10 / 24) < 1e-9 && Math.abs(first.rate_after - 4 / 214) < 1e-9)
  assert.ok(first.chance < 0.001)
  assert.match(r.verdict, /2018-01-01/)
})

test('the demo company: the step that vanished is named, a stable funnel is left in peace', async () => {
  const place = freshPlace()
  const { code, out } = await cli(['demo', ...place, '--deals', '4000', '--json'])
  assert.equal(code, 0)
  const planted = JSON.parse(out).planted.find((p) => p.id === 'vanished_step')
  const r = await breaks(place, '--funnel', planted.funnel)
  const conversion = r.changes.find((c) => c.change === 'Conversion')
  assert.equal(day(conversion.since), planted.at)
  assert.ok(conversion.rate_before > 0.3 && conversion.rate_after < 0.1)
  assert.equal(r.summary.places.find((p) => p.change === 'Conversion' && p.dimension === 'Stage').place, planted.stage)
  const step = r.changes.find((c) => c.change === 'Step')
  assert.equal(step.stage, planted.stage)
  assert.equal(day(step.since), planted.at)
  const { code: ok, out: told } = await cli(['report', 'before_after', ...place, '--json', '--funnel', planted.funnel, '--at', planted.at])
  assert.equal(ok, 0)
  const compared = JSON.parse(told)
  const row = Object.fromEntries(compared.columns.map((c, i) => [c.id, compared.rows[0][i]]))
  assert.equal(row.metric, 'Conversion')
  assert.equal(row.sure, 'fell')
  assert.ok(row.was > 20 && row.is < 10 && row.difference_high < -10, JSON.stringify(row))
  assert.equal(compared.summary.horizon_days, 60)
  const calm = await breaks(place, '--funnel', 'Курсы: Россия')
  assert.ok(!calm.changes.some((c) => c.change === 'Conversion'), calm.verdict)
})

test('fourteen years of months: what is older than the watched ones weighs in no seller either', async () => {
  const place = freshPlace(), log = ['deal,stage,at,user']
  for (let month = 0; month < 168; month++)
    for (let i = 0; i < 24; i++) {
      const at = (days) => new Date(Date.UTC(2011, month, 1 + (i % 8)) + days * 86400000).toISOString()
      const wins = month < 40 ? 12 : month < 130 ? 8 : 1 // the first forty months are beyond what is watched
      log.push(`${month}-${i},New,${at(0)},Anna`, `${month}-${i},${i < wins ? 'Won' : 'Lost'},${at(5)},Anna`)
    }
  const file = scratchFile('years.csv')
  writeFileSync(file, log.join('\n') + '\n')
  const made = await cli(['import', ...place, '--events', file, '--funnel', 'Years', '--case', 'deal', '--stage', 'stage', '--at', 'at', '--user', 'user', '--won', 'Won', '--lost', 'Lost'])
  assert.equal(made.code, 0, made.err)
  const r = await breaks(place, '--as-of', '2025-02-01')
  assert.equal(r.summary.series.length, 120, 'ten years are watched')
  const all = r.changes.find((c) => c.change === 'Conversion'), anna = r.summary.places.find((p) => p.change === 'Conversion' && p.place === 'Anna')
  assert.equal(day(all.since), '2021-11-01')
  assert.deepEqual([anna.n_before, anna.n_after], [all.n_before, all.n_after], 'all deals are hers')
  assert.deepEqual([anna.rate_before, anna.rate_after], [all.rate_before, all.rate_after])
})

test('a programme is compared with the time before it, and what else happened near by is told', async () => {
  const server = await serve()
  const admin = await server.admin()
  const on = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10)
  const programme = await admin.create('/api/programmes', { name: 'Обучение отдела', kind: 'training', starts_on: on(-40) })
  await admin.create('/api/programmes', { name: 'Новый прайс', kind: 'product', starts_on: on(-30) })
  const r = await admin.get(`/api/reports/before_after?programme_id=${programme.id}`)
  assert.equal(r.params.programme, 'Обучение отдела')
  assert.equal(r.rows[0][r.columns.findIndex((c) => c.id === 'sure')], 'мало данных')
  assert.ok(r.summary.near.some((n) => n.name === 'Новый прайс'))
  const last = await admin.get('/api/reports/before_after')
  assert.equal(last.params.programme, 'Новый прайс', 'the last one unless another is asked for')
  assert.equal((await admin('GET', '/api/reports/before_after?programme_id=999')).status, 400)
})

test('whoever may see no tasks is told nothing of how they are done', async () => {
  const server = await serveWithClock()
  const boss = (await peopleOf(server)).admin
  const admin = await tokenOf(server, boss)
  const { funnel } = await funnelOf(admin)
  const password = 'пароль для тестов'
  const role = await boss.create('/api/roles', { name: 'Без задач', base: 'head', rights: { objects: { task: { see: 'none', create: 'none', edit: 'none', delete: 'none', export: 'none' } } } })
  await boss.create('/api/users', { name: 'Без задач', email: 'blind@example.ru', role: 'head', role_id: role.id, password })
  const blind = await tokenOf(server, await server.signIn('blind@example.ru', password))
  const now = Date.now()
  const deal = await admin.create('/api/deals', { title: 'Поставка', funnel_id: funnel.id })
  await admin.create('/api/tasks', { title: 'Позвонить', deal_id: deal.id, due_at: now + 86400000 })
  await clock(server, now + 5 * 86400000)
  const watched = async (who) => (await who.get(`/api/reports/breaks?funnel_id=${funnel.id}`)).summary.watched
  assert.equal((await watched(admin)) - (await watched(blind)), 1, 'the row of tasks done in time')
})
