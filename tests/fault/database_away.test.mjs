// PostgreSQL goes away and comes back: a clear refusal meanwhile, service by itself afterwards.
import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { test } from 'node:test'
import { cli, funnelOf, onPostgres, startServer } from '../api/harness.mjs'

const control = process.env.VORONKA_PG_CTL
const skip = onPostgres && control ? false : 'needs PostgreSQL'

const until = async (what, ms = 30_000) => {
  const end = Date.now() + ms
  for (;;) {
    const found = await what().catch(() => null)
    if (found) return found
    if (Date.now() > end) throw new Error('it did not come back in time')
    await new Promise((r) => setTimeout(r, 200))
  }
}

test('the database stops for a while: 503 with a reason, then work goes on without a restart', { skip, timeout: 120_000 }, async () => {
  const server = await startServer()
  const admin = await server.admin()
  const { funnel, stages } = await funnelOf(admin)
  const deal = await admin.create('/api/deals', { title: 'До обрыва', funnel_id: funnel.id, stage_id: stages[0].id })

  execSync(`cd / && ${control} -m immediate stop`)
  try {
    const write = await admin('POST', '/api/deals', { title: 'Во время', funnel_id: funnel.id, stage_id: stages[0].id })
    assert.equal(write.status, 503, write.text)
    assert.equal(write.body.code, 'db_unavailable')
    assert.ok(write.body.detail.length > 10, 'the refusal says what to do')
    const read = await admin('GET', `/api/deals/${deal.id}`)
    assert.equal(read.status, 503, read.text)
    const health = await server.anon('GET', '/api/health')
    assert.equal(health.body.writable, false)
  } finally {
    execSync(`cd / && ${control} start`, { stdio: 'ignore' })
  }
  const after = await until(async () => {
    const r = await admin('POST', '/api/deals', { title: 'После', funnel_id: funnel.id, stage_id: stages[0].id })
    return r.status === 201 ? r.body : null
  })
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).title, 'До обрыва')
  const titles = (await admin.list('/api/deals', { sort: 'id' })).items.map((d) => d.title)
  assert.equal(titles.filter((t) => t === 'Во время').length, 0, 'a refused write leaves nothing')
  // live updates go on too
  const stream = await admin.events()
  await admin.patch(`/api/deals/${after.id}`, { title: 'Видно сразу' })
  await stream.next((e) => e.data.object_id === after.id && e.data.set?.title)
  stream.close()
  await server.stop()
  const check = await cli(['check', ...server.place])
  assert.equal(check.code, 0, check.out + check.err)
})
