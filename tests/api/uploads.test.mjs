// Files on their way in: streamed to the disk, strict multipart, limits, uploads that break off. R077, R090.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, existsSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { onPostgres, peopleOf, scratchFile, serve } from './harness.mjs'

const files = scratchFile('files-uploads')
const server = await serve({ args: ['--files', files] })
const people = await peopleOf(server)
const { seller } = people
const folder = join(files, 'uploads')
const kept = () => readdirSync(folder).filter((n) => n.startsWith('incoming'))
const upload = (api, body, headers = {}, query = '') => api('POST', `/api/uploads${query}`, undefined, { raw: body, headers: { 'content-type': 'application/octet-stream', ...headers } })
const until = async (what) => {
  for (let i = 0; i < 1200; i++) {
    if (await what()) return
    await new Promise((done) => setTimeout(done, 25))
  }
  assert.fail('it did not come to that')
}

test('a file far over the limit of ordinary bodies comes in whole and stays on the disk', async () => {
  const big = Buffer.alloc(40 * 1024 * 1024, 'Клиент;79160000000\n')
  const r = await upload(seller, big, {}, '?name=' + encodeURIComponent('клиенты.csv'))
  assert.equal(r.status, 201, r.text)
  assert.equal(r.body.size, big.length)
  assert.equal(r.body.name, 'клиенты.csv')
  assert.ok(readFileSync(join(folder, r.body.upload_id)).equals(big))
  assert.deepEqual(kept(), [])
})

test('the server answers others while a file comes in', async () => {
  const slow = new ReadableStream({
    async start(to) {
      for (let i = 0; i < 20; i++) {
        to.enqueue(Buffer.alloc(65536, 'x'))
        await new Promise((done) => setTimeout(done, 15))
      }
      to.close()
    },
  })
  const headers = { cookie: seller.session.cookie, 'x-csrf-token': seller.session.csrf }
  const coming = fetch(server.url + '/api/uploads', { method: 'POST', headers, body: slow, duplex: 'half' })
  for (let i = 0; i < 10; i++) assert.equal((await seller('GET', '/api/session')).status, 200)
  const r = await coming
  assert.equal(r.status, 201)
  assert.equal((await r.json()).size, 20 * 65536)
})

const part = (name, filename, text, more = '') =>
  `--xBx\r\nContent-Disposition: form-data; name="${name}"${filename === null ? '' : `; filename="${filename}"`}\r\n${more}\r\n${text}\r\n`
const form = (api, text, type = 'multipart/form-data; boundary=xBx') => upload(api, text, { 'content-type': type })

test('a form of the browser: the file is taken, its folder is not', async () => {
  const data = new FormData()
  data.append('note', 'не файл')
  data.append('file', new Blob(['a;b\n1;2\n'], { type: 'text/csv' }), 'сделки "2026".csv')
  const r = await fetch(server.url + '/api/uploads', { method: 'POST', headers: { cookie: seller.session.cookie, 'x-csrf-token': seller.session.csrf }, body: data })
  const body = await r.json()
  assert.equal(r.status, 201)
  assert.equal(body.name, 'сделки "2026".csv')
  assert.equal(body.size, 8)
  const climbed = await form(seller, part('f', '../../etc/passwd', 'root') + '--xBx--\r\n')
  assert.equal(climbed.status, 201)
  assert.equal(climbed.body.name, 'passwd')
  const windows = await form(seller, part('f', 'C:\\\\Users\\\\a\\\\b.csv', 'x') + '--xBx--')
  assert.equal(windows.body.name, 'b.csv')
})

test('text that looks like the boundary but is not one stays in the file', async () => {
  const text = 'one\r\n--xB\r\n--xBy\r\n\r\n-\r\n--'
  const r = await form(seller, part('f', 'a.txt', text) + '--xBx--\r\n')
  assert.equal(r.status, 201, r.text)
  assert.equal(readFileSync(join(folder, r.body.upload_id), 'utf8'), text)
})

test('malformed forms are refused and leave nothing', async () => {
  const before = readdirSync(folder).length
  const bad = {
    'cut off': part('f', 'a', 'text'),
    'no file': part('f', null, 'text') + '--xBx--',
    'two files': part('f', 'a', '1') + part('g', 'b', '2') + '--xBx--',
    'a preamble': 'hello\r\n' + part('f', 'a', '1') + '--xBx--',
    'an epilogue': part('f', 'a', '1') + '--xBx--\r\nmore',
    'no name': '--xBx\r\nContent-Type: text/csv\r\n\r\nx\r\n--xBx--',
    'encoded': part('f', 'a', 'eA==', 'Content-Transfer-Encoding: base64\r\n') + '--xBx--',
    'endless headers': `--xBx\r\nX-A: ${'a'.repeat(20000)}`,
    'many parts': part('f', null, 'x').repeat(150) + '--xBx--',
    'another boundary': part('f', 'a', '1').replace('--xBx', '--yBy') + '--yBy--',
  }
  for (const [what, text] of Object.entries(bad)) {
    const r = await form(seller, text)
    assert.equal(r.status, 400, what)
    assert.equal(r.body.code, 'bad_multipart', what)
  }
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'a'.repeat(99)}`, 'multipart/form-data; boundary="a b"'])
    assert.equal((await form(seller, part('f', 'a', '1') + '--xBx--', type)).body.code, 'bad_multipart', type)
  assert.equal((await form(seller, 'x', 'multipart/mixed; boundary=x')).body.code, 'not_multipart')
  assert.equal((await upload(seller, 'x', {}, '?name=%00')).status, 400)
  assert.equal(readdirSync(folder).length, before)
})

const raw = (text) =>
  new Promise((done) => {
    const { port } = new URL(server.url)
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
    socket.answer = ''
    socket.on('data', (d) => (socket.answer += d)).on('error', () => {})
    done(socket)
  })
const head = (rest) => `POST /api/uploads HTTP/1.1\r\nHost: x\r\nCookie: ${seller.session.cookie}\r\nX-CSRF-Token: ${seller.session.csrf}\r\n${rest}\r\n\r\n`

test('an upload that breaks off leaves nothing on the disk', async () => {
  const socket = await raw(head('Content-Length: 1000000') + 'x'.repeat(300000))
  await until(() => kept().length === 1)
  socket.destroy()
  await until(() => kept().length === 0)
  const chunked = await raw(head('Transfer-Encoding: chunked') + '5\r\nabcde\r\nnonsense\r\n')
  await until(() => chunked.answer.includes('body_broken'))
  assert.match(chunked.answer, /^HTTP\/1.1 400 /)
  await until(() => kept().length === 0)
})

test('who may not upload is told before the body is read', async () => {
  const socket = await raw('POST /api/uploads HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000000\r\n\r\n')
  await until(() => socket.answer.includes('\r\n\r\n'))
  assert.match(socket.answer, /^HTTP\/1.1 401 /)
  assert.match(socket.answer, /Connection: close/)
  socket.destroy()
  const waiting = await raw(head('Expect: 100-continue\r\nContent-Length: 3'))
  await until(() => waiting.answer.startsWith('HTTP/1.1 100 Continue'))
  waiting.write('abc')
  await until(() => waiting.answer.includes('201 Created'))
  waiting.destroy()
  const huge = await raw(head(`Content-Length: ${3 * 1024 ** 3}`))
  await until(() => huge.answer.includes('body_too_large'))
  huge.destroy()
  assert.equal((await upload(people.observer, 'x')).status, 403)
  assert.equal((await upload(seller, 'x', { 'x-csrf-token': 'no' })).body.code, 'bad_csrf')
})

test('the connection goes on after an upload', async () => {
  const socket = await raw(head('Content-Length: 5') + 'hello' + head('Content-Length: 0') + head('Transfer-Encoding: chunked') + '3\r\nabc\r\n0\r\n\r\n')
  await until(() => socket.answer.split('201 Created').length === 4)
  socket.destroy()
})

test('files lie beside the database, or where --files says', { skip: onPostgres }, () => {
  assert.ok(existsSync(folder))
  assert.ok(!existsSync(join(server.place[1], 'uploads')))
})
