// Writing deals with 56 active triggers beside writing them with none: nine funnels as the company with first aid courses
// has them, each with tags by source, tasks by stage and deals that close by themselves. Two servers with the same deals
// take the same requests in turn. Every new deal gets its timer, every fifth a tag or a task, the rest of the
// conditions is asked and not met.
import { cpuOf, figure, load, median, place, quick, startServer } from './lib.mjs'

const requests = quick ? 2000 : 6000
const rounds = quick ? 3 : 7
const post = (s, path, body) => s.api('POST', path, body)

async function company(name) {
  const server = await startServer(place(name))
  await server.signIn()
  const funnels = []
  for (let f = 1; f <= 9; f++) {
    const funnel = await post(server, '/api/funnels', { name: `Курсы ${f}`, task_rule: 'off' })
    const stages = []
    for (const [i, outcome] of ['open', 'open', 'open', 'won', 'lost'].entries())
      stages.push((await post(server, '/api/stages', { funnel_id: funnel.id, name: `Этап ${i}`, outcome, position: i + 1 })).id)
    funnels.push({ id: funnel.id, stages })
  }
  return { server, funnels }
}

async function automate({ server, funnels }) {
  const tag = (await post(server, '/api/tags', { name: 'Сайт' })).id
  const reason = (await post(server, '/api/loss-reasons', { name: 'Молчит', timeout: true })).id
  let n = 0
  const add = (funnel_id, event, condition, actions, stage_id = null) =>
    post(server, '/api/triggers', { name: `Правило ${++n}`, funnel_id, stage_id, event, condition, actions, enabled: true })
  const tagIt = [{ do: 'tag', tag_id: tag }]
  for (const { id, stages } of funnels) {
    await add(id, { on: 'created' }, 'title ~ "3 конец"', tagIt)
    await add(id, { on: 'created' }, 'title ~ "7 конец" and utm_medium is null', [{ do: 'task', title: 'Позвонить', kind: 'call', due_hours: 4 }])
    await add(id, { on: 'updated', field: 'value_minor' }, 'value_minor > 100000000000', tagIt)
    await add(null, { on: 'entered' }, 'contact_id.name ~ "иван" or utm_source = "yandex"', tagIt, stages[1])
    await add(null, { on: 'timer', after: 'stage_entry', hours: 336 }, null, [{ do: 'move', stage_id: stages[4], loss_reason_id: reason }], stages[0])
    await add(null, { on: 'timer', after: 'stage_entry', hours: 720 }, null, [{ do: 'move', stage_id: stages[4], loss_reason_id: reason }], stages[1])
  }
  await add(null, { on: 'won' }, null, tagIt)
  await add(null, { on: 'lost' }, null, tagIt)
  const { count } = await server.api('GET', '/api/triggers?count=1&filter=' + encodeURIComponent('enabled = true'))
  if (count !== 56) throw new Error(`${count} triggers`)
}

const plain = await company('plain')
const ruled = await company('ruled')
await automate(ruled)

let round = 0
// The load generator numbers its requests by three digits: edits and moves go over the same thousand deals again and
// again, each time to another value and another stage.
async function seconds({ server, funnels }) {
  const { stages } = funnels[0]
  const create = JSON.stringify({ title: 'Курс @N@ конец', stage_id: stages[0], value_minor: 400000 })
  const took = [await load(server, { connections: 64, requests, method: 'POST', path: '/api/deals', body: create }), 0, 0]
  for (let pass = 0; pass < requests / 1000; pass++) {
    const patch = (body) => load(server, { connections: 64, requests: 1000, method: 'PATCH', path: '/api/deals/1@N@', body: JSON.stringify(body) })
    took[1] += await patch({ value_minor: 500000 + round * 100 + pass })
    took[2] += await patch({ stage_id: stages[1 + (pass % 2)], move_reason: 'дальше' })
  }
  return took
}

const ratios = []
for (let i = 0; i <= rounds; i++) {
  const order = i % 2 ? [plain, ruled] : [ruled, plain]
  const took = new Map()
  const cpu = new Map()
  for (const c of order) {
    const before = cpuOf(c.server.pid)
    took.set(c, await seconds(c))
    cpu.set(c, cpuOf(c.server.pid) - before)
  }
  round++
  const sum = (c) => took.get(c).reduce((a, b) => a + b)
  if (i) {
    ratios.push(sum(plain) / sum(ruled))
    const rate = (c) => took.get(c).map((s) => Math.round(requests / s)).join(', ')
    console.error(`  triggers: create, edit, move: ${rate(plain)}/s without, ${rate(ruled)}/s with 56; CPU ${(cpu.get(plain) / cpu.get(ruled)).toFixed(2)}`)
  }
}
await plain.server.stop()
await ruled.server.stop()
figure('writes_with_56_triggers', median(ratios), { atLeast: 0.7 })
