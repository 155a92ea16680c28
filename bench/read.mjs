// CPU of GET /api/deals/{id} beside nginx returning a static 200 of the same length. A thousand deals are read in turn.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { cpuOf, figure, freePort, load, makeFunnel, median, place, quick, startServer } from './lib.mjs'

const requests = quick ? 20000 : 100000
const rounds = quick ? 3 : 5
const server = await startServer(place('read'))
await server.signIn()
const { funnel, stages } = await makeFunnel(server)
const body = JSON.stringify({ title: 'Supply of equipment @N@', funnel_id: funnel, stage_id: stages[0], value_minor: 40000000 })
await load(server, { connections: 64, requests: 2000, method: 'POST', path: '/api/deals', body })
const path = '/api/deals/1@N@' // 1000 to 1999
const answer = await (await fetch(server.base + '/api/deals/1000', { headers: { ...server.headers, 'accept-encoding': 'identity' } })).text()

const dir = place('nginx')
mkdirSync(dir)
const port = await freePort()
writeFileSync(
  dir + '/nginx.conf',
  `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; worker_processes 1; events { worker_connections 256; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${dir}; proxy_temp_path ${dir}; fastcgi_temp_path ${dir}; uwsgi_temp_path ${dir}; scgi_temp_path ${dir};
server { listen 127.0.0.1:${port}; location / { default_type application/json; return 200 '${answer.replace(/'/g, ' ')}'; } } }`,
)
const nginx = spawn('nginx', ['-p', dir, '-c', dir + '/nginx.conf'], { stdio: 'ignore' })
process.on('exit', () => nginx.kill('SIGKILL'))
await new Promise((r) => setTimeout(r, 500))
const workers = readdirSync('/proc').filter((p) => /^\d+$/.test(p)).filter((p) => {
  try {
    return readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(nginx.pid)
  } catch {
    return false
  }
})
const worker = Number(workers[0])

const ratios = []
const measure = async (pid, target, path, headers) => {
  const was = cpuOf(pid)
  await load(target, { connections: 16, requests, path, headers })
  return ((cpuOf(pid) - was) / requests) * 1e6
}
for (let i = 0; i < rounds; i++) {
  const theirs = await measure(worker, { port }, '/', server.headers)
  const ours = await measure(server.pid, server, path, server.headers)
  ratios.push(ours / theirs)
  console.error(`  read: ${ours.toFixed(1)} us a request, nginx ${theirs.toFixed(1)} us`)
}
nginx.kill('SIGTERM')
await server.stop()
figure('get_deal_cpu_vs_nginx', median(ratios), { atMost: 2 })
