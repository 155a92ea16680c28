// Durable POST /api/deals at 64 clients, beside bare SQLite writing the same rows in the same groups, and beside one commit a request.
import { copyFileSync, mkdirSync } from 'node:fs'
import { figure, load, makeFunnel, median, place, program, quick, run, startServer } from './lib.mjs'

const requests = quick ? 4000 : 40000
const rounds = quick ? 3 : 5
const data = place('create')
let server = await startServer(data)
await server.signIn()
const { funnel, stages } = await makeFunnel(server)
const body = JSON.stringify({ title: 'Supply of equipment @N@', funnel_id: funnel, stage_id: stages[0], value_minor: 40000000 })
await load(server, { connections: 64, requests: 2000, method: 'POST', path: '/api/deals', body })

const grouped = []
const single = []
for (let i = 0; i < rounds; i++) {
  await server.stop() // so that the file alone is the whole database
  mkdirSync(place(`round${i}`))
  const before = place(`round${i}/before.db`)
  copyFileSync(data + '/voronka.db', before)
  server = await startServer(data)
  await server.signIn()
  const stats = async () => (await server.api('GET', '/api/health')).writer
  const was = await stats()
  const seconds = await load(server, { connections: 64, requests, method: 'POST', path: '/api/deals', body })
  const is = await stats()
  const group = Math.max(1, Math.round((is.jobs - was.jobs) / (is.commits - was.commits)))
  await server.stop()
  const copy = place(`round${i}/copy.db`)
  copyFileSync(before, copy)
  const bare = run(program('bare'), [data + '/voronka.db', copy, String(group)]).split(' ').map(Number)
  const limit = Math.floor(requests / 20)
  const one = run(program('bare'), [data + '/voronka.db', before, '1', String(limit)]).split(' ').map(Number)
  grouped.push(requests / seconds / (bare[1] / bare[0]))
  single.push(requests / seconds / (one[1] / one[0]))
  console.error(`  create: ${Math.round(requests / seconds)}/s in groups of ${group}; bare ${Math.round(bare[1] / bare[0])}/s; one commit each ${Math.round(one[1] / one[0])}/s`)
  server = await startServer(data)
  await server.signIn()
}
await server.stop()
figure('create_vs_bare_sqlite', median(grouped), { atLeast: 0.6 })
figure('create_vs_commit_each', median(single), { atLeast: 10 })
