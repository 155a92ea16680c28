// The funnel designer: a funnel as one document, drafts, what they would do, publishing, restoring. R010-R031, R064-R093.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleOf, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)

const post = async (who, path, body) => {
  const r = await who('POST', path, body)
  assert.ok(r.status < 300, `${path} ${r.status} ${r.text}`)
  return r.body
}
const presetFunnel = async (preset, nth = 0) => {
  const before = (await admin.get('/api/funnels?limit=500')).items.map((f) => f.id)
  await post(admin, `/api/presets/${preset}`)
  const made = (await admin.get('/api/funnels?limit=500')).items.filter((f) => !before.includes(f.id))
  return made.sort((a, b) => a.position - b.position)[nth].id
}
const definitionOf = (id, version) => admin.get(`/api/funnels/${id}/definition${version ? `?version=${version}` : ''}`)

test('a funnel can be read whole, with everything its stages ask and do, and every version keeps it', async () => {
  const id = await presetFunnel('it-product')
  const bare = await definitionOf(id)
  assert.equal(bare.id, id)
  assert.ok(bare.stages.length > 3)
  const [first, second] = bare.stages
  assert.deepEqual([first.gates, first.goals, first.triggers], [[], [], []])
  const gate = await post(admin, '/api/gates', { stage_id: second.id, kind: 'field', field: 'value_minor', position: 1 })
  const goal = await post(admin, '/api/goals', { stage_id: first.id, name: 'Согласие получено', position: 1 })
  const reason = await post(admin, '/api/loss-reasons', { name: 'Только этой воронки', funnel_id: id })
  await admin.patch(`/api/stages/${first.id}`, { entry_result: 'Заявка пришла', scripts: [{ title: 'Первый звонок', text: 'Здравствуйте' }] })
  const now = await definitionOf(id)
  assert.deepEqual(now.stages[1].gates.map((g) => [g.id, g.kind, g.field]), [[gate.id, 'field', 'value_minor']])
  assert.deepEqual(now.stages[0].goals.map((g) => g.name), [goal.name])
  assert.deepEqual(now.stages[0].scripts, [{ title: 'Первый звонок', text: 'Здравствуйте' }])
  assert.deepEqual(now.loss_reasons.map((r) => r.id), [reason.id])
  assert.equal(now.version, bare.version + 4)
  const old = await definitionOf(id, bare.version)
  assert.deepEqual(old, bare)
  assert.equal((await admin('GET', `/api/funnels/${id}/definition?version=999`)).status, 404)
  assert.equal((await seller('GET', `/api/funnels/${id}/definition`)).status, 200)
  assert.equal((await server.anon('GET', `/api/funnels/${id}/definition`)).status, 401)
})
