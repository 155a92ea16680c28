// Firing 1,000 timers that are due while 1,000,000 others wait, beside the same 1,000 alone: whoever looks what is due
// must not see the rest. Two databases with the same deals; in one of them a million timers of later days wait.
import { figure, median, place, quick, run, startServer } from './lib.mjs'

const waiting = quick ? 100_000 : 1_000_000
const due = 1000
const rounds = quick ? 5 : 15
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))

async function company(name) {
  const data = place(name)
  const server = await startServer(data)
  await server.signIn()
  const funnel = await server.api('POST', '/api/funnels', { name: 'Воронка', task_rule: 'off' })
  const stage = await server.api('POST', '/api/stages', { funnel_id: funnel.id, name: 'Этап' })
  const tag = await server.api('POST', '/api/tags', { name: 'Сработал' })
  const trigger = await server.api('POST', '/api/triggers', {
    name: 'Таймер', stage_id: stage.id, event: { on: 'timer', after: 'stage_entry', hours: 336 }, actions: [{ do: 'tag', tag_id: tag.id }], enabled: true,
  })
  for (let i = 0; i < due; i += 50) await Promise.all([...Array(50)].map((_, k) => server.api('POST', '/api/deals', { title: `Сделка ${i + k}`, stage_id: stage.id })))
  const { headers } = server
  await server.stop()
  return { data, trigger: trigger.id, headers }
}
const sql = (c, text) => run('sqlite3', [c.data + '/voronka.db', text])

// The same deals as if they had entered 15 days ago: their 1,000 timers are due when the server starts.
function makeDue(c) {
  const at = Date.now() - 15 * 86_400_000
  sql(c, `UPDATE deal SET stage_entered_at = ${at}, created_at = ${at}; DELETE FROM deal_tag; DELETE FROM trigger_run; DELETE FROM timer WHERE object_id <= ${due};
    INSERT INTO timer (trigger_id, object_id, due_at, anchor, cause) SELECT ${c.trigger}, id, ${at + 14 * 86_400_000}, ${at}, 0 FROM deal`)
}
function makeWait(c) {
  const from = Date.now() + 86_400_000
  sql(c, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${waiting})
    INSERT INTO timer (trigger_id, object_id, due_at, anchor, cause) SELECT ${c.trigger}, ${due} + i, ${from} + (i * 7919) % 2592000000, 0, 0 FROM n`)
}

// From the first run to the last one, as the log of runs tells.
async function fire(c) {
  makeDue(c)
  const server = await startServer(c.data)
  server.headers = c.headers
  const left = async () => (await server.api('GET', '/api/deals?count=1&limit=1&filter=' + encodeURIComponent('tag_ids is null'))).count
  while ((await left()) > 0) await sleep(50)
  await server.stop()
  const [n, ms] = sql(c, 'SELECT count(*), max(at) - min(at) FROM trigger_run WHERE state = 0').split('|').map(Number)
  if (n !== due) throw new Error(`${n} runs`)
  return ms / 1000
}

const alone = await company('alone')
const among = await company('among')
makeWait(among)
const times = new Map([[alone, []], [among, []]]) // a round is short: a neighbour's burst hits one of them alone
for (let i = 0; i <= rounds; i++) {
  const took = new Map()
  for (const c of i % 2 ? [alone, among] : [among, alone]) took.set(c, await fire(c))
  if (!i) continue
  for (const [c, list] of times) list.push(took.get(c))
  console.error(`  timers: ${due} fired in ${took.get(alone).toFixed(2)} s alone, ${took.get(among).toFixed(2)} s among ${waiting} that wait`)
}
figure('timers_due_among_waiting', median(times.get(among)) / median(times.get(alone)), { atMost: 1.2 })
