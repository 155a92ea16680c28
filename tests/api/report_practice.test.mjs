// Who enters deals when, and which steps nobody takes any more (R349, R350, R364, R368).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshPlace, serve } from './harness.mjs'
import { allLeadToDeals, behind, history, near, report } from './report_rig.mjs'

// Until the end of March every deal is measured before its offer; from April on nobody is.
const at = (day, hour = 9, minute = 0) => new Date(Date.UTC(2024, 0, 1 + day, hour, minute)).toISOString()
const lines = []
for (let i = 0; i < 80; i++) {
  const day = i * 2, who = i % 2 ? 'Anna' : 'Boris'
  lines.push(`${i},New,${at(day)},${who}`)
  if (at(day) < '2024-04-01') lines.push(`${i},Measure,${at(day + 1)},${who}`)
  lines.push(`${i},Offer,${at(day + 2)},${who}`, `${i},${i % 3 ? 'Lost' : 'Won'},${at(day + 5)},${who}`)
}
// Vera enters six deals in five minutes, straight into Offer, and one more the next day.
for (let i = 0; i < 6; i++) lines.push(`bulk${i},Offer,${at(10, 18, i)},Vera`)
lines.push(`single,Offer,${at(11)},Vera`)
const place = freshPlace()
await history(place, 'Kitchens', lines)
const server = await serve({ place })
const admin = await server.admin()
const asked = { funnel: 'Kitchens', as_of: '2024-12-01' }

test('who enters deals at the first stage, later, or many at once', async () => {
  const r = await report(admin, 'entry_practice', asked)
  const of = Object.fromEntries(r.items.map((i) => [i.group, i]))
  assert.deepEqual(['deals', 'at_first', 'at_later', 'closed_at_once'].map((c) => of.Anna[c]), [40, 40, 0, 0])
  assert.deepEqual(['deals', 'at_first', 'at_later', 'closed_at_once'].map((c) => of.Vera[c]), [7, 0, 7, 0])
  assert.equal(of.Vera.at_first_rate, null, 'seven deals are too few for a rate')
  near(of.Boris.at_first_rate, 1)
  await allLeadToDeals(admin, 'entry_practice', asked)
})

test('deals entered in the same minutes by one person are bulk, in imported history too', async () => {
  const vera = (await report(admin, 'entry_practice', asked)).items.find((i) => i.group === 'Vera')
  assert.deepEqual(await behind(admin, 'entry_practice', asked, 'in_bulk', vera.key), [0, 1, 2, 3, 4, 5].map((i) => `bulk${i}`))
  const { funnel_id, stage_id } = (await admin.list('/api/deals', { filter: 'title = "single"' })).items[0]
  for (let i = 0; i < 5; i++) await admin.create('/api/deals', { title: `now${i}`, funnel_id, stage_id })
  const r = await report(admin, 'entry_practice', { funnel: 'Kitchens', from: '2025-01-01' })
  assert.equal(r.summary.in_bulk, 5)
  assert.deepEqual(await behind(admin, 'entry_practice', { funnel: 'Kitchens', from: '2025-01-01' }, 'in_bulk', r.items[0].key), ['now0', 'now1', 'now2', 'now3', 'now4'])
})

test('the measuring that stopped in April is named with its day', async () => {
  const r = await report(admin, 'entry_practice', asked)
  assert.deepEqual(r.summary.vanished.map((v) => [v.stage, new Date(v.since * 86400e3).toISOString().slice(0, 10), v.share_after]), [['Measure', '2024-04-01', 0]])
  assert.match(r.verdict, /Measure.*2024-04-01/)
})
