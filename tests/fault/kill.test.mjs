// The power goes at any moment. What was answered with success is there afterwards, once; nothing is half done.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, freshPlace, funnelOf, signIn, adminPassword, startServer } from '../api/harness.mjs'

const kills = Number(process.env.VORONKA_KILLS ?? 50)

test('fifty times kill -9 while eight sellers work: nothing acknowledged is lost, nothing is done twice', { timeout: 600_000 }, async () => {
  const place = freshPlace()
  let server = await startServer({ place })
  let admin = await server.admin()
  const { funnel, stages, lost } = await funnelOf(admin)
  const reason = await admin.create('/api/loss-reasons', { name: 'Дорого' })
  const token = (await admin.create('/api/tokens', { name: 'fault' })).token

  const acknowledged = new Map() // key -> { id, stage }
  const unknown = new Map() // key -> title: sent, not answered when the power went
  const moves = new Map() // deal id -> Set of stages it may be in
  const signIns = []
  let number = 0

  const worker = async (api, alive) => {
    while (alive.yes) {
      const key = `k${++number}`
      const title = `Сделка ${key}`
      try {
        const r = await api('POST', '/api/deals', { title, funnel_id: funnel.id, stage_id: stages[0].id, value_minor: 100 }, { headers: { 'idempotency-key': key } })
        assert.equal(r.status, 201, r.text)
        acknowledged.set(key, r.body.id)
        moves.set(r.body.id, new Set([stages[0].id]))
        // a task and a move in two more requests: either may be cut off
        await api('POST', '/api/tasks', { title: 'Позвонить', deal_id: r.body.id, due_at: Date.now() })
        const target = number % 3 === 0 ? lost.id : stages[1].id
        moves.get(r.body.id).add(target)
        const moved = await api('PATCH', `/api/deals/${r.body.id}`, { stage_id: target, ...(target === lost.id ? { loss_reason_id: reason.id } : {}) })
        assert.equal(moved.status, 200, moved.text)
        moves.set(r.body.id, new Set([target]))
      } catch (e) {
        if (e.code === 'ERR_ASSERTION') throw e
        if (!acknowledged.has(key)) unknown.set(key, title)
      }
    }
  }

  for (let round = 0; round < kills; round++) {
    const alive = { yes: true }
    const api = server.as({ token })
    const workers = [...Array(8)].map(() => worker(api, alive))
    await new Promise((r) => setTimeout(r, 20 + Math.random() * 150))
    server.child.kill('SIGKILL')
    alive.yes = false
    await server.exited
    await Promise.all(workers)
    server = await startServer({ place })
    if (round % 10 === 9) signIns.push(await signIn(server.url, 'admin@voronka.local', adminPassword))
  }

  // Who did not hear an answer asks again with the same key, as the web application does.
  const api = server.as({ token })
  for (const [key, title] of unknown) {
    const r = await api('POST', '/api/deals', { title, funnel_id: funnel.id, stage_id: stages[0].id, value_minor: 100 }, { headers: { 'idempotency-key': key } })
    assert.equal(r.status, 201, r.text)
    acknowledged.set(key, r.body.id)
    if (!moves.has(r.body.id)) moves.set(r.body.id, new Set([stages[0].id]))
  }
  assert.ok(acknowledged.size > kills, `too little work was done: ${acknowledged.size}`)

  const there = new Map()
  for (let cursor = ''; cursor !== null; ) {
    const page = await api.list('/api/deals', { limit: 500, fields: 'id,title,stage_id', ...(cursor && { cursor }) })
    for (const d of page.items) there.set(d.id, d)
    cursor = page.next_cursor
  }
  assert.equal(there.size, acknowledged.size, 'every key made exactly one deal')
  for (const [key, id] of acknowledged) {
    assert.equal(there.get(id)?.title, `Сделка ${key}`)
    assert.ok(moves.get(id).has(there.get(id).stage_id), `deal ${id} stands where it was never moved to`)
  }
  await server.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})
