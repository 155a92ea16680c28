// Import of 10,000,000 events beside sqlite3's .import of the same rows into the same indexes; then memory and start with them.
import { closeSync, openSync, writeFileSync, existsSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { bin, figure, memoryOf, place, program, quick, run, startServer } from './lib.mjs'

const cases = quick ? 20_000 : 1_000_000
const clock = () => Number(process.hrtime.bigint()) / 1e9
const csv = place('events.csv')
const out = openSync(csv, 'w')
spawnSync(program('events'), [String(cases), '10'], { stdio: ['ignore', out, 'inherit'] })
closeSync(out)

const idle = await startServer(place('idle'))
await idle.signIn()
await new Promise((r) => setTimeout(r, 1000))
figure('memory_idle', memoryOf(idle.pid), { atMost: 30, unit: 'MB' })
await idle.stop()

const data = place('bulk')
let start = clock()
run(bin, ['import', '--data', data, '--events', csv, '--funnel', 'Bulk', '--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user', '--won', 'Won', '--lost', 'Lost'])
const ours = clock() - start
rmSync(csv)

// The same rows and indexes by sqlite3 alone: tables as CSV, schema as it is, .import.
const sqlite = (db, text) => {
  const r = spawnSync('sqlite3', [db], { input: text, stdio: ['pipe', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28 })
  if (r.status !== 0) throw new Error('sqlite3 ended with ' + r.status)
  return r.stdout
}
const db = data + '/voronka.db'
const tables = ['deal', 'journal']
const schema = sqlite(db, `SELECT sql || ';' FROM sqlite_schema WHERE tbl_name IN ('deal','journal') AND sql IS NOT NULL;\n`)
for (const t of tables) sqlite(db, `.mode csv\n.once ${place(t + '.csv')}\nSELECT * FROM ${t};\n`)
writeFileSync(place('schema.sql'), schema)
start = clock()
sqlite(place('plain.db'), `PRAGMA journal_mode=WAL;\n.read ${place('schema.sql')}\n.mode csv\n${tables.map((t) => `.import ${place(t + '.csv')} ${t}\n`).join('')}`)
const theirs = clock() - start
console.error(`  import: ${ours.toFixed(1)} s, sqlite3 .import ${theirs.toFixed(1)} s for ${cases * 10} events`)
figure('import_vs_sqlite_import', ours / theirs, { atMost: 3 })
for (const f of ['plain.db', 'deal.csv', 'journal.csv']) if (existsSync(place(f))) rmSync(place(f))

const first = await startServer(data) // creates the administrator
await first.signIn()
const headers = first.headers
const deal = (await first.api('GET', '/api/deals?limit=1')).items[0].id
await first.stop()
start = clock()
const server = await startServer(data)
server.headers = headers
await server.api('GET', `/api/deals/${deal}`)
figure('start_to_first_answer', clock() - start, { atMost: 5, unit: 's' })
const funnel = (await server.api('GET', '/api/funnels')).items[0].id
await server.api('GET', `/api/reports/conversion?funnel_id=${funnel}`)
console.error(`  start to first report: ${(clock() - start).toFixed(1)} s`)
figure('memory_1000000_deals', memoryOf(server.pid), { atMost: 400, unit: 'MB' })
await server.stop()
