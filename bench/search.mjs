// Search as one types in 1,000,000 contacts: CPU of the product's search for a query (reading it, rights, look-ups,
// comparing, ranking) beside bare SQLite that reads the first 20 contacts of the same prefix by the same index of words,
// no more; both in one process, the same mixture of names, phones and mails, prepared and warm (bench/bare_search.c).
// For information, on standard error: the same over HTTP with sign-in, rights and JSON, two words, the wrong layout, a
// slip of a letter.
import { spawnSync } from 'node:child_process'
import { cpuOf, figure, load, place, program, quick, startServer } from './lib.mjs'

const contacts = quick ? 50_000 : 1_000_000
const data = place('search')
const server = await startServer(data)
await server.signIn()
await server.stop()
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))

// The rows stand in the database as a finished import leaves them; their words are made by the server when it starts.
const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${contacts}),
s(k, v) AS (VALUES ${['иванов', 'смирнов', 'кузнецов', 'попов', 'васильев', 'петров', 'соколов', 'михайлов', 'новиков', 'федоров', 'морозов', 'волков', 'алексеев', 'лебедев', 'семенов', 'егоров', 'павлов', 'козлов', 'степанов', 'николаев'].map((v, k) => `(${k}, '${v}')`).join(',')}),
f(k, v) AS (VALUES ${['александр', 'сергей', 'дмитрий', 'андрей', 'алексей', 'максим', 'евгений', 'иван', 'михаил', 'артем', 'анна', 'мария', 'елена', 'ольга', 'татьяна', 'наталья'].map((v, k) => `(${k}, '${v}')`).join(',')})
INSERT INTO contact (id, version, created_at, updated_at, name, name_fold, phone, email)
SELECT i, 1, 1795000000000, 1795000000000, s.v || char(1072 + i % 31, 1072 + i / 31 % 31) || ' ' || f.v, s.v || char(1072 + i % 31, 1072 + i / 31 % 31) || ' ' || f.v, '+79' || substr('000000000' || (i * 7919 % 1000000000), -9), 'user' || i || '@example.ru'
FROM n JOIN s ON s.k = i * 31 % 20 JOIN f ON f.k = i / 20 * 7 % 16;
UPDATE contact SET name = n, name_fold = n FROM (SELECT 0 AS k, 'каримов рустам' AS n UNION ALL SELECT 1, 'каримов тимур' UNION ALL SELECT 2, 'салимов аристарх') x WHERE id % 100 = x.k;
UPDATE contact SET name = 'каримов аристарх', name_fold = 'каримов аристарх' WHERE id = ${contacts / 2};
INSERT INTO search_waiting VALUES (4, 0, ${contacts});`
const made = spawnSync('sqlite3', ['-bail', data + '/voronka.db'], { input: sql, stdio: ['pipe', 'inherit', 'inherit'] })
if (made.status !== 0) throw new Error('sqlite3 ended with ' + made.status)

const again = await startServer(data)
again.headers = server.headers
const started = Date.now()
for (;;) {
  const was = (await again.api('GET', '/api/health')).writer.jobs
  await sleep(2500)
  if ((await again.api('GET', '/api/health')).writer.jobs === was) break
}
console.error(`  words of ${contacts} contacts made in about ${Math.round((Date.now() - started) / 1000)} s`)

const path = (q) => '/api/search?objects=contacts&q=' + encodeURIComponent(q)
const queries = []
for (const q of ['ив', 'иван', 'иванов', 'петр', 'смирнова', 'кузн', 'алекс', 'ольг', 'тать', '9000', '90001', 'user77', 'user1234', 'морозовб', 'лебед', 'ник', 'соколова', 'ма', 'елена', 'user9999'])
  if ((await again.api('GET', path(q))).items[0]?.how === 'exact') queries.push(q) // slips are measured apart
console.error(`  ${queries.length} queries`)
async function ours(list, requests) {
  for (const q of list) await again.api('GET', path(q))
  const before = cpuOf(again.pid)
  for (const q of list) await load(again, { connections: 1, requests, path: path(q) })
  return ((cpuOf(again.pid) - before) / (list.length * requests)) * 1e6
}
for (const [what, list] of [['as typed', queries], ['two words', ['иванов мар', 'ольг кузн', 'смирнов дмит']], ['two common words that meet once', ['каримов аристарх', 'карим арист']], ['a common and a very common word that never meet', ['каримов ма']], ['wrong layout', ['bdfyjdf', 'gtnhjd']], ['a slip', ['кузнепов', 'ивноваб', 'лебедвв']], ['nothing like it', ['абракадабра']]])
  console.error(`  over HTTP, ${what}: ${(await ours(list, quick ? 50 : 200)).toFixed(0)} us of CPU`)
await again.stop()
const r = spawnSync(program('bare_search'), [data, quick ? '31' : '101'], { input: queries.join('\n') + '\n', encoding: 'utf8' })
if (r.status !== 0) throw new Error('bare_search: ' + r.stderr)
const [search, bare] = r.stdout.split(' ').map(Number)
console.error(`  a query: ${search.toFixed(1)} us of CPU; bare SQLite ${bare.toFixed(1)} us`)
figure('search_cpu_vs_bare_sqlite', search / bare, { atMost: 2 })
