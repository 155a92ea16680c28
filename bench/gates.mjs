// What gates cost: the server's CPU for moves, one request each, in a funnel whose stage asks for ten things, all of them met,
// beside the same in a funnel that asks for nothing. Rounds take turns; deals go back (which asks nothing) between them.
import { cpuOf, figure, median, place, quick, startServer } from './lib.mjs'

const deals = quick ? 300 : 2000
const rounds = quick ? 3 : 7
const server = await startServer(place('gates'))
await server.signIn()
const post = (path, body) => server.api('POST', path, body)
const company = await post('/api/companies', { name: 'Vector', inn: '7707083893' })
const contact = await post('/api/contacts', { name: 'Anna', phone: '+79123456789' })

async function funnelWith(name, gates) {
  const funnel = await post('/api/funnels', { name, task_rule: 'off' })
  const [from, to] = [await post('/api/stages', { funnel_id: funnel.id, name: 'Asked' }), await post('/api/stages', { funnel_id: funnel.id, name: 'Offered' })]
  const checks = []
  for (const g of gates) {
    const made = await post('/api/gates', { stage_id: to.id, ...g })
    if (g.kind === 'check') checks.push(made.id)
  }
  const ids = []
  for (let i = 0; i < deals; i++)
    ids.push((await post('/api/deals', { title: `Deal ${i}`, stage_id: from.id, value_minor: 5, company_id: company.id, contact_id: contact.id, expected_close_on: '2030-01-01', check_ids: checks })).id)
  return { from, to, ids }
}
const fields = ['value_minor', 'company_id', 'contact_id', 'expected_close_on', 'company_id.inn', 'contact_id.phone']
const asked = await funnelWith('Ten gates', [...fields.map((field) => ({ kind: 'field', field })), ...[1, 2, 3, 4].map((n) => ({ kind: 'check', name: `Item ${n}` }))])
const free = await funnelWith('No gates', [])

async function all(ids, set) {
  const left = [...ids]
  const one = async () => {
    for (let id; (id = left.pop()); ) await server.api('PATCH', `/api/deals/${id}`, set)
  }
  await Promise.all(Array.from({ length: 32 }, one))
}
async function move({ from, to, ids }) {
  const was = cpuOf(server.pid)
  await all(ids, { stage_id: to.id })
  const cost = cpuOf(server.pid) - was
  await all(ids, { stage_id: from.id, move_reason: 'Once more' })
  return cost
}
const ratios = []
for (let i = 0; i <= rounds; i++) {
  const cost = {}
  for (const [name, f] of i % 2 ? [['free', free], ['asked', asked]] : [['asked', asked], ['free', free]]) cost[name] = await move(f)
  if (i) ratios.push(cost.asked / cost.free) // the first warms up
  console.error(`  gates: ${((cost.asked / deals) * 1e6).toFixed(0)} us a move past ten gates, ${((cost.free / deals) * 1e6).toFixed(0)} us without`)
}
await server.stop()
figure('move_with_10_gates', median(ratios), { atMost: 1.5 })
