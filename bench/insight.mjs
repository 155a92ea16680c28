// The figures of insight: scans over the projection beside DuckDB on a native table of the same visits, sorted by deal,
// with two threads, equal results; rebuilding from the journal; what a filter costs; how time grows with history; the
// CPU of every report of the catalogue over HTTP.
//   node bench/insight.mjs [--quick] [--draw] [--data DIR] [--smaller DIR,DIR] [--no-growth | --growth-only]
// (--data, --smaller: demo companies that are there already, smaller ones first; --draw: docs/insight-growth.svg)
// DuckDB comes from npm, pinned in bench/insight/package-lock.json, and is installed there when it is missing.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bin, figure, median, place, program, quick, root, run, startServer } from './lib.mjs'

const here = join(root, 'bench/insight')
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined)
const full = quick ? 20_000 : 1_000_000 // deals; eleven events each
const runs = quick ? 5 : 9
const say = (text) => console.error(text)

function company(deals) {
  const data = place('insight-' + deals)
  if (existsSync(data)) return data
  say(`filling a company of ${deals} deals`)
  run(bin, ['demo', '--data', data, '--deals', String(deals), '--as-of', '2026-11-20'], { stdio: 'ignore' })
  return data
}
const scans = (data, csv) => JSON.parse(run(program('insight'), [data, String(runs), ...(csv ? [csv] : [])]))

// ---- beside DuckDB ----

const day90 = 90 * 86400_000
const list = (ids) => ids.join(',')

// The chain of windowFunnel: a step takes over the start of the newest chain that came to the step before it.
function funnelSql(steps) {
  const step = `CASE stage ${steps.map((id, i) => `WHEN ${id} THEN ${i + 1}`).join(' ')} END`
  let from = `(SELECT deal, ord, t, ${step} step FROM visits WHERE stage IN (${list(steps)}))`
  let kept = 'deal, ord, t, step'
  let carried = `(SELECT ${kept}, CASE WHEN step = 1 THEN t END s1 FROM ${from})`
  for (let k = 2; k <= steps.length; k++) {
    kept += `, s${k - 1}`
    carried = `(SELECT ${kept}, CASE WHEN step = ${k} AND t - p <= ${day90} THEN p END s${k} FROM (SELECT ${kept},
      last_value(s${k - 1} IGNORE NULLS) OVER (PARTITION BY deal ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) p
      FROM ${carried}))`
  }
  const level = steps.map((_, i) => `WHEN bool_or(s${steps.length - i} IS NOT NULL) THEN ${steps.length - i}`).join(' ')
  return `SELECT level, count(*) FROM (SELECT deal, CASE ${level} ELSE 0 END AS level FROM ${carried} GROUP BY deal)
    WHERE level > 0 GROUP BY level`
}

const queries = {
  reached: () => 'SELECT stage, count(DISTINCT deal) FROM visits GROUP BY stage',
  funnel: (m) => funnelSql(m.steps),
  managers: () => `SELECT owner, ((year(epoch_ms(created)) - 1970) * 12 + month(epoch_ms(created)) - 1) % 64 AS m, count(*), sum(value)
    FROM visits WHERE ord = 0 GROUP BY owner, m`,
  cycle: (m) => `SELECT count(*), quantile_disc(took, 0.1), quantile_disc(took, 0.5), quantile_disc(took, 0.9) FROM
    (SELECT min(t) FILTER (stage IN (${list(m.won)})) - min(t) took FROM visits GROUP BY deal) WHERE took IS NOT NULL`,
  dwell: () => `SELECT stage, count(*), quantile_disc(took, 0.5), quantile_disc(took, 0.9) FROM
    (SELECT stage, lead(t) OVER (PARTITION BY deal ORDER BY ord) - t took FROM visits) WHERE took IS NOT NULL GROUP BY stage`,
  moves: () => `SELECT stage, after, count(*) FROM
    (SELECT stage, lead(stage) OVER (PARTITION BY deal ORDER BY ord) AS after FROM visits) WHERE after IS NOT NULL GROUP BY stage, after`,
  board: () => `SELECT stage, count(*), sum(value) FROM
    (SELECT arg_max(stage, ord) stage, any_value(value) AS value FROM visits GROUP BY deal) GROUP BY stage`,
}
const titles = {
  reached: 'reached by stage',
  funnel: 'ordered funnel, 90 days',
  managers: 'manager by month',
  cycle: 'cycle percentiles',
  dwell: 'dwell percentiles',
  moves: 'transition counts',
  board: 'board as of now',
}

async function openDuck() {
  if (!existsSync(join(here, 'node_modules'))) execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'ignore' })
  const { DuckDBInstance } = createRequire(join(here, 'package.json'))('@duckdb/node-api')
  const duck = await DuckDBInstance.create(place('duck.db'), { threads: '2' })
  return duck.connect()
}

const sorted = (rows) => rows.map((r) => r.join(' ')).sort().join('\n')

async function besideDuck(data) {
  const csv = place('visits.csv')
  const mine = scans(data, csv)
  const duck = await openDuck()
  say(`${mine.deals} deals, ${mine.events} events`)
  await duck.run(`CREATE TABLE visits AS SELECT deal::INTEGER AS deal, ord::SMALLINT AS ord, t::BIGINT AS t, stage::INTEGER AS stage,
    owner::INTEGER AS owner, value::BIGINT AS value, created::BIGINT AS created FROM read_csv('${csv}') ORDER BY deal, ord`)
  for (const [name, sql] of Object.entries(queries)) {
    const ms = []
    let rows
    for (let i = 0; i < runs; i++) {
      const start = process.hrtime.bigint()
      const result = await duck.runAndReadAll(sql(mine))
      ms.push(Number(process.hrtime.bigint() - start) / 1e6)
      rows = result.getRows()
    }
    if (sorted(rows) !== sorted(mine[name].rows)) throw new Error(`${name}: DuckDB gives other rows`)
    say(`${titles[name]}: ${median(mine[name].ms).toFixed(2)} ms beside ${median(ms).toFixed(1)} ms`)
    figure(`insight_${name}_times_faster`, median(ms) / median(mine[name].ms), { atLeast: 10, unit: 'x' })
  }
  duck.closeSync()
  return mine
}

// ---- growth: time on the processor, which does not mind what else goes on ----

function growth(biggest) {
  const given = argument('--smaller')?.split(',')
  const smaller = given ?? (quick ? [2_000, 5_000, 10_000] : [90_000, 225_000, 450_000]).map(company)
  return [...smaller.map((data) => scans(data)), biggest].map((m) => ({
    events: m.events,
    scan: Object.keys(queries).reduce((sum, name) => sum + median(m[name].cpu_ms), 0),
    rebuild: m.rebuild_cpu_s * 1000,
  }))
}

function draw(points) {
  const width = 640, height = 360, left = 70, bottom = 50
  const most = Math.max(...points.map((p) => p.events))
  const line = (key, colour, label, y0) => {
    const top = Math.max(...points.map((p) => p[key]))
    const at = (p) => [left + ((width - left - 20) * p.events) / most, height - bottom - ((height - bottom - 30) * p[key]) / top]
    const dots = points.map((p) => `<circle cx="${at(p)[0].toFixed(1)}" cy="${at(p)[1].toFixed(1)}" r="3" fill="${colour}"/>`)
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map((p) => at(p).map((x) => x.toFixed(1)).join(',')).join(' ')}"/>
${dots.join('')}<text x="${left + 10}" y="${y0}" fill="${colour}">${label}: ${top < 1000 ? `${top.toFixed(0)} ms` : `${(top / 1000).toFixed(1)} s`}</text>`
  }
  const ticks = points.map((p) => {
    const x = left + ((width - left - 20) * p.events) / most
    return `<text x="${x.toFixed(1)}" y="${height - bottom + 20}" text-anchor="middle">${(p.events / 1e6).toFixed(p.events < 1e6 ? 2 : 1)}</text>`
  })
  writeFileSync(
    join(root, 'docs/insight-growth.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<title>Processor time by the number of events, in millions</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<path d="M${left} 20V${height - bottom}H${width - 10}" fill="none" stroke="#555"/>
${ticks.join('')}<text x="${(width + left) / 2}" y="${height - 8}" text-anchor="middle">events, millions; time on the processor</text>
${line('scan', '#1f77b4', 'all seven scans', 30)}
${line('rebuild', '#d62728', 'rebuilding from the journal', 48)}
</svg>
`,
  )
}

// ---- the catalogue over HTTP ----

// Nanoseconds on the processor, by thread.
const byThread = (pid) =>
  new Map(
    readdirSync(`/proc/${pid}/task`).map((t) => {
      try {
        return [t, Number(readFileSync(`/proc/${pid}/task/${t}/schedstat`, 'utf8').split(' ')[0])]
      } catch {
        return [t, 0]
      }
    }),
  )

// Threads that work though nobody asks for anything: after a start they catch up with what is due in a demo company.
async function busyWithOthers(pid) {
  const before = byThread(pid)
  await new Promise((done) => setTimeout(done, 2000))
  return new Set([...byThread(pid)].filter(([t, ns]) => ns - (before.get(t) ?? 0) > 1e7).map(([t]) => t))
}
const burnt = (pid, but) => [...byThread(pid)].reduce((sum, [t, ns]) => (but.has(t) ? sum : sum + ns), 0)

// Somebody who may see everything signs in: people of the demo company have no passwords.
function letIn(data) {
  const env = { ...process.env, VORONKA_PASSWORD: 'bench-password-1' }
  const who = ['--data', data, '--email', 'admin@voronka.local']
  try {
    run(bin, ['user', 'add', ...who, '--name', 'Bench', '--role', 'admin'], { env, stdio: 'ignore' })
  } catch {
    run(bin, ['user', 'password', ...who], { env, stdio: 'ignore' }) // there already
  }
}

async function catalogue(data, atMost, label) {
  letIn(data)
  const server = await startServer(data)
  await server.signIn()
  for (let i = 0; i < 600; i++) { // a long history is read first
    const known = await fetch(`${server.base}/api/reports/conversion?funnel_id=1`, { headers: server.headers })
    if (known.status !== 503) break
    await new Promise((done) => setTimeout(done, 1000))
  }
  const { items = [], ...rest } = await server.api('GET', '/api/reports').then((r) => (Array.isArray(r) ? { items: r } : r))
  const reports = items.length ? items : Object.values(rest).find(Array.isArray) ?? []
  const funnel = (await server.api('GET', '/api/funnels?limit=1')).items[0].id
  const others = await busyWithOthers(server.pid)
  let worst = { ms: 0, id: '' }, failed = 0
  for (const { id } of reports) {
    const spent = []
    let path = `/api/reports/${id}`
    try {
      await server.api('GET', path).catch(() => server.api('GET', (path += `?funnel_id=${funnel}`)))
      for (let i = 0; i < 5; i++) {
        const before = burnt(server.pid, others)
        await server.api('GET', path)
        spent.push((burnt(server.pid, others) - before) / 1e6)
      }
    } catch (e) {
      failed++
      say(`${id}: ${String(e.message).slice(0, 200)}`)
      continue
    }
    const ms = median(spent)
    say(`${label} ${id}: ${ms.toFixed(1)} ms of CPU`)
    if (ms > worst.ms) worst = { ms, id }
  }
  say(`${label}: ${reports.length} reports, the slowest is ${worst.id}, ${failed} failed`)
  figure(`insight_report_cpu_${label}`, failed ? NaN : worst.ms, { atMost, unit: 'ms' })
  await nextRequest(server)
  await server.stop()
}

// What is written is in the next report.
async function nextRequest(server) {
  const funnels = await server.api('GET', '/api/funnels?limit=1')
  const funnel = funnels.items[0].id
  const deals = async () => (await server.api('GET', `/api/reports/conversion?funnel_id=${funnel}&as_of=2100-01-01`)).summary.deals
  const before = await deals()
  const stages = await server.api('GET', `/api/stages?limit=1&filter=${encodeURIComponent(`funnel_id = ${funnel}`)}`)
  let late = 0
  for (let i = 1; i <= 20; i++) {
    await server.api('POST', '/api/deals', { title: 'Bench', funnel_id: funnel, stage_id: stages.items[0].id })
    if ((await deals()) !== before + i) late++
  }
  figure('insight_writes_missing_in_next_report', late, { atMost: 0 })
}

function linear(biggest) {
  const points = growth(biggest)
  const [first, last] = [points[0], points.at(-1)]
  for (const p of points) say(`${p.events} events: scans ${p.scan.toFixed(1)} ms, rebuild ${p.rebuild.toFixed(0)} ms of CPU`)
  figure('insight_growth_over_linear', last.scan / first.scan / (last.events / first.events), { atMost: 1.1, unit: 'x' })
  if (process.argv.includes('--draw')) draw(points)
}

const data = argument('--data') ?? company(full)
if (process.argv.includes('--growth-only')) {
  linear(scans(data))
  process.exit()
}
const mine = await besideDuck(data)
figure('insight_rebuild_seconds_for_10M_events', (mine.rebuild_s * 1e7) / mine.events, { atMost: 5, unit: 's' })
say(`rebuilding took ${mine.rebuild_cpu_s.toFixed(2)} s of CPU`)
figure('insight_bytes_an_event', mine.bytes_an_event, { atMost: 100 })
figure('insight_filter_of_three_times_none', median(mine.filtered.ms) / median(mine.plain.ms), { atMost: 1.5, unit: 'x' })
if (!process.argv.includes('--no-growth')) linear(mine)
await catalogue(company(quick ? 2_000 : 9_000), 10, '100k')
await catalogue(data, 100, quick ? 'quick' : '10M')
