// CPU of the HTTP layer alone (bench_hello: keep-alive GET, small JSON out of memory) beside nginx returning a static 200.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpuOf, figure, freePort, load, median, place, program, quick } from './lib.mjs'

const requests = quick ? 50000 : 200000
const rounds = quick ? 3 : 5
const hello = spawn(program('hello'), [], { stdio: ['ignore', 'pipe', 'inherit'] })
process.on('exit', () => hello.kill('SIGKILL'))
const ourPort = await new Promise((done) => hello.stdout.once('data', (d) => done(Number(d))))
const text = await (await fetch(`http://127.0.0.1:${ourPort}/`)).text()

const dir = place('nginx-http')
const port = await freePort()
mkdirSync(dir)
writeFileSync(
  dir + '/nginx.conf',
  `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log; events { worker_connections 256; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${dir}; proxy_temp_path ${dir}; fastcgi_temp_path ${dir}; uwsgi_temp_path ${dir}; scgi_temp_path ${dir};
server { listen 127.0.0.1:${port}; location / { default_type application/json; return 200 '${text}'; } } }`,
)
const nginx = spawn('nginx', ['-p', dir, '-c', dir + '/nginx.conf'], { stdio: 'ignore' })
process.on('exit', () => nginx.kill('SIGKILL'))
await new Promise((r) => setTimeout(r, 500))
if (nginx.exitCode !== null) throw new Error('nginx: ' + readFileSync(dir + '/error.log', 'utf8'))

const cost = async (pid, at) => {
  const was = cpuOf(pid)
  await load({ port: at }, { connections: 16, requests, path: '/', headers: {} })
  return ((cpuOf(pid) - was) / requests) * 1e6
}
const ratios = []
for (let i = 0; i < rounds; i++) {
  const theirs = await cost(nginx.pid, port)
  const ours = await cost(hello.pid, ourPort)
  ratios.push(ours / theirs)
  console.error(`  http: ${ours.toFixed(2)} us a request, nginx ${theirs.toFixed(2)} us`)
}
hello.kill('SIGTERM')
nginx.kill('SIGTERM')
figure('http_cpu_vs_nginx', median(ratios), { atMost: 1.3 })
process.exit(0)
