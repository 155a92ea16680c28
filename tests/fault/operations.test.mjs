// The power goes while an operation of rules is at work: a trigger set off for the cards that wait, its work taken back,
// deals sent on from a stage that goes. Each deal has each effect exactly once: on both databases, and with two servers
// on one PostgreSQL, of which one is killed while the other goes on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, eventually, freshPlace, funnelOf, onPostgres, startServer } from '../api/harness.mjs'

const kills = Number(process.env.VORONKA_KILLS ?? 50)
const DEALS = 1200

async function all(api, path, params) {
  const items = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await api.list(path, { limit: 500, ...params, ...(cursor && { cursor }) })
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return items
}
const countBy = (items, key) => items.reduce((m, i) => m.set(i[key], (m.get(i[key]) ?? 0) + 1), new Map())
const moment = (ms) => new Promise((r) => setTimeout(r, Math.random() * ms))

async function prepared(place) {
  const server = await startServer({ place })
  const admin = await server.admin()
  const f = await funnelOf(admin, { task_rule: 'off', back_reason: false })
  const tag = await admin.create('/api/tags', { name: 'Отмечена' })
  const trigger = await admin.create('/api/triggers', { name: 'Отметить', stage_id: f.stages[0].id, event: { on: 'entered' }, actions: [{ do: 'note', text: 'отмечена' }, { do: 'tag', tag_id: tag.id }] })
  for (let n = 0; n < DEALS; n += 100) await Promise.all([...Array(100)].map((_, i) => admin.create('/api/deals', { title: `Сделка ${n + i}`, stage_id: f.stages[0].id })))
  await admin.patch(`/api/triggers/${trigger.id}`, { enabled: true })
  const { token } = await admin.create('/api/tokens', { name: 'fault' })
  return { ...f, place, servers: [server], token, tag, trigger, killed: 0 }
}
const api = (p, i = 0) => p.servers[i].as({ token: p.token })

// Kills the servers in turn until the operation has ended.
async function through(p, operation, most) {
  for (let round = 0; ; round++) {
    const i = round % p.servers.length
    await moment(60)
    const now = (await api(p, i).get(`/api/operations/${operation.id}`)).state
    if (!['waiting', 'running'].includes(now)) return assert.equal(now, 'done')
    if (round >= most) return eventually(async () => (await api(p).get(`/api/operations/${operation.id}`)).state === 'done', 'the end', 60_000)
    p.servers[i].child.kill('SIGKILL')
    await p.servers[i].exited
    p.killed++
    p.servers[i] = await startServer({ place: p.place })
  }
}
const begin = async (p, path, body) => (await api(p).must(202)('POST', path, body)).body

async function marked(p, n) {
  const deals = await all(api(p), '/api/deals', { fields: 'id,tag_ids' })
  const notes = countBy(await all(api(p), '/api/notes', { fields: 'id,deal_id' }), 'deal_id')
  assert.equal(deals.length, DEALS)
  for (const d of deals) assert.deepEqual([d.tag_ids.length, notes.get(d.id) ?? 0], [n, n], `deal ${d.id}`)
}

async function play(p) {
  const most = Math.max(2, Math.round(kills / 3))
  const from = Date.now() - 60_000
  await through(p, await begin(p, `/api/triggers/${p.trigger.id}/start`, {}), most)
  await marked(p, 1)
  const runs = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await api(p).get(`/api/triggers/${p.trigger.id}/runs?limit=200&cursor=${cursor}`)
    runs.push(...page.items)
    cursor = page.next_cursor
  }
  assert.deepEqual([runs.length, countBy(runs, 'object_id').size, runs.every((r) => r.state === 'done')], [DEALS, DEALS, true])

  await through(p, await begin(p, `/api/triggers/${p.trigger.id}/undo`, { from, to: Date.now() + 60_000 }), most)
  await marked(p, 0)

  const definition = await api(p).get(`/api/funnels/${p.funnel.id}/definition`)
  definition.stages = definition.stages.filter((s) => s.id !== p.stages[0].id)
  definition.triggers = []
  definition.remap = [{ from: p.stages[0].id, split: [{ condition: 'title ~ "1"', to: p.stages[1].id }, { to: p.stages[2].id }] }]
  const draft = await api(p).create('/api/funnel-drafts', { funnel_id: p.funnel.id, name: 'Без первого', definition })
  await api(p).must(200)('POST', `/api/funnel-drafts/${draft.id}/publish`)
  const [operation] = (await api(p).list('/api/operations', { filter: 'kind = "remap"' })).items
  await through(p, operation, most)
  const deals = await all(api(p), '/api/deals', { fields: 'id,title,stage_id,version' })
  for (const d of deals) assert.equal(d.stage_id, p.stages[d.title.includes('1') ? 1 : 2].id, d.title)
  assert.equal(new Set(deals.map((d) => d.version)).size, 1, 'each has moved once')
  const timeline = (await api(p).list(`/api/deals/${deals[7].id}/timeline`, { limit: 50 })).items
  assert.equal(timeline.filter((e) => e.kind === 'deal.moved').length, 1)

  assert.ok(p.killed >= 3, `only ${p.killed} kills`)
  for (const s of p.servers) await s.stop()
  const check = await cli(['check', ...p.place])
  assert.equal(check.code, 0, check.out + check.err)
}

test('kill -9 in the middle of operations of rules: each effect exactly once', { timeout: 300_000 }, async () => play(await prepared(freshPlace())))

test('two servers on one database, killed in turn: each effect exactly once', { timeout: 300_000, skip: !onPostgres }, async () => {
  const p = await prepared(freshPlace())
  p.servers.push(await startServer({ place: p.place }))
  await play(p)
})
