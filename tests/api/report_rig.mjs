// What the scenarios of reports share: history imported by the CLI, rows as objects, every number led back to its deals.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cli, root, scratchFile } from './harness.mjs'

export const shared = process.env.VORONKA_SHARED ?? resolve(root, '../shared')
export const expected = (name) => join(shared, 'data/expected', name)
export const skip = existsSync(expected('')) ? false : `no ${expected('')} (set VORONKA_SHARED)`
export const near = (got, want, what = '', by = 1e-9) => assert.ok(Math.abs(got - want) <= by, `${what}: got ${got}, want ${want}`)

// Lines "deal,stage,at,user" become a funnel.
export async function history(place, funnel, lines, { won = ['Won'], lost = ['Lost'] } = {}) {
  const file = scratchFile(`history-${funnel}.csv`)
  writeFileSync(file, ['deal,stage,at,user', ...lines].join('\n') + '\n')
  const r = await cli(['import', ...place, '--events', file, '--funnel', funnel, '--case', 'deal', '--stage', 'stage', '--at', 'at',
    '--user', 'user', ...(won.length ? ['--won', ...won] : []), ...(lost.length ? ['--lost', ...lost] : [])])
  assert.equal(r.code, 0, r.err)
}

// The loan applications of 2012; only: which activities are taken (RegExp).
export async function loans(place, only = /./) {
  const { gunzipSync } = await import('node:zlib')
  const { readFileSync } = await import('node:fs')
  const [head, ...rows] = gunzipSync(readFileSync(join(shared, 'data/bpic2012/financial_log.csv.gz'))).toString().trim().split(/\r?\n/)
  const at = head.split(',').indexOf('concept:name')
  const file = scratchFile('loans.csv')
  writeFileSync(file, [head, ...rows.filter((r) => only.test(r.split(',')[at]))].join('\n') + '\n')
  const taken = (flag, ...names) => (names.some((n) => only.test(n)) ? [flag, ...names.filter((n) => only.test(n))] : [])
  const r = await cli(['import', ...place, '--events', file, '--funnel', 'Loans', '--case', 'case:concept:name', '--stage', 'concept:name',
    '--at', 'time:timestamp', '--user', 'org:resource', ...taken('--won', 'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED'), ...taken('--lost', 'A_DECLINED', 'A_CANCELLED')])
  assert.equal(r.code, 0, r.err)
}

export async function fromCli(place, id, ...args) {
  const r = await cli(['report', id, ...place, '--json', ...args])
  assert.equal(r.code, 0, r.err)
  return objects(JSON.parse(r.out))
}

// Rows as objects by column, with their key.
export function objects(r) {
  const columns = r.columns.map((c) => c.id)
  r.items = r.rows.map((row, i) => Object.fromEntries([...row.map((v, k) => [columns[k], v]), ['key', r.keys?.[i]]]))
  return r
}
export const report = async (api, id, params = {}) => objects(await api.get(`/api/reports/${id}?${new URLSearchParams(params)}`))
export const notes = (r) => r.notes.map((n) => n.code)

// The titles of the deals behind a number.
export async function behind(api, id, params, column, row, table = 'rows') {
  const found = await api.get(`/api/reports/${id}/deals?${new URLSearchParams({ ...params, table, row: String(row), column, limit: '500' })}`)
  assert.equal(found.items.length, Math.min(found.total, 500))
  return found.items.map((d) => d.title).sort()
}

// Every count of every table leads to exactly as many deals (what happened several times: to fewer); returns how many numbers were looked at.
export async function allLeadToDeals(api, id, params = {}) {
  const r = await report(api, id, params)
  let looked = 0
  const tables = [{ id: 'rows', columns: r.columns, rows: r.items }, ...r.tables.map((t) => ({ id: t.id, columns: t.columns, rows: r.summary[t.id].map((o, i) => ({ ...o, key: t.keys[i] })) }))]
  for (const t of tables)
    for (const c of t.columns.filter((c) => c.drill))
      for (const row of t.rows) {
        if (row[c.id] === null) continue
        const found = await api.get(`/api/reports/${id}/deals?${new URLSearchParams({ ...params, table: t.id, row: String(row.key), column: c.id, limit: '1' })}`)
        const fits = c.events ? found.total <= row[c.id] && found.total > 0 === row[c.id] > 0 : found.total === row[c.id]
        assert.ok(fits, `${id}: ${t.id}.${c.id} leads to ${found.total} of ${JSON.stringify(row)}`)
        looked++
      }
  return looked
}

export const day = 86400000
export const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10)
// Five deals come each day, decided after ten days: Анна wins one of hers, Борис one of his, 300 days long.
export function steadyYear(today) {
  const lines = []
  const at = (d) => new Date(today + (d - 300) * day + 10 * 3600e3).toISOString()
  for (let d = 0; d < 300; d++)
    for (let k = 0; k < 5; k++) {
      const who = k % 2 ? 'Борис' : 'Анна'
      lines.push(`${d}-${k},Новая,${at(d)},${who}`, `${d}-${k},Переговоры,${at(d + 4)},${who}`)
      if (d + 10 < 300) lines.push(`${d}-${k},${k < 2 ? 'Won' : 'Lost'},${at(d + 10)},${who}`)
    }
  return lines.filter((l) => Date.parse(l.split(',')[2]) < today)
}
