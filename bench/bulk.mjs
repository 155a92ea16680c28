// Import of 10,000,000 events beside sqlite3's .import of the same rows into the same tables and indexes; then what the
// server needs with them: memory, time to the first answer and to the first report.
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { bin, figure, memoryOf, peakOf, place, program, quick, startServer } from './lib.mjs'

const cases = quick ? 20_000 : 1_000_000
const clock = () => Number(process.hrtime.bigint()) / 1e9
// Runs a program to its end: wall and CPU seconds of it.
function timed(cmd, args, input = '') {
  const r = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', '_', cmd, ...args], { input, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  if (r.status !== 0) throw new Error(`${cmd} ended with ${r.status}: ${r.stderr}`)
  const [wall, user, system] = r.stderr.trim().split('\n').at(-1).split(' ').map(Number)
  return { wall, cpu: user + system }
}
const csv = place('events.csv')
const out = openSync(csv, 'w')
spawnSync(program('events'), [String(cases), '10'], { stdio: ['ignore', out, 'inherit'] })
closeSync(out)

const idle = await startServer(place('idle'))
await idle.signIn()
await new Promise((r) => setTimeout(r, 2000))
figure('memory_idle', memoryOf(idle.pid), { atMost: 30, unit: 'MB' })
await idle.stop()

const data = place('bulk')
const ours = timed(bin, ['import', '--data', data, '--events', csv, '--funnel', 'Bulk', '--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user', '--won', 'Won', '--lost', 'Lost'])
rmSync(csv)

// The reference: the rows that the import made, as CSV, into a schema of the same tables and indexes, with the pragmas of
// the server. CSV has no NULL, .import makes empty texts of it: as long on the disk, and the conditions of partial indexes
// ask for them instead, so that every index gets the rows that ours has.
const sqlite = (db, text) => {
  const r = spawnSync('sqlite3', ['-bail', db], { input: text, stdio: ['pipe', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28 })
  if (r.status !== 0) throw new Error('sqlite3 ended with ' + r.status)
  return r.stdout
}
const db = data + '/voronka.db'
const tables = ['deal', 'journal']
const schema = sqlite(db, `SELECT sql || ';' FROM sqlite_schema WHERE tbl_name IN ('deal','journal') AND sql IS NOT NULL ORDER BY type DESC;\n`)
  .split(';\n')
  .map((s) => (s.startsWith('CREATE TABLE') ? s : s.replace(/ IS NOT NULL/g, " <> ''").replace(/ IS NULL/g, " = ''")))
  .join(';\n')
for (const t of tables) sqlite(db, `.mode csv\n.once ${place(t + '.csv')}\nSELECT * FROM ${t};\n`)
writeFileSync(place('schema.sql'), schema)
const theirs = timed(
  'sqlite3',
  ['-bail', place('plain.db')],
  `PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-65536;PRAGMA temp_store=MEMORY;PRAGMA wal_autocheckpoint=4096;
.read ${place('schema.sql')}
.mode csv
${tables.map((t) => `.import ${place(t + '.csv')} ${t}\n`).join('')}`,
)
const indexed = (file, empty) =>
  sqlite(file, `SELECT count(*) FROM journal;SELECT count(*) FROM deal;SELECT count(*) FROM deal INDEXED BY deal_funnel WHERE deleted_at ${empty};\n`)
if (indexed(db, 'IS NULL') !== indexed(place('plain.db'), "= ''")) throw new Error('the reference has other rows')
console.error(`  import: ${ours.wall.toFixed(1)} s (CPU ${ours.cpu.toFixed(1)} s), sqlite3 .import ${theirs.wall.toFixed(1)} s (CPU ${theirs.cpu.toFixed(1)} s) for ${cases * 10} events`)
figure('import_vs_sqlite_import', ours.wall / theirs.wall, { atMost: 3 })
for (const f of ['plain.db', 'deal.csv', 'journal.csv']) rmSync(place(f), { force: true })

const first = await startServer(data) // creates the administrator
await first.signIn()
const headers = first.headers
const deal = (await first.api('GET', '/api/deals?limit=1')).items[0].id
await first.stop()
let start = clock()
const server = await startServer(data)
server.headers = headers
await server.api('GET', `/api/deals/${deal}`)
figure('start_to_first_answer', clock() - start, { atMost: 5, unit: 's' })
const funnel = (await server.api('GET', '/api/funnels')).items[0].id
const path = `/api/reports/conversion?funnel_id=${funnel}`
// Until the journal has been read, reports ask to come again.
const ready = async () => {
  for (;;) {
    const r = await fetch(server.base + path, { headers })
    if (r.status === 200) return r.json()
    if (r.status !== 503) throw new Error(`report: ${r.status} ${await r.text()}`)
    await new Promise((next) => setTimeout(next, 100))
  }
}
const report = await ready()
if (report.summary.deals !== cases) throw new Error(`the report counts ${report.summary.deals} deals`)
console.error(`  start to first report: ${(clock() - start).toFixed(1)} s`)
for (let i = 0; i < 3; i++) {
  start = clock()
  await server.api('GET', path + '&by=owner')
  console.error(`  report by owner: ${(clock() - start).toFixed(2)} s`)
}
await new Promise((r) => setTimeout(r, 1000))
console.error(`  memory: at most ${peakOf(server.pid).toFixed(0)} MB`)
figure('memory_1000000_deals', memoryOf(server.pid), { atMost: 400, unit: 'MB' })
await server.stop()
