// Import of 1,000,000 contacts from CSV beside `sqlite3 .import` of the same rows into a table with the same columns and
// indexes. Ours converts, checks and journals each row and can be taken back; the words of search come after it, when the
// server has leisure, and are not in either figure.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { bin, figure, median, place, quick, run } from './lib.mjs'

const rows = quick ? 100_000 : 1_000_000
const rounds = quick ? 1 : 3
const csv = place('contacts.csv')
const first = ['Анна', 'Пётр', 'Иван', 'Мария', 'Ольга', 'Сергей', 'Дмитрий', 'Елена']
const last = ['Кузнецова', 'Ёлкин', 'Иванов', 'Петрова', 'Смирнов', 'Попов', 'Соколов']
const out = openSync(csv, 'w')
writeSync(out, 'Имя,Телефон,Email,Должность\n')
let seed = 1
const random = (n) => (seed = (seed * 48271) % 2147483647) % n
for (let i = 0; i < rows; i += 1000)
  writeSync(out, Array.from({ length: 1000 }, (_, k) => `${last[random(7)]} ${first[random(8)]} ${i + k},+79${100000000 + random(900000000)},user${i + k}@example${random(977)}.ru,Менеджер\n`).join(''))
closeSync(out)

const seconds = (cmd, args, opts) => {
  const began = process.hrtime.bigint()
  const r = spawnSync(cmd, args, { stdio: ['pipe', 'pipe', 'inherit'], encoding: 'utf8', ...opts })
  if (r.status !== 0) throw new Error(`${cmd} ${args.join(' ')}: ${r.status}`)
  return Number(process.hrtime.bigint() - began) / 1e9
}

const ratios = []
for (let i = 0; i < rounds; i++) {
  const data = place(`import-${i}`)
  const ours = seconds(bin, ['import', '--data', data, '--table', csv, '--object', 'contacts', '--on-match', 'create', '--json'])
  const db = data + '/voronka.db'
  const plain = place('rows.csv')
  writeFileSync(place('dump.sql'), `.mode csv\n.once ${plain}\nSELECT * FROM contact;\n`)
  run('sqlite3', [db, `.read ${place('dump.sql')}`])
  const bare = place('bare.db')
  run('sqlite3', [bare], { input: 'PRAGMA journal_mode=WAL;\n' + run('sqlite3', [db, '.schema contact']), stdio: ['pipe', 'ignore', 'inherit'] })
  const theirs = seconds('sqlite3', [bare], { input: `.mode csv\n.import ${plain} contact\n` })
  ratios.push(ours / theirs)
  console.error(`  import: ${Math.round(rows / ours)}/s (${Math.round(statSync(db).size / 1e6)} MB); sqlite3 .import ${Math.round(rows / theirs)}/s`)
  for (const f of [bare, bare + '-wal', bare + '-shm', plain, data]) rmSync(f, { recursive: true, force: true })
}
figure('import_contacts_vs_sqlite_import', median(ratios), { atMost: 3 })
