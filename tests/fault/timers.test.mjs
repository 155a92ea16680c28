// The power goes while timers fire. Each timer has its effect exactly once: on both databases, and with two servers on
// one PostgreSQL, of which one is killed while the other goes on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, eventually, freshPlace, funnelOf, onPostgres, startServer } from '../api/harness.mjs'

const kills = Number(process.env.VORONKA_KILLS ?? 50)

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

async function prepared(place) {
  const server = await startServer({ place })
  const admin = await server.admin()
  const { stages } = await funnelOf(admin, { task_rule: 'off' })
  const tag = await admin.create('/api/tags', { name: 'Сработал' })
  const actions = [{ do: 'note', text: 'сработал' }, { do: 'tag', tag_id: tag.id }, { do: 'task', title: 'Проверить' }]
  const trigger = await admin.create('/api/triggers', { name: 'Сразу', enabled: true, stage_id: stages[0].id, event: { on: 'timer', after: 'stage_entry', hours: 0 }, actions })
  const { token } = await admin.create('/api/tokens', { name: 'fault' })
  return { server, token, stages, tag, trigger }
}

// Some deals whose timers are due at once; what is cut off by the power is nobody's loss.
function some(api, stage, n) {
  const list = [...Array(n)].map((_, i) => api('POST', '/api/deals', { title: `Сделка ${i}`, stage_id: stage.id }))
  return { first: Promise.any(list).catch(() => null), all: Promise.allSettled(list) }
}
const moment = (ms) => new Promise((r) => setTimeout(r, Math.random() * ms))

async function once(api, { tag, trigger }) {
  const deals = await eventually(
    async () => {
      const list = await all(api, '/api/deals', { fields: 'id,tag_ids,open_tasks' })
      return list.every((d) => d.tag_ids.length) ? list : null
    },
    'the last timers',
    90_000,
  )
  const notes = countBy(await all(api, '/api/notes', { fields: 'id,deal_id' }), 'deal_id')
  for (const d of deals) {
    assert.deepEqual(d.tag_ids, [tag.id])
    assert.equal(d.open_tasks, 1, `deal ${d.id}: tasks`)
    assert.equal(notes.get(d.id), 1, `deal ${d.id}: notes`)
  }
  const runs = []
  for (let cursor = ''; cursor !== null; ) {
    const page = await api.get(`/api/triggers/${trigger.id}/runs?limit=200&cursor=${cursor}`)
    runs.push(...page.items)
    cursor = page.next_cursor
  }
  assert.ok(runs.every((r) => r.state === 'done'))
  assert.equal(runs.length, deals.length, 'a run for each deal')
  assert.equal(countBy(runs, 'object_id').size, deals.length)
  return deals.length
}

test('fifty times kill -9 while timers fire: each effect exactly once', { timeout: 300_000 }, async () => {
  const place = freshPlace()
  const made = await prepared(place)
  let { server } = made
  for (let round = 0; round < kills; round++) {
    const api = server.as({ token: made.token })
    const writing = some(api, made.stages[0], 12)
    await writing.first
    await moment(round % 2 ? 30 : 250)
    server.child.kill('SIGKILL')
    await server.exited
    await writing.all
    server = await startServer({ place })
  }
  assert.ok((await once(server.as({ token: made.token }), made)) > kills, 'too little was done')
  await server.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})

test('two servers on one database, killed in turn: each effect exactly once', { timeout: 300_000, skip: !onPostgres }, async () => {
  const place = freshPlace()
  const made = await prepared(place)
  const servers = [made.server, await startServer({ place })]
  for (let round = 0; round < kills; round++) {
    const [killed, other] = [round % 2, 1 - (round % 2)]
    const writing = servers.map((s) => some(s.as({ token: made.token }), made.stages[0], 6))
    await writing[killed].first
    await moment(250)
    servers[killed].child.kill('SIGKILL')
    await servers[killed].exited
    await Promise.all(writing.map((w) => w.all))
    assert.equal(servers[other].child.exitCode, null)
    servers[killed] = await startServer({ place })
  }
  assert.ok((await once(servers[0].as({ token: made.token }), made)) > kills, 'too little was done')
  for (const s of servers) await s.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})
