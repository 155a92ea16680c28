// A folder that takes no more files costs a subscribed report its attachment, not its letter, and nobody else theirs (R233, R362).
import assert from 'node:assert/strict'
import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, scratchFile, serveWithClock, tokenOf } from './harness.mjs'
import { mailServer, open } from './smtp_rig.mjs'

const files = scratchFile('full-files')
const box = await mailServer()
const server = await serveWithClock({ args: ['--files', files] })
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const head = await tokenOf(server, people.head)
await admin.patch('/api/mail', { host: '127.0.0.1', port: box.port, security: 'none', from: 'crm@example.ru', url: 'https://crm.example.ru' })
const { funnel } = await funnelOf(admin)
await head.create('/api/deals', { title: 'Сделка', funnel_id: funnel.id })
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const subjects = () => box.letters.map((l) => open(l.raw).header('Subject')).sort()

test('uploads cannot be written: reports come as letters, each says that its file is missing; later files come again', async () => {
  const made = []
  for (const [name, mail] of [['Таблица 1', 'xlsx'], ['Таблица 2', 'xlsx'], ['Письмо', 'letter'], ['Печать', 'pdf']])
    made.push(await head.create('/api/subscriptions', { name, report: 'funnel', params: { funnel_id: String(funnel.id) }, every: 'day', hour: 9, mail }))
  const folder = join(files, 'uploads')
  assert.ok(readdirSync(files).includes('uploads'))
  renameSync(folder, `${folder}-away`) // nothing can be written where a file stands
  writeFileSync(folder, '')
  const at = made[0].next_at
  await clock(server, at + 1000)
  await eventually(() => box.letters.length >= 4, 'four letters', 20000)
  assert.deepEqual(subjects(), ['Печать', 'Письмо', 'Таблица 1', 'Таблица 2'])
  const table = open(box.letters.find((l) => open(l.raw).header('Subject') === 'Таблица 1').raw)
  assert.equal(table.parts[xlsx], undefined)
  assert.match(table.text, /Файл приложить не удалось/)
  assert.match(table.text, /https:\/\/crm\.example\.ru\/reports\/funnel/)
  assert.ok(open(box.letters.find((l) => open(l.raw).header('Subject') === 'Печать').raw).parts['application/pdf'])
  const told = (await head.list('/api/notifications', { limit: 100 })).items.filter((n) => n.kind === 'report.ready')
  assert.equal(told.length, 4, 'and in the program')
  assert.equal((await head.get(`/api/subscriptions/${made[0].id}`)).last_at, at)

  renameSync(folder, `${folder}-full`)
  renameSync(`${folder}-away`, folder)
  await clock(server, at + 24 * 3600e3 + 1000)
  await eventually(() => box.letters.length >= 8, 'the letters of the next day', 20000)
  const again = box.letters.slice(4).map((l) => open(l.raw)).find((m) => m.header('Subject') === 'Таблица 2')
  assert.equal(again.parts[xlsx].subarray(0, 2).toString(), 'PK')
})
