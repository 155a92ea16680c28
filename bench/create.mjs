// Durable POST /api/deals at 64 clients, beside bare SQLite writing the same rows (deal and journal, all indexes, the
// same pragmas) with one commit a group of the size that the server had, and beside one commit a request. The server's
// time holds everything: HTTP, sign-in, rules, the answer, and the client beside it. Every round measures the three one
// after another in turned order, so that a neighbour on the machine meets all of them.
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { figure, load, makeFunnel, median, place, program, quick, run, startServer } from './lib.mjs'

const requests = quick ? 2000 : 12000
const rounds = quick ? 3 : 7
const singles = requests / 20
const data = place('create')
const server = await startServer(data)
await server.signIn()
const { funnel, stages } = await makeFunnel(server)
const body = JSON.stringify({ title: 'Supply of equipment @N@', funnel_id: funnel, stage_id: stages[0], value_minor: 40000000 })
await load(server, { connections: 64, requests: 2000, method: 'POST', path: '/api/deals', body })

// A server with nothing to do moves its log into the database: then the file alone is the whole of it.
async function settled() {
  while (statSync(data + '/voronka.db-wal').size > 0) await new Promise((r) => setTimeout(r, 50))
}

async function ours() {
  const stats = async () => (await server.api('GET', '/api/health')).writer
  const was = await stats()
  const seconds = await load(server, { connections: 64, requests, method: 'POST', path: '/api/deals', body })
  const is = await stats()
  return { rate: requests / seconds, group: Math.max(1, Math.round((is.jobs - was.jobs) / (is.commits - was.commits))) }
}

function theirs(done, before, group, limit) {
  const copy = place('copy.db')
  copyFileSync(before, copy)
  const [seconds, units] = run(program('bare'), [done, copy, String(group), String(limit)]).split(' ').map(Number)
  for (const f of ['', '-wal', '-shm']) rmSync(copy + f, { force: true })
  return units / seconds
}

let last // of the round before: what has been written in it, and the size of its groups
const grouped = []
const single = []
for (let i = 0; i <= rounds; i++) {
  await settled()
  const dir = place(`round${i}`)
  mkdirSync(dir)
  copyFileSync(data + '/voronka.db', dir + '/before.db')
  const bare = last && theirs(data + '/voronka.db', last.before, last.group, requests)
  const one = last && theirs(data + '/voronka.db', last.before, 1, singles)
  const { rate, group } = await ours()
  if (last) {
    const rates = [last.rate, rate] // before and after the reference
    const mean = 2 / (1 / rates[0] + 1 / rates[1])
    grouped.push(mean / bare)
    single.push(mean / one)
    console.error(`  create: ${Math.round(mean)}/s in groups of ${last.group}; bare ${Math.round(bare)}/s; one commit each ${Math.round(one)}/s`)
    rmSync(last.dir, { recursive: true })
  }
  last = { rate, group, dir, before: dir + '/before.db' }
}
await server.stop()
figure('create_vs_bare_sqlite', median(grouped), { atLeast: 0.6 })
figure('create_vs_commit_each', median(single), { atLeast: 10 })
