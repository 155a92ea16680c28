// What the benchmarks share: a server of its own, a client, CPU and memory of a process, medians.
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createServer } from 'node:net'

export const root = resolve(import.meta.dirname, '..')
export const quick = process.argv.includes('--quick')
export const bin = process.env.VORONKA_BIN ?? join(root, 'build/voronka')
export const program = (name) => join(process.env.VORONKA_BUILD ?? join(root, 'build'), 'bench/bench_' + name)

const scratch = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'voronka-bench-'))
const children = new Set()
process.on('exit', () => {
  for (const c of children) c.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
})
for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => process.exit(130))
export const place = (name) => join(scratch, name)

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

// One line a figure. `atLeast` or `atMost` says which way is good.
export function figure(name, value, { atLeast, atMost, unit = '' }) {
  const missed = atLeast !== undefined ? !(value >= atLeast) : !(value <= atMost)
  const target = (atLeast !== undefined ? '>=' : '<=') + (atLeast ?? atMost) + unit
  console.log(`${name} ${Number(value.toPrecision(3))}${unit} ${target}${missed ? ' MISS' : ''}`)
}

export const run = (cmd, args, opts = {}) =>
  execFileSync(cmd, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'], ...opts })

export const freePort = () =>
  new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })

// CPU seconds (user + system) and resident megabytes of a process with all its threads.
export function cpuOf(pid) {
  const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(f[11]) + Number(f[12])) / 100
}
const status = (pid, key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
export const memoryOf = (pid) => status(pid, 'VmRSS')
export const peakOf = (pid) => status(pid, 'VmHWM')

const password = 'bench-password-1'
export async function startServer(data, { ready = '/api/health' } = {}) {
  const port = await freePort()
  const started = process.hrtime.bigint()
  const child = spawn(bin, ['serve', '--data', data, '--port', String(port)], {
    env: { ...process.env, VORONKA_ADMIN_PASSWORD: password, VORONKA_ADMIN_EMAIL: 'admin@voronka.local' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.add(child)
  const base = `http://127.0.0.1:${port}`
  for (;;) {
    try {
      if ((await fetch(base + ready)).status < 500) break
    } catch {
      if (child.exitCode !== null) throw new Error('the server ended at start')
    }
    await new Promise((r) => setTimeout(r, 5))
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const server = { child, pid: child.pid, port, base, seconds, headers: {} }
  server.stop = () =>
    new Promise((done) => {
      child.on('exit', () => (children.delete(child), done()))
      child.kill('SIGTERM')
    })
  server.api = async (method, path, body) => {
    const r = await fetch(base + path, {
      method,
      headers: { ...server.headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    })
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`)
    return r.status === 204 ? null : r.json()
  }
  server.signIn = async () => {
    const r = await fetch(base + '/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@voronka.local', password }),
    })
    if (!r.ok) throw new Error('sign-in: ' + (await r.text()))
    const { csrf } = await r.json()
    server.headers = { cookie: r.headers.get('set-cookie').split(';')[0], 'x-csrf-token': csrf }
    const token = await server.api('POST', '/api/tokens', { name: 'bench' })
    server.headers = { authorization: 'Bearer ' + token.token }
  }
  return server
}

// Sends one prepared request again and again; resolves to seconds.
export function load(server, { connections, requests, method = 'GET', path, body = '', headers = server.headers }) {
  const head = Object.entries({ host: `127.0.0.1:${server.port}`, ...headers })
  if (body) head.push(['content-type', 'application/json'], ['content-length', Buffer.byteLength(body)])
  const file = place('request')
  writeFileSync(file, `${method} ${path} HTTP/1.1\r\n${head.map(([k, v]) => `${k}: ${v}`).join('\r\n')}\r\n\r\n${body}`)
  return new Promise((done, fail) => {
    let out = ''
    const child = spawn(program('load'), ['127.0.0.1', server.port, connections, requests, file].map(String), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.on('data', (d) => (out += d))
    child.on('exit', (code) => (code === 0 ? done(Number(out.split(' ')[0])) : fail(new Error('load ended with ' + code))))
  })
}

// A funnel to work in: six open stages before the won and the lost one; returns ids in that order.
export async function makeFunnel(server) {
  const funnel = await server.api('POST', '/api/funnels', { name: 'Bench', kind: 'inbound' })
  const stages = []
  for (let i = 1; i <= 6; i++)
    stages.push(await server.api('POST', '/api/stages', { funnel_id: funnel.id, name: `Stage ${i}`, position: i, outcome: 'open' }))
  return { funnel: funnel.id, stages: stages.map((s) => s.id) }
}
