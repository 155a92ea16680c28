// Bulk edit of 100,000 deals beside bare SQLite that updates the same rows and writes a journal row each, prepared, with
// as many rows a commit as the server had; and what others' writes cost meanwhile: p99 of four people who each change a
// deal of their own without a pause, quiet and during a second bulk edit.
import { closeSync, copyFileSync, openSync, rmSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import { bin, figure, median, place, program, quick, run, startServer } from './lib.mjs'

const deals = quick ? 10_000 : 100_000
const rounds = quick ? 1 : 3
const csv = place('events.csv')
const out = openSync(csv, 'w')
spawnSync(program('events'), [String(deals), '1'], { stdio: ['ignore', out, 'inherit'] })
closeSync(out)
const data = place('bulk-edit')
const words = ['import', '--data', data, '--events', csv, '--funnel', 'Bulk', '--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user', '--won', 'Won', '--lost', 'Lost']
if (spawnSync(bin, words, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) throw new Error('the import failed')
rmSync(csv)

const server = await startServer(data)
await server.signIn()
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
// Nothing waits any more: neither words of search nor the log.
async function settled() {
  let was = -1
  for (;;) {
    const jobs = (await server.api('GET', '/api/health')).writer.jobs
    if (jobs === was && statSync(data + '/voronka.db-wal').size === 0) return
    was = jobs
    await sleep(1500)
  }
}
async function edit(value) {
  const before = (await server.api('GET', '/api/health')).writer
  let op = await server.api('POST', '/api/deals/bulk', { filter: '', set: { value_minor: value } })
  while (op.state === 'waiting' || op.state === 'running') {
    await sleep(100)
    op = await server.api('GET', `/api/operations/${op.id}`)
  }
  const after = (await server.api('GET', '/api/health')).writer
  if (op.state !== 'done' || op.outcome.changed !== deals) throw new Error(JSON.stringify(op))
  return { seconds: (op.finished_at - op.started_at) / 1000, group: Math.round(deals / (after.commits - before.commits)) }
}

const ratios = []
for (let i = 0; i < rounds; i++) {
  await settled()
  const copy = place('copy.db')
  copyFileSync(data + '/voronka.db', copy)
  const ours = await edit(1000 + i)
  const theirs = Number(run(program('bare_edit'), [copy, String(deals), String(ours.group)]).split(' ')[0])
  for (const f of ['', '-wal', '-shm']) rmSync(copy + f, { force: true })
  ratios.push(theirs / ours.seconds)
  console.error(`  bulk edit: ${Math.round(deals / ours.seconds)}/s in chunks of ${ours.group}; bare ${Math.round(deals / theirs)}/s`)
}
figure('bulk_edit_vs_bare_sqlite', median(ratios), { atLeast: 0.5 })

const agent = new Agent({ keepAlive: true, maxSockets: 4 })
const patch = (id, body) =>
  new Promise((done, fail) => {
    const text = JSON.stringify(body)
    const r = request({ port: server.port, agent, method: 'PATCH', path: '/api/deals/' + id, headers: { ...server.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (res) => {
      res.resume().on('end', () => (res.statusCode === 200 ? done() : fail(new Error('PATCH: ' + res.statusCode))))
    })
    r.on('error', fail).end(text)
  })
const others = (await server.api('GET', '/api/deals?limit=4')).items.map((d) => d.id)
async function p99(until) {
  const times = []
  let number = 0
  await Promise.all(
    others.map(async (id) => {
      while (!until.over) {
        const start = process.hrtime.bigint()
        await patch(id, { title: `Supply ${++number}` })
        times.push(Number(process.hrtime.bigint() - start) / 1e6)
      }
    }),
  )
  times.sort((a, b) => a - b)
  return { p99: times[Math.floor(times.length * 0.99)], p50: median(times), n: times.length }
}
await settled()
const quietly = { over: false }
setTimeout(() => (quietly.over = true), quick ? 2000 : 8000)
const quiet = await p99(quietly)
const busily = { over: false }
const editing = edit(5000).then((r) => ((busily.over = true), r))
const busy = await p99(busily)
await editing
console.error(`  others' writes: quiet p50 ${quiet.p50.toFixed(2)} p99 ${quiet.p99.toFixed(2)} ms of ${quiet.n}; meanwhile p50 ${busy.p50.toFixed(2)} p99 ${busy.p99.toFixed(2)} ms of ${busy.n}`)
figure('bulk_edit_others_p99_vs_quiet', busy.p99 / quiet.p99, { atMost: 5 })
agent.destroy()
await server.stop()
