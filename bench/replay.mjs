// Trying a trigger on history: CPU of POST /api/triggers/try over every deal beside two full scans of the projection
// (the conversion report of the same funnel), medians of one run.
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { bin, cpuOf, figure, median, place, program, quick, run, startServer } from './lib.mjs'

const cases = quick ? 50000 : 1000000
const rounds = 5
spawnSync(program('events'), [String(cases), '10'], { stdio: ['ignore', openSync(place('log.csv'), 'w'), 'inherit'] })
run(bin, ['import', '--data', place('db'), '--events', place('log.csv'), '--case', 'case', '--stage', 'stage', '--at', 'at', '--user', 'user', '--funnel', 'Log', '--won', 'Won', '--lost', 'Lost'], { stdio: ['ignore', 'ignore', 'inherit'] })
const server = await startServer(place('db'))
await server.signIn()
const [funnel] = (await server.api('GET', '/api/funnels')).items.filter((f) => f.name === 'Log')
const stages = (await server.api('GET', `/api/stages?limit=500&filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)).items
const lost = stages.find((s) => s.outcome === 'lost')
const reason = await server.api('POST', '/api/loss-reasons', { name: 'By time', timeout: true })
const trigger = { name: 'Close', funnel_id: funnel.id, event: { on: 'timer', after: 'stage_entry', hours: 48 }, actions: [{ do: 'move', stage_id: lost.id, loss_reason_id: reason.id }] }
const costs = async (ask) => {
  const was = cpuOf(server.pid)
  const answer = await ask()
  return { answer, ms: (cpuOf(server.pid) - was) * 1000 }
}
const tryIt = () => costs(() => server.api('POST', '/api/triggers/try', { trigger, from: 0 }))
const scan = () => costs(() => server.api('GET', `/api/reports/conversion?funnel_id=${funnel.id}`))
// Until the projection is there, reports answer 503.
for (;;) {
  try {
    await scan()
    break
  } catch {
    await new Promise((r) => setTimeout(r, 500))
  }
}
const ratios = []
for (let i = 0; i < rounds; i++) {
  const two = (await scan()).ms + (await scan()).ms
  const ours = await tryIt()
  ratios.push(ours.ms / two)
  console.error(`  replay: ${ours.ms.toFixed(0)} ms for ${ours.answer.fires} firings on ${ours.answer.cards} of ${cases} deals, two scans ${two.toFixed(0)} ms`)
}
await server.stop()
figure('replay_vs_two_scans', median(ratios), { atMost: 1 })
