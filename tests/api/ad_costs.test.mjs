// Advertising costs come in by campaign and day, as advertising systems export them (R048, R215, R321).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleOf, serve } from './harness.mjs'

const server = await serve()
const { admin, seller } = await peopleOf(server)
const send = (text, params = '', api = admin) => api('POST', `/api/ad-costs/import?name=costs.csv${params}`, undefined, { raw: text, headers: { 'content-type': 'application/octet-stream' } })
const costs = async () => (await admin.list('/api/ad-costs', { sort: 'day_on', limit: 500 })).items
const spring = await admin.create('/api/campaigns', { name: 'Весна 2031', utm_campaign: 'vesna' })

test('a report of an advertising system: rows of ads are added up by campaign and day', async () => {
  const r = await send('Дата;Кампания;Объявление;Показы;Клики;Расход\n01.03.2031;Весна 2031;А;100;5;1 200,50\n01.03.2031;весна 2031;Б;50;1;99,50\n02.03.2031;VESNA;А;10;0;10\n')
  assert.equal(r.status, 200, r.text)
  assert.deepEqual([r.body.rows, r.body.created, r.body.updated, r.body.bad_total], [3, 2, 0, 0])
  const [first, second] = await costs()
  assert.deepEqual([first.campaign_id, first.day_on, first.cost_minor, first.currency, first.impressions, first.clicks], [spring.id, '2031-03-01', 130000, 'RUB', 150, 6])
  assert.deepEqual([second.day_on, second.cost_minor], ['2031-03-02', 1000])
})

test('the same file again changes nothing, a corrected one replaces', async () => {
  const again = await send('date,campaign,cost\n2031-03-02,Весна 2031,10\n')
  assert.deepEqual([again.body.created, again.body.updated, again.body.same], [0, 0, 1])
  const other = await send('date,campaign,cost\n2031-03-02,Весна 2031,25\n')
  assert.deepEqual([other.body.created, other.body.updated], [0, 1])
  assert.equal((await costs())[1].cost_minor, 2500)
  await admin.must(200)('POST', '/api/undo', { change_id: other.body.change_id })
  assert.equal((await costs())[1].cost_minor, 1000, 'one undo takes the file back')
})

test('an unknown campaign is said by name, or made when asked', async () => {
  const text = 'campaign,day,spend,currency\nЛето,2031-06-01,100,USD\nВесна 2031,2031-06-01,5,RUB\n'
  const r = await send(text)
  assert.deepEqual([r.status, r.body.created, r.body.bad_total], [200, 1, 1])
  assert.deepEqual([r.body.bad[0].line, r.body.bad[0].code, r.body.bad[0].text], [2, 'unknown_campaign', 'Лето'])
  assert.match(r.body.bad[0].detail, /Лето/)
  const made = await send(text, '&create=1')
  assert.deepEqual([made.body.created, made.body.same, made.body.campaigns_created], [1, 1, 1])
  const summer = (await admin.list('/api/campaigns', { filter: 'name = "Лето"' })).items[0]
  const c = (await costs()).find((x) => x.campaign_id === summer.id)
  assert.deepEqual([c.cost_minor, c.currency], [10000, 'USD'])
})

test('what cannot be read is told row by row, a table without its columns as a whole', async () => {
  const r = await send('campaign,date,cost\nВесна 2031,вчера,5\nВесна 2031,2031-07-01,много\n,2031-07-01,5\nВесна 2031,2031-07-01,-5\n')
  assert.deepEqual(r.body.bad.map((b) => [b.line, b.code]), [[2, 'bad_date'], [3, 'bad_amount'], [4, 'empty_campaign'], [5, 'bad_amount']])
  assert.equal(r.body.created, 0)
  const no = await send('campaign,cost\nВесна 2031,5\n')
  assert.deepEqual([no.status, no.body.code], [422, 'no_column'])
  assert.equal((await send('')).status, 422)
  assert.equal((await send('campaign,date,cost\n', '&create=yes')).status, 400)
})

test('a seller brings in no costs', async () => {
  assert.equal((await send('campaign,date,cost\nВесна 2031,2031-08-01,5\n', '', seller)).status, 403)
})
