// A filtered, sorted page of 50 of a million deals: CPU of the server for somebody who may see only their own and what
// they are a co-worker on, and beside it for an administrator, to whom all of them are open.
import { cpuOf, figure, load, makeFunnel, median, place, quick, run, startServer } from './lib.mjs'

const deals = quick ? 100000 : 1000000
const sellers = 50
const requests = quick ? 2000 : 5000
const rounds = quick ? 3 : 5
const data = place('rights')

let server = await startServer(data)
await server.signIn()
const admin = server.headers
const { funnel, stages } = await makeFunnel(server)
const own = { see: 'own', create: 'own', edit: 'own', delete: 'own', export: 'none' }
const role = await server.api('POST', '/api/roles', { name: 'Only own', base: 'seller', rights: { objects: { deal: own } } })
const email = 'seller@example.com', password = 'bench-password-2'
const ids = [(await server.api('POST', '/api/users', { name: 'Seller', email, password, role_id: role.id })).id]
for (let i = 1; i < sellers; i++) ids.push((await server.api('POST', '/api/users', { name: `Seller ${i}`, email: `s${i}@example.com` })).id)
await server.stop()

// Rows as a long history leaves them; what is measured only reads.
run('sqlite3', [data + '/voronka.db', `PRAGMA synchronous = OFF;
INSERT INTO deal (version, created_at, updated_at, title, title_fold, funnel_id, stage_id, status, value_minor, currency, owner_id, rank, stage_entered_at, open_tasks, expected_close_on)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${deals})
SELECT 1, 1700000000000 + i * 1000, 1700000000000 + i * 1000, 'Deal ' || i, 'deal ' || i, ${funnel}, ${stages[0]} + (i * 7) % 6,
  CASE WHEN i % 5 < 3 THEN 0 ELSE i % 2 + 1 END, (i * 7919) % 100000000, 'RUB', ${ids[0]} + (i * 31) % ${sellers}, -i, 1700000000000, 0, 20000 + (i * 13) % 400 FROM n;
INSERT INTO deal_member (version, created_at, updated_at, deal_id, user_id) SELECT 1, 1, 1, id, ${ids[0]} FROM deal WHERE owner_id <> ${ids[0]} ORDER BY id LIMIT 100;`])

server = await startServer(data)
const signIn = await fetch(server.base + '/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password }) })
const { csrf } = await signIn.json()
server.headers = { cookie: signIn.headers.get('set-cookie').split(';')[0], 'x-csrf-token': csrf }
const seller = { authorization: 'Bearer ' + (await server.api('POST', '/api/tokens', { name: 'bench' })).token }

const query = new URLSearchParams({ filter: 'status = "open" and value_minor > 1000000', sort: '-value_minor', limit: '50' })
const path = '/api/deals?' + query
const page = async (headers) => (await (await fetch(server.base + path, { headers })).json()).items
const mine = await page(seller)
if (mine.length !== 50 || mine.some((d, i) => i && d.value_minor > mine[i - 1].value_minor)) throw new Error('not a sorted page of 50')
if ((await page(admin)).length !== 50) throw new Error('not a page of 50')

const measure = async (headers) => {
  const was = cpuOf(server.pid)
  await load(server, { connections: 2, requests, path, headers: { ...headers, 'accept-encoding': 'identity' } })
  return ((cpuOf(server.pid) - was) / requests) * 1e3
}
const restricted = [], ratios = []
for (let i = 0; i < rounds; i++) {
  const all = await measure(admin)
  const few = await measure(seller)
  restricted.push(few)
  ratios.push(few / all)
  console.error(`  rights: ${few.toFixed(2)} ms CPU a page of one's own, ${all.toFixed(2)} ms without rights`)
}
await server.stop()
figure('own_deals_page_cpu', median(restricted), { atMost: 3, unit: 'ms' })
figure('own_deals_page_vs_no_rights', median(ratios), { atMost: 1.5 })
