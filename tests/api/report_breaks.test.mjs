// What broke, without anybody saying so: the consultant's case finds its quarter, the demo company its vanished step
// (R001-R005, R035-R040, R355-R359).
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { cli, freshPlace, scratchFile } from './harness.mjs'

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
  const calm = await breaks(place, '--funnel', 'Курсы: Россия')
  assert.ok(!calm.changes.some((c) => c.change === 'Conversion'), calm.verdict)
})
