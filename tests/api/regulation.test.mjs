// The manual of a funnel: five fields a stage, the fifth written by the system; as a page and as PDF; who has read it.
// R017, R018, R066-R071, R289-R292, R301, R383.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { funnelOf, peopleOf, scratchFile, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller, observer } = await peopleOf(server)
const { funnel, stages, lost } = await funnelOf(admin, { name: 'Входящие <заявки>', open: ['Заявка получена', 'Связались', 'КП отправлено'] })
const reason = await admin.create('/api/loss-reasons', { name: 'Молчит', funnel_id: funnel.id, timeout: true })
const [first, second, third] = stages
await admin.patch(`/api/funnels/${funnel.id}`, { entry_rule: 'Клиент сам оставил заявку' })
await admin.patch(`/api/stages/${first.id}`, {
  entry_result: 'Заявка записана: имя и телефон',
  aim: 'Дозвониться за четыре часа',
  norm_days: 3,
  phase: 'Знакомство',
  steps: '1. Позвонить\n2. Представиться\n' + 'Слушать внимательно и записывать то, что важно клиенту. '.repeat(120),
  scripts: [{ title: 'Дорого', text: 'А с чем вы сравниваете?' }],
  links: [{ title: 'Запись разговора', url: 'https://example.ru/call' }],
})
await admin.create('/api/gates', { stage_id: second.id, kind: 'field', field: 'value_minor' })
await admin.create('/api/gates', { stage_id: second.id, kind: 'check', name: 'Бюджет назван' })
await admin.create('/api/goals', { stage_id: first.id, name: 'Согласие получено', actions: [{ do: 'move', stage_id: third.id }] })
await admin.create('/api/triggers', {
  name: 'Молчит две недели',
  stage_id: first.id,
  enabled: true,
  event: { on: 'timer', after: 'stage_entry', hours: 336 },
  actions: [{ do: 'move', stage_id: lost.id, loss_reason_id: reason.id }],
})

test('the fifth field is written by the system from the real triggers and goals', async () => {
  const manual = await seller.get(`/api/funnels/${funnel.id}/regulation`)
  assert.equal(manual.entry_rule, 'Клиент сам оставил заявку')
  const [one, two] = manual.stages
  assert.equal(one.aim, 'Дозвониться за четыре часа')
  assert.equal(one.automation.length, 2)
  assert.ok(one.automation.some((t) => t.includes('Согласие получено') && t.includes('КП отправлено')), one.automation.join('\n'))
  assert.ok(one.automation.some((t) => t.includes(lost.name)), one.automation.join('\n'))
  assert.equal(two.gates.length, 2)
  assert.ok(two.gates[1].includes('Бюджет назван'))
  assert.match(manual.history[0].version, /Версия \d+/)
  const en = await seller.get(`/api/funnels/${funnel.id}/regulation?lang=en`)
  assert.match(en.stages[1].gates[1], /^Done: /)
})

test('the manual is one page that needs no script, in Russian and English, and shows nothing as markup', async () => {
  for (const lang of ['ru', 'en']) {
    const r = await observer('GET', `/api/funnels/${funnel.id}/regulation?format=html&lang=${lang}`)
    assert.equal(r.status, 200)
    assert.match(r.headers.get('content-type'), /^text\/html/)
    for (const said of ['Входящие &lt;заявки&gt;', 'Заявка записана', 'А с чем вы сравниваете?', 'https://example.ru/call', 'Бюджет назван', `id="stage-${third.id}"`, `href="#stage-${third.id}"`])
      assert.ok(r.text.includes(said), said)
    assert.ok(!/<script|href="javascript:/.test(r.text))
    assert.ok(!/\{\w*\}|regulation\./.test(r.text.replace(/<style>.*<\/style>/s, '')), 'no text is missing')
  }
})

test('the manual is a PDF with Russian letters and numbered pages', async () => {
  const r = await fetch(`${server.url}/api/funnels/${funnel.id}/regulation?format=pdf&lang=ru`, { headers: { cookie: seller.session.cookie } })
  assert.equal(r.status, 200)
  assert.equal(r.headers.get('content-type'), 'application/pdf')
  const bytes = Buffer.from(await r.arrayBuffer())
  assert.equal(bytes.subarray(0, 5).toString(), '%PDF-')
  assert.ok(bytes.includes('%%EOF'))
  const file = scratchFile('manual.pdf')
  writeFileSync(file, bytes)
  let text
  try {
    text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' })
  } catch (e) {
    if (e.code === 'ENOENT') return // a machine without the reader of PDF
    throw e
  }
  for (const said of ['Регламент воронки', 'Заявка записана', 'Слушать внимательно', 'Бюджет назван', '1 из ', '2 из ']) assert.ok(text.includes(said), said)
  const pages = Number(/1 из (\d+)/.exec(text)[1])
  assert.ok(pages >= 2)
  assert.equal(text.split('\f').filter((p) => p.trim()).length, pages)
})

test('who has read the regulation of a stage is kept, once a version; a new version asks again', async () => {
  assert.equal((await seller.get(`/api/stages/${first.id}/regulation`)).read, false)
  const read = await seller('POST', '/api/regulation-reads', { stage_id: first.id })
  assert.equal(read.status, 201, read.text)
  const again = await seller('POST', '/api/regulation-reads', { stage_id: first.id })
  assert.equal(again.status, 201, again.text)
  assert.equal(again.body.id, read.body.id)
  assert.equal((await seller.get(`/api/stages/${first.id}/regulation`)).read, true)
  assert.equal((await head.get(`/api/stages/${first.id}/regulation`)).reads.length, 1)
  assert.deepEqual((await observer.get(`/api/stages/${first.id}/regulation`)).reads, [])
  await admin.patch(`/api/stages/${first.id}`, { aim: 'Дозвониться за час' })
  assert.equal((await seller.get(`/api/stages/${first.id}/regulation`)).read, false)
  await seller.create('/api/regulation-reads', { stage_id: first.id })
  assert.equal((await head.get(`/api/stages/${first.id}/regulation`)).reads.length, 2)
})

test('what cannot be is refused', async () => {
  assert.equal((await seller('GET', `/api/funnels/${funnel.id}/regulation?format=doc`)).status, 400)
  assert.equal((await seller('GET', `/api/funnels/${funnel.id}/regulation?lang=de`)).status, 400)
  assert.equal((await seller('GET', '/api/funnels/999/regulation')).status, 404)
  assert.equal((await seller('GET', '/api/stages/999/regulation')).status, 404)
  assert.equal((await server.anon('GET', `/api/funnels/${funnel.id}/regulation`)).status, 401)
})
