// The linter over the training centre's nine funnels with 56 triggers: CPU of the server for the health page, which
// reads all of them from the database and looks them through.
import { cpuOf, figure, median, place, quick, startServer } from './lib.mjs'

const rounds = quick ? 3 : 7
const requests = quick ? 10 : 40
const server = await startServer(place('lint'))
await server.signIn()
await server.api('POST', '/api/presets/training')
const funnels = (await server.api('GET', '/api/funnels?limit=500')).items.filter((f) => !f.archived)
const stages = (await server.api('GET', '/api/stages?limit=500')).items
const count = async () => (await server.api('GET', '/api/triggers?count=1&limit=1')).count
for (let i = 0, n = await count(); n + i < 56; i++)
  await server.api('POST', '/api/triggers', {
    name: `Напоминание ${i}`, stage_id: stages[i % stages.length].id, enabled: true,
    event: { on: 'timer', after: 'stage_entry', hours: 24 + i }, condition: 'value_minor > 1000',
    actions: [{ do: 'task', title: 'Позвонить', kind: 'call', to: 'owner' }],
  })
const triggers = await count()
if (funnels.length < 9 || triggers < 56) throw new Error(`${funnels.length} funnels, ${triggers} triggers`)

// One stage without a norm shows that all of it is looked at: the preset itself is without fault.
await server.api('PATCH', `/api/stages/${stages.find((s) => s.outcome === 'open').id}`, { norm_days: null, name: 'Отправка реквизитов' })
const look = () => server.api('GET', '/api/lint')
const found = await look()
if (!found.findings.length) throw new Error('nothing was looked at')
const cpu = []
for (let i = 0; i < rounds; i++) {
  const was = cpuOf(server.pid)
  for (let k = 0; k < requests; k++) await look()
  cpu.push(((cpuOf(server.pid) - was) / requests) * 1e3)
}
console.error(`  lint: ${funnels.length} funnels, ${stages.length} stages, ${triggers} triggers, ${found.findings.length} findings`)
await server.stop()
figure('lint_9_funnels_cpu', median(cpu), { atMost: 50, unit: 'ms' })
