// Everything goes into an archive and comes back into an empty place, of either database, without loss; hostile archives
// do no harm. R089.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { cli, emptyPlace, funnelOf, onPostgres, peopleOf, scratchFile, serve, startServer } from './harness.mjs'
import { zip } from './zip.mjs'

const files = scratchFile('files-archive')
const server = await serve({ args: ['--files', files] })
const { admin, head, seller } = await peopleOf(server)
const { funnel, stages, won } = await funnelOf(admin)
const field = await admin.create('/api/custom-fields', { object: 'deal', label: 'Площадь', type: 'number' })
const several = await admin.create('/api/custom-fields', { object: 'contact', label: 'Интересы', type: 'several_of' })
const option = await admin.create('/api/field-options', { custom_field_id: several.id, name: 'Гольф' })
const contact = await admin.create('/api/contacts', { name: 'Анна\\ "Ё" \t№'.replace('\t', ' '), comment: 'строка 1\nстрока 2\t\\N \\. <b>', [`cf_${several.id}`]: [option.id] })
const deal = await admin.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id, stage_id: stages[0].id, contact_id: contact.id, value_minor: 9007199254740991, [`cf_${field.id}`]: 12.5 })
await admin.patch(`/api/deals/${deal.id}`, { stage_id: won.id })
await admin.patch('/api/settings', { company: 'ООО «Архив»' })
const bytes = Buffer.from([0, 1, 2, 255, 10, 13, 80, 75])
const up = await fetch(`${server.url}/api/files?deal_id=${deal.id}&name=${encodeURIComponent('договор.bin')}`, {
  method: 'POST', body: bytes, headers: { cookie: admin.session.cookie, 'x-csrf-token': admin.session.csrf, 'content-type': 'application/octet-stream' },
})
assert.equal(up.status, 201, await up.clone().text())
const file = await up.json()

const made = await admin.create('/api/archives')
const path = join(files, 'archives', made.name)
const parts = (bytes) => {
  const found = {}
  for (let at = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1'), n = bytes.readUInt16LE(at + 10), p = bytes.readUInt32LE(at + 16); n--; ) {
    const [method, size, name] = [bytes.readUInt16LE(p + 10), bytes.readUInt32LE(p + 20), bytes.readUInt16LE(p + 28)]
    const local = bytes.readUInt32LE(p + 42)
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const data = bytes.subarray(from, from + size)
    found[bytes.toString('utf8', p + 46, p + 46 + name)] = method ? inflateRawSync(data) : data
    p += 46 + name + bytes.readUInt16LE(p + 30) + bytes.readUInt16LE(p + 32)
  }
  return found
}
const whole = parts(readFileSync(path))
const remade = (change) => {
  const entries = structuredClone(Object.fromEntries(Object.entries(whole).map(([k, v]) => [k, Buffer.from(v)])))
  const out = Object.fromEntries(Object.entries(entries).map(([k, v]) => [k, Buffer.from(v)]))
  change(out)
  return zip(Object.entries(out))
}

test('the administrator makes, lists and fetches archives; others do not', async () => {
  assert.match(made.name, /^voronka-.*\.archive\.zip$/)
  assert.deepEqual((await admin.get('/api/archives')).items.map((a) => a.name), [made.name])
  const r = await fetch(`${server.url}/api/archives/${made.name}`, { headers: { cookie: admin.session.cookie } })
  assert.equal(r.headers.get('content-type'), 'application/zip')
  assert.ok(Buffer.from(await r.arrayBuffer()).equals(readFileSync(path)))
  for (const api of [head, seller]) {
    assert.equal((await api('POST', '/api/archives')).status, 403)
    assert.equal((await api('GET', `/api/archives/${made.name}`)).status, 403)
  }
})

test('the archive is what its documentation says', () => {
  const manifest = JSON.parse(whole['manifest.json'])
  assert.deepEqual([manifest.format, manifest.version, manifest.files], ['voronka-archive', 1, 1])
  for (const t of manifest.tables) {
    const lines = whole[`tables/${t.name}.jsonl`].toString('utf8').split('\n').slice(0, -1)
    assert.equal(lines.length, t.rows, t.name)
    assert.equal(createHash('sha256').update(whole[`tables/${t.name}.jsonl`]).digest('hex'), t.sha256)
    for (const l of lines) assert.deepEqual(Object.keys(JSON.parse(l)), t.columns.map((c) => c.name))
  }
  const [row] = whole['tables/contact.jsonl'].toString('utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l))
  assert.equal(row.comment, contact.comment)
  assert.ok(whole[`files/${file.sha256.slice(0, 2)}/${file.sha256}`].equals(bytes))
  assert.equal(readdirSync(join(files, 'archives')).length, 1, 'nothing made on the way stays')
})

const restored = async (target, archive, folder) => {
  const r = await cli(['import', ...target, '--archive', archive, '--files', folder, '--json'])
  return { ...r, stats: r.code === 0 ? JSON.parse(r.out) : null }
}
async function same(target, folder) {
  const again = scratchFile(`again-${Math.random()}.zip`)
  const r = await cli(['archive', ...target, '--file', again, '--files', folder])
  assert.equal(r.code, 0, r.err)
  const other = parts(readFileSync(again))
  for (const name of Object.keys(whole)) {
    if (name === 'manifest.json') continue
    assert.ok(other[name]?.equals(whole[name]), name)
  }
  assert.equal(Object.keys(other).length, Object.keys(whole).length)
}

test('it comes back into an empty place and nothing is different', async () => {
  const target = emptyPlace()
  const folder = scratchFile('files-restored')
  const r = await restored(target, path, folder)
  assert.equal(r.code, 0, r.err)
  assert.equal(r.stats.files, 1)
  await same(target, folder)
  const check = await cli(['check', ...target])
  assert.equal(check.code, 0, check.out + check.err)
  const second = await startServer({ place: target, args: ['--files', folder] })
  const api = await second.admin()
  assert.deepEqual(await api.get(`/api/contacts/${contact.id}`), await admin.get(`/api/contacts/${contact.id}`))
  const got = await fetch(`${second.url}/api/files/${file.id}/content?download=1`, { headers: { cookie: api.session.cookie } })
  assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes))
  await second.stop()
})

test('it moves to the embedded database from PostgreSQL, and back', { skip: !onPostgres && 'needs PostgreSQL' }, async () => {
  const lite = ['--data', scratchFile('moved')]
  const folder = scratchFile('files-moved')
  const r = await restored(lite, path, folder)
  assert.equal(r.code, 0, r.err)
  await same(lite, folder)
  const back = scratchFile('back.zip')
  assert.equal((await cli(['archive', ...lite, '--file', back, '--files', folder])).code, 0)
  const target = emptyPlace()
  assert.equal((await restored(target, back, folder)).code, 0)
  await same(target, folder)
})

test('a place that is not empty stays as it is', async () => {
  const r = await restored(server.place, path, scratchFile('files-full'))
  assert.equal(r.code, 1)
  assert.equal((await admin.get(`/api/deals/${deal.id}`)).title, 'Сделка')
})

test('hostile archives do no harm', async () => {
  const manifest = (change) => (out) => {
    const m = JSON.parse(out['manifest.json'])
    change(m, out)
    out['manifest.json'] = Buffer.from(JSON.stringify(m))
  }
  const first = (name) => (m) => m.tables.find((t) => t.name === name)
  const lineOf = (name, change) =>
    manifest((m, out) => {
      const lines = out[`tables/${name}.jsonl`].toString('utf8').split('\n').slice(0, -1)
      const changed = Buffer.from(lines.map(change).join('\n') + '\n')
      out[`tables/${name}.jsonl`] = changed
      first(name)(m).sha256 = createHash('sha256').update(changed).digest('hex')
    })
  const bad = {
    'not an archive': Buffer.from('hello'),
    'cut off': readFileSync(path).subarray(0, readFileSync(path).length - 500),
    'another format': remade(manifest((m) => (m.format = 'x'))),
    'a newer version': remade(manifest((m) => (m.version = 2))),
    'a path that climbs': remade((out) => (out['../../evil'] = Buffer.from('x'))),
    'a file that is not its name': remade((out) => (out[`files/${file.sha256.slice(0, 2)}/${file.sha256}`] = Buffer.from('other'))),
    'a file too many': remade((out) => (out[`files/ab/ab${'0'.repeat(62)}`] = Buffer.from('x'))),
    'a wrong checksum': remade((out) => (out['tables/deal.jsonl'] = Buffer.from(out['tables/deal.jsonl'].toString().replace('Сделка', 'Подделка')))),
    'a wrong number of rows': remade(manifest((m) => (first('deal')(m).rows += 1))),
    'a table that steals': remade(manifest((m) => (first('deal')(m).name = 'deal; DROP TABLE deal'))),
    'a column that steals': remade(manifest((m) => (first('deal')(m).columns[0].name = 'id" , (select 1)'))),
    'a schema that steals': remade(manifest((m) => m.schema.push('table users id'))),
    'a value of another type': remade(lineOf('deal', (l) => l.replace(/"title":"[^"]*"/, '"title":5'))),
    'a line too short': remade(lineOf('deal', () => '{"id":1}')),
    'a line that is no JSON': remade(lineOf('deal', () => '{"id":')),
    'rows that the database refuses': remade(lineOf('deal', (l) => l.replace(/"version":\d+/, '"version":null'))),
    'a missing table': remade((out) => delete out['tables/deal.jsonl']),
    'a bomb': remade(manifest((m, out) => (out['tables/deal.jsonl'] = Buffer.alloc(100 << 20, 32)))),
  }
  for (const [what, body] of Object.entries(bad)) {
    const archive = scratchFile('bad.zip')
    writeFileSync(archive, body)
    const target = emptyPlace()
    const folder = scratchFile(`files-bad-${Math.random()}`)
    const r = await restored(target, archive, folder)
    assert.equal(r.code, 1, `${what}: ${r.out}`)
    assert.ok(!/signal|Assertion|Sanitizer/.test(r.err), `${what}: ${r.err}`)
    if (!onPostgres) assert.ok(!existsSync(join(target[1], 'voronka.db')), what)
    assert.deepEqual(existsSync(folder) ? readdirSync(folder).flatMap((n) => readdirSync(join(folder, n), { recursive: true })).filter((n) => n.startsWith('voronka-') || n.startsWith('incoming')) : [], [], what)
  }
  assert.ok(!existsSync(join(files, '..', 'evil')))
})
