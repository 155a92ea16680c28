// Server CPU of a board of 5,000 deals beside memcpy and gzip level 1 of the same bytes.
import { writeFileSync } from 'node:fs'
import { cpuOf, figure, load, median, place, program, quick, run, startServer, bin } from './lib.mjs'

const rounds = quick ? 3 : 5
const requests = quick ? 200 : 1000
const data = place('board')
const csv = place('board.csv')
const rows = ['case,stage,at,user']
for (let i = 0; i < 5000; i++)
  rows.push(`Supply of equipment No ${i},Stage ${1 + (i % 8)},2026-0${1 + (i % 9)}-1${i % 10}T10:00:00Z,User ${i % 20}`)
writeFileSync(csv, rows.join('\n') + '\n')
run(bin, ['import', '--data', data, '--events', csv, '--funnel', 'Board', '--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user'])
const server = await startServer(data)
await server.signIn()
const funnel = (await server.api('GET', '/api/funnels')).items[0].id
const path = `/api/board/${funnel}`
const plain = await (await fetch(server.base + path, { headers: { ...server.headers, 'accept-encoding': 'identity' } })).text()
if (JSON.parse(plain).n !== 5000) throw new Error('the board does not show 5,000 deals')
writeFileSync(place('board.json'), plain)

const ratios = []
for (let i = 0; i < rounds; i++) {
  const floor = Number(run(program('squeeze'), [place('board.json'), String(requests)]).split(' ')[0])
  const was = cpuOf(server.pid)
  await load(server, { connections: 2, requests, path, headers: { ...server.headers, 'accept-encoding': 'gzip' } })
  const ours = (cpuOf(server.pid) - was) / requests
  ratios.push(ours / floor)
  console.error(`  board: ${(ours * 1e3).toFixed(2)} ms CPU for ${plain.length} bytes; memcpy + gzip -1 ${(floor * 1e3).toFixed(2)} ms`)
}
await server.stop()
figure('board_5000_cpu_vs_gzip', median(ratios), { atMost: 1.5 })
