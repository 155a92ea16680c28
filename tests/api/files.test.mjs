// Files of deals, contacts and companies: kept by their bytes, told by their bytes, harmless whatever is in them.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { cli, scratchFile, serve, startServer } from './harness.mjs'

const folder = scratchFile('files-place')
const server = await serve({ args: ['--files', folder] })
const admin = await server.admin()
const preset = (await admin.get('/api/presets')).items[0].name
await admin.must(201)('POST', `/api/presets/${preset}`)
const deal = await admin.create('/api/deals', { title: 'Сделка', funnel_id: (await admin.get('/api/funnels')).items[0].id })

const crc = (b) => {
  let c = ~0
  for (const x of b) {
    c ^= x
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0)
  }
  return ~c >>> 0
}
const chunk = (type, data) => {
  const b = Buffer.concat([Buffer.from(type), data]), out = Buffer.alloc(b.length + 8)
  out.writeUInt32BE(data.length, 0)
  b.copy(out, 4)
  out.writeUInt32BE(crc(b), b.length + 4)
  return out
}
// A picture of any size that it claims, with as many rows as it has.
function png(width, height, rows = height) {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  const data = deflateSync(Buffer.alloc((width + 1) * rows))
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}
const send = (api, bytes, name, params = { deal_id: deal.id }) =>
  fetch(`${server.url}/api/files?${new URLSearchParams({ ...params, name })}`, {
    method: 'POST', body: bytes, headers: { cookie: api.session.cookie, 'x-csrf-token': api.session.csrf, 'content-type': 'application/octet-stream' },
  }).then(async (r) => ({ status: r.status, headers: r.headers, body: await r.json() }))
const keep = async (bytes, name, params) => {
  const r = await send(admin, bytes, name, params)
  assert.equal(r.status, 201, JSON.stringify(r.body))
  return r.body
}
const get = async (path) => {
  const r = await fetch(server.url + path, { headers: { cookie: admin.session.cookie } })
  return { status: r.status, headers: r.headers, bytes: Buffer.from(await r.arrayBuffer()) }
}
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex')
const lies = (s) => join(folder, 'files', s.slice(0, 2), s)

describe('a file', () => {
  test('comes back as it was sent, and lies under its checksum once', async () => {
    const bytes = randomBytes(3_000_000)
    const file = await keep(bytes, 'Смета.bin')
    assert.deepEqual([file.name, file.type, file.size, file.sha256, file.deal_id, file.author_id], ['Смета.bin', 'application/octet-stream', bytes.length, sha(bytes), deal.id, 1])
    const back = await get(`/api/files/${file.id}/content`)
    assert.ok(back.bytes.equals(bytes))
    assert.match(back.headers.get('content-disposition'), /^attachment; filename=".*"; filename\*=UTF-8''%D0%A1/)
    const twin = await keep(bytes, 'Ещё раз.bin')
    assert.notEqual(twin.id, file.id)
    assert.equal(readdirSync(join(folder, 'files', file.sha256.slice(0, 2))).length, 1)
    assert.deepEqual(readdirSync(join(folder, 'uploads')), [])
  })
  test('comes as a part of a form, too', async () => {
    const form = new FormData()
    form.append('file', new Blob(['a;b\n1;2\n']), '../../etc/таблица.csv')
    const r = await fetch(`${server.url}/api/files?deal_id=${deal.id}`, { method: 'POST', body: form, headers: { cookie: admin.session.cookie, 'x-csrf-token': admin.session.csrf } })
    const file = await r.json()
    assert.deepEqual([r.status, file.name, file.type], [201, 'таблица.csv', 'text/csv'])
  })
  test('stands in the list and the history of its deal, and is taken back', async () => {
    const file = await keep('договор', 'договор.txt')
    const { items } = await admin.list('/api/files', { filter: `deal_id = ${deal.id}`, sort: '-id' })
    assert.equal(items[0].id, file.id)
    const timeline = (await admin.get(`/api/deals/${deal.id}/timeline`)).items
    assert.deepEqual([timeline[0].kind, timeline[0].object_id], ['file.created', file.id])
    const gone = await admin.del(`/api/files/${file.id}`)
    assert.equal((await get(`/api/files/${file.id}/content`)).status, 404)
    await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
    assert.equal((await get(`/api/files/${file.id}/content`)).bytes.toString(), 'договор')
  })
  test('is chosen in a field of type file', async () => {
    const field = await admin.create('/api/custom-fields', { object: 'deal', type: 'file', label: 'Договор' })
    const file = await keep('подписано', 'подпись.txt')
    assert.equal((await admin.patch(`/api/deals/${deal.id}`, { [`cf_${field.id}`]: file.id }))[`cf_${field.id}`], file.id)
    assert.equal((await admin('PATCH', `/api/deals/${deal.id}`, { [`cf_${field.id}`]: 999_999 })).body.code, 'ref_not_found')
  })
})

describe('what is in a file does no harm', () => {
  test('a page, a drawing and markup are saved, never shown', async () => {
    for (const [name, bytes] of [
      ['page.html', '<!doctype html><script>alert(1)</script>'],
      ['page.txt', '\n <html><body onload=alert(1)>'],
      ['picture.png', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
      ['data.xml', '<?xml version="1.0"?><?xml-stylesheet href="javascript:alert(1)"?><a/>'],
    ]) {
      const file = await keep(bytes, name)
      const r = await get(`/api/files/${file.id}/content`)
      assert.equal(r.headers.get('content-type'), 'application/octet-stream', name)
      assert.match(r.headers.get('content-disposition'), /^attachment/)
      assert.equal(r.headers.get('x-content-type-options'), 'nosniff')
      assert.match(r.headers.get('content-security-policy'), /sandbox/)
      assert.ok(!file.name.endsWith('.png') && !file.name.endsWith('.txt'), file.name)
    }
  })
  test('programs are refused by their bytes and by their names', async () => {
    for (const [name, bytes] of [
      ['photo.jpg', Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff', 'latin1')],
      ['tool', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1')],
      ['счёт.pdf.exe', 'просто текст'],
      ['счёт.pdf.exe . ', 'просто текст'],
      ['ссылка.LNK', 'просто текст'],
      ['gpj.\u202Eexe', 'просто текст'],
    ]) {
      const r = await send(admin, bytes, name)
      assert.deepEqual([r.status, r.body.code], [422, 'file_type_refused'], name)
    }
    const file = await keep('текст', 'заметка.txt')
    assert.equal((await admin('PATCH', `/api/files/${file.id}`, { name: 'заметка.bat' })).body.code, 'file_type_refused')
  })
  test('names lose what is dangerous in them', async () => {
    for (const [name, want] of [
      ['../../../etc/passwd', 'passwd'],
      ['C:\\windows\\system32\\план.txt', 'план.txt'],
      ['cod.\u202Etxt', 'cod.txt'],
      ['a\u200Bb.txt', 'ab.txt'],
      ['CON.txt', '_CON.txt'],
      ['a<b>:"c"?.txt', 'a_b___c__.txt'],
      ['...', 'file'],
      ['договор. . .', 'договор'],
    ]) {
      const got = (await keep('текст', name)).name
      assert.ok(got === want || got === `${want}.txt`, `${name}: ${got}`)
    }
    assert.equal((await send(admin, 'текст', 'a\nb.txt')).body.code, 'bad_text')
    const long = (await keep('текст', `${'щ'.repeat(250)}.txt`)).name
    assert.ok([...long].length <= 201 && long.endsWith('.txt'), long)
  })
  test('an empty one and one that is too large are refused', async () => {
    assert.equal((await send(admin, '', 'пусто.txt')).body.code, 'file_empty')
    assert.equal((await admin.get('/api/settings')).file_most, 104_857_600)
    assert.equal((await admin('PATCH', '/api/settings', { file_most: 5 })).body.code, 'out_of_range')
    await admin.patch('/api/settings', { file_most: 1_048_576 })
    let large
    for (let i = 0; i < 100 && large?.status !== 413; i++) large = await send(admin, Buffer.alloc(1_200_000, 'a'), 'большой.txt')
    assert.deepEqual([large.status, large.body.code], [413, 'body_too_large'])
    await keep(Buffer.alloc(900_000, 'a'), 'поменьше.txt')
    await admin.patch('/api/settings', { file_most: null })
    const r = await fetch(`${server.url}/api/files?name=a`, { method: 'POST', body: 'x'.repeat(10), headers: { cookie: admin.session.cookie, 'x-csrf-token': 'wrong' } })
    assert.equal(r.status, 403)
  })
})

describe('a small picture', () => {
  test('is made of a picture', async () => {
    const file = await keep(png(1000, 500), 'план.png')
    assert.equal(file.type, 'image/png')
    for (let i = 0; i < 2; i++) {
      const r = await get(`/api/files/${file.id}/thumbnail`)
      assert.equal(r.headers.get('content-type'), 'image/jpeg')
      assert.ok(r.bytes.length > 100 && r.bytes.length < 20_000 && r.bytes[0] === 0xff && r.bytes[1] === 0xd8)
    }
    assert.ok(existsSync(lies(file.sha256) + '.jpg'))
  })
  test('is not made of what claims to be huge, is broken, or is none', async () => {
    for (const [name, bytes] of [
      ['bomb.png', png(60_000, 60_000, 10)],
      ['broken.png', png(100, 100).subarray(0, 60)],
      ['zero.png', png(0, 0, 0)],
      ['text.txt', 'текст'],
      ['gif.gif', Buffer.from('GIF89a\xff\xff\xff\xff\x00\x00\x00', 'latin1')],
    ]) {
      const file = await keep(bytes, name)
      const r = await get(`/api/files/${file.id}/thumbnail`)
      assert.equal(r.status, 404, name)
    }
    assert.equal((await admin.get('/api/health')).ok, true)
  })
})

test('what nobody may see is not there', async () => {
  for (const path of ['/api/files/999999/content', '/api/files/999999/thumbnail']) assert.equal((await get(path)).status, 404)
  const file = (await admin.list('/api/files')).items[0]
  assert.equal((await fetch(`${server.url}/api/files/${file.id}/content`)).status, 401)
})

test('bytes that belong to nothing go after a day, those of a row stay', async () => {
  const file = await keep('нужный файл', 'нужный.txt')
  const orphan = sha('сирота')
  mkdirSync(join(folder, 'files', orphan.slice(0, 2)), { recursive: true })
  writeFileSync(lies(orphan), 'сирота')
  const fresh = sha('свежий')
  mkdirSync(join(folder, 'files', fresh.slice(0, 2)), { recursive: true })
  writeFileSync(lies(fresh), 'свежий')
  const old = Date.now() / 1000 - 3 * 86400
  utimesSync(lies(orphan), old, old)
  utimesSync(lies(file.sha256), old, old)
  await server.stop() // it is looked for soon after the start, then every hour
  const again = await startServer({ place: server.place, args: ['--files', folder] })
  for (let i = 0; i < 300 && existsSync(lies(orphan)); i++) await new Promise((done) => setTimeout(done, 100))
  assert.ok(!existsSync(lies(orphan)))
  assert.ok(existsSync(lies(fresh)) && existsSync(lies(file.sha256)))
  assert.equal(readFileSync(lies(file.sha256), 'utf8'), 'нужный файл')
  await again.stop()
})

test('journal and rows agree in the end', async () => {
  const { code, out } = await cli(['check', ...server.place])
  assert.equal(code, 0, out)
})
