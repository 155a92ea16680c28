// What the scenario tests share: a server of their own on a free port and a fresh database (SQLite, or PostgreSQL when
// VORONKA_TEST_PG names a maintenance database), people who sign in, a reader of server-sent events.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before } from 'node:test'
import { pathToFileURL } from 'node:url'

export const root = resolve(import.meta.dirname, '../..')
export const bin = process.env.VORONKA_BIN ?? join(root, 'build/voronka')
export const onPostgres = Boolean(process.env.VORONKA_TEST_PG)
export const adminPassword = 'верный пароль администратора'

const scratch = mkdtempSync(join(tmpdir(), 'voronka-test-'))
const children = new Set()
const databases = []
const psql = (sql) => execFileSync('psql', ['-qX', '-d', process.env.VORONKA_TEST_PG, '-c', sql], { stdio: 'pipe' })

function cleanUp() {
  for (const c of children) c.kill('SIGKILL')
  for (const name of databases.splice(0))
    try {
      psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    } catch {}
  rmSync(scratch, { recursive: true, force: true })
}
process.on('exit', cleanUp)
// No test begins before its file is read to the end: the runner takes the tests that it knows for all, and would end the
// servers while a file that waits between two tests has not named the second.
before(() => import(pathToFileURL(process.argv[1])))
after(cleanUp) // a server left running by a test that failed would keep the runner waiting

let places = 0
// Where a server keeps its data: the command-line words that say so.
export const freshPlace = () => newPlace(process.env.VORONKA_TEST_TEMPLATE ?? 'template0')
// One without tables, too: what is restored or brought back wants nothing there.
export const emptyPlace = () => newPlace('template0')
function newPlace(template) {
  if (!onPostgres) return ['--data', join(scratch, `data-${++places}`)]
  const name = `voronka_${process.pid}_${randomBytes(4).toString('hex')}`
  psql(`CREATE DATABASE ${name} TEMPLATE ${template} ENCODING 'UTF8'`)
  databases.push(name)
  return ['--postgres', process.env.VORONKA_TEST_PG.replace('/postgres?', `/${name}?`)]
}
export const scratchFile = (name) => join(scratch, name)

// Runs a command of the program: { code, out, err }.
export const cli = (args, { env = {} } = {}) =>
  new Promise((done) => {
    execFile(bin, args, { env: { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8', ...env }, maxBuffer: 1 << 26 }, (error, out, err) =>
      done({ code: error ? (error.code ?? 1) : 0, out, err }),
    )
  })

// Starts a server; options: place (of another server), args (more words), env.
// Passwords cost next to nothing: people sign in some thousand times in the tests. `passwords: true` keeps them as always.
export async function startServer({ place = freshPlace(), args = [], env = {}, passwords = false } = {}) {
  const child = spawn(bin, ['serve', ...place, '--port', '0', ...(passwords ? [] : ['--test-passwords']), ...args], {
    env: { ...process.env, VORONKA_ADMIN_PASSWORD: adminPassword, VORONKA_ADMIN_EMAIL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const server = { child, place, stdout: '', stderr: '' }
  child.stderr.on('data', (d) => (server.stderr += d))
  const exited = new Promise((done) => child.on('exit', (code, signal) => (children.delete(child), done({ code, signal }))))
  server.exited = exited
  server.url = await new Promise((found, failed) => {
    child.stdout.on('data', (d) => {
      server.stdout += d
      const url = /http:\/\/[\d.]+:\d+/.exec(server.stdout)
      if (url) found(url[0])
    })
    exited.then((how) => failed(new Error(`the server ended: ${JSON.stringify(how)} ${server.stdout} ${server.stderr}`)))
  })
  server.stop = async (signal = 'SIGTERM') => (child.kill(signal), exited)
  server.as = (session) => client(server.url, session)
  server.anon = client(server.url)
  server.signIn = (email, password, headers) => signIn(server.url, email, password, headers)
  server.admin = () => signIn(server.url, 'admin@voronka.local', adminPassword)
  return server
}

// Registers the end of a server with the running test file.
export async function serve(options) {
  const server = await startServer(options)
  after(async () => {
    await server.stop()
    cleanUp()
  })
  return server
}

// A server whose time the test moves ahead, weeks in a moment. Sessions of browsers end after two weeks: play on with
// the tokens of tokenOf.
export const serveWithClock = (options = {}) => serve({ ...options, args: ['--test-clock', ...(options.args ?? [])] })
// Moves the time of a server to `ms` (since 1970, UTC), never back; everything that waits for a time wakes.
export async function clock(server, ms) {
  return (await server.anon.must(200)('POST', '/api/test-clock', { now: ms })).body.now
}
// The same person, by a token that does not end.
export async function tokenOf(server, api) {
  const { token } = await api.create('/api/tokens', { name: 'test' })
  return server.as({ token, user: api.session.user })
}
// What comes by itself comes soon: the first answer of `look` that is true.
export async function eventually(look, what = 'what was waited for', ms = 15000) {
  for (const until = performance.now() + ms; ; await new Promise((done) => setTimeout(done, 20))) {
    const found = await look()
    if (found) return found
    if (performance.now() > until) throw new Error(`${what} did not come within ${ms} ms`)
  }
}

// api(method, path, body, { headers, raw }) -> { status, headers, body, text }. Bodies are JSON; raw sends text as it is.
export function client(url, session = {}) {
  const api = async (method, path, body, { headers = {}, raw, signal } = {}) => {
    const h = { ...headers }
    if (session.cookie) h.cookie ??= session.cookie
    if (session.csrf && method !== 'GET') h['x-csrf-token'] ??= session.csrf
    if (session.token) h.authorization ??= `Bearer ${session.token}`
    if (body !== undefined || raw !== undefined) h['content-type'] ??= 'application/json'
    const r = await fetch(url + path, { method, headers: h, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)), signal })
    const text = await r.text()
    const type = r.headers.get('content-type') ?? ''
    return { status: r.status, headers: r.headers, text, body: type.includes('json') && text ? JSON.parse(text) : undefined }
  }
  // A machine that is busy with other things reads the journal late; the answer says to ask again in a few seconds.
  const patient = async (method, path, body, options) => {
    for (const until = performance.now() + 20000; ; await new Promise((done) => setTimeout(done, 250))) {
      const r = await api(method, path, body, options)
      if (r.body?.code !== 'reports_loading' || performance.now() > until) return r
    }
  }
  const must = (status) => async (method, path, body, options) => {
    const r = await patient(method, path, body, options)
    if (r.status !== status) throw new Error(`${method} ${path}: ${r.status} instead of ${status}: ${r.text.slice(0, 400)}`)
    return r
  }
  api.session = session
  api.must = must
  api.get = async (path) => (await must(200)('GET', path)).body
  api.create = async (path, body) => (await must(201)('POST', path, body)).body
  api.patch = async (path, body) => (await must(200)('PATCH', path, body)).body
  api.del = async (path) => must(204)('DELETE', path)
  api.list = async (path, params = {}) => api.get(`${path}?${new URLSearchParams(params)}`)
  api.events = (params = {}, headers = {}) => events(url, session, params, headers)
  return api
}

export async function signIn(url, email, password, headers = {}) {
  const r = await fetch(url + '/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email, password }),
  })
  const body = await r.json()
  if (r.status !== 200) throw Object.assign(new Error(`sign-in: ${r.status} ${body.code}`), { status: r.status, body, headers: r.headers })
  return client(url, { cookie: r.headers.get('set-cookie').split(';')[0], csrf: body.csrf, user: body.user })
}

// One person of each role, signed in.
export async function peopleOf(server) {
  const admin = await server.admin()
  const people = { admin }
  for (const role of ['head', 'seller', 'observer']) {
    const email = `${role}@example.ru`
    await admin.create('/api/users', { name: role, email, role, password: 'пароль для тестов' })
    people[role] = await server.signIn(email, 'пароль для тестов')
  }
  return people
}

// A funnel with open stages and one won and one lost.
export async function funnelOf(api, { name = 'Продажи', open = ['Заявка', 'Связались', 'КП'], ...rest } = {}) {
  const funnel = await api.create('/api/funnels', { name, ...rest })
  for (const s of (await api.list('/api/stages', { filter: `funnel_id = ${funnel.id}` })).items) {
    if (s.outcome !== 'open') await api.del(`/api/stages/${s.id}`)
  }
  const stages = []
  for (const [i, s] of open.entries()) stages.push(await api.create('/api/stages', { funnel_id: funnel.id, name: s, position: i + 1, outcome: 'open' }))
  const won = await api.create('/api/stages', { funnel_id: funnel.id, name: 'Выиграна', position: 90, outcome: 'won' })
  const lost = await api.create('/api/stages', { funnel_id: funnel.id, name: 'Проиграна', position: 91, outcome: 'lost' })
  return { funnel, stages, won, lost }
}

// A stream of server-sent events: all collects them; next(test) waits for one.
async function events(url, session, params, headers) {
  const stop = new AbortController()
  const r = await fetch(`${url}/api/events?${new URLSearchParams(params)}`, {
    headers: { ...(session.cookie && { cookie: session.cookie }), ...(session.token && { authorization: `Bearer ${session.token}` }), ...headers },
    signal: stop.signal,
  })
  if (r.status !== 200) throw Object.assign(new Error(`events: ${r.status}`), { status: r.status })
  const stream = { all: [], ended: false }
  const waiting = new Set()
  const wake = () => waiting.forEach((w) => w())
  ;(async () => {
    let text = ''
    try {
      for await (const chunk of r.body.pipeThrough(new TextDecoderStream())) {
        text += chunk
        for (let cut; (cut = text.indexOf('\n\n')) >= 0; text = text.slice(cut + 2)) {
          const e = {}
          for (const line of text.slice(0, cut).split('\n')) {
            const colon = line.indexOf(': ')
            if (colon > 0) e[line.slice(0, colon)] = line.slice(colon + 2)
          }
          if (e.data) stream.all.push({ event: e.event, id: e.id, data: JSON.parse(e.data) })
        }
        wake()
      }
    } catch {}
    stream.ended = true
    wake()
  })()
  let taken = 0
  // The next event that passes the test, those before it are skipped.
  stream.next = async (test = () => true, ms = 15000) => {
    const until = Date.now() + ms
    for (;;) {
      while (taken < stream.all.length) if (test(stream.all[taken++])) return stream.all[taken - 1]
      if (stream.ended) throw new Error('the stream ended')
      const left = until - Date.now()
      if (left <= 0) throw new Error(`no such event within ${ms} ms; had ${JSON.stringify(stream.all).slice(0, 500)}`)
      await new Promise((done) => {
        const timer = setTimeout(finish, left)
        function finish() {
          clearTimeout(timer)
          waiting.delete(finish)
          done()
        }
        waiting.add(finish)
      })
    }
  }
  stream.close = () => stop.abort()
  return stream
}

// The board as a map from deal to its row, for comparing.
export function boardRows(snapshot) {
  const rows = new Map()
  for (let i = 0; i < snapshot.n; i++) {
    const row = {}
    for (const [name, col] of Object.entries(snapshot.cols)) row[name] = col[i]
    for (const name of ['contact', 'company']) row[name] = row[name] < 0 ? null : snapshot.dict[name][row[name]]
    rows.set(row.id, row)
  }
  return rows
}
