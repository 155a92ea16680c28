// Letters leave by the company's own mail server: a trial, the weekly review, subscribed reports; what fails is tried
// again and stands where the administrator looks (R214, R362).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { mailServer, open } from './smtp_rig.mjs'

const box = await mailServer({ needs: 'crm:секрет' })
const server = await serveWithClock()
const people = await peopleOf(server)
const admin = await tokenOf(server, people.admin)
const head = await tokenOf(server, people.head)
const headMail = (await admin.list('/api/users', { limit: 50 })).items.find((u) => u.role === 'head')
const settings = (more) => admin.patch('/api/mail', { host: '127.0.0.1', port: box.port, security: 'none', user: 'crm', password: 'секрет', from: 'crm@example.ru', name: 'Воронка «Север»', url: 'https://crm.example.ru', ...more })
const arrived = (n) => eventually(() => box.letters.length >= n && box.letters, `letter ${n}`, 15000)

test('a mail server is set and tried; nobody reads its password', async () => {
  assert.equal((await head('GET', '/api/mail')).status, 403)
  assert.equal((await admin('POST', '/api/mail/test', {})).body.code, 'mail_off')
  assert.equal((await admin('PATCH', '/api/mail', { host: '127.0.0.1' })).status, 422, 'a sender is needed')
  for (const bad of [{ host: 'a b' }, { port: 0 }, { security: 'maybe' }, { from: 'nobody' }, { from: 'a@b\r\nBcc: c@d' }, { url: 'javascript:1' }])
    assert.equal((await admin('PATCH', '/api/mail', bad)).status, 422, JSON.stringify(bad))
  const kept = await settings()
  assert.deepEqual([kept.host, kept.port, kept.user, kept.password_set, kept.from], ['127.0.0.1', box.port, 'crm', true, 'crm@example.ru'])
  assert.ok(!JSON.stringify(kept).includes('секрет'))
  assert.ok(!(await admin('GET', '/api/settings/history')).text.includes('секрет'))
  await admin.must(201)('POST', '/api/mail/test', { to: 'check@example.ru' })
  const [letter] = await arrived(1)
  assert.deepEqual([letter.from, letter.to], ['crm@example.ru', ['check@example.ru']])
  const m = open(letter.raw)
  assert.equal(m.header('Subject'), 'Проверка почты')
  assert.equal(m.header('From'), 'Воронка «Север» <crm@example.ru>')
  assert.match(m.header('Message-ID'), /^<voronka-\d+-\d+@example\.ru>/)
  assert.match(m.header('Date'), /^\w{3}, \d+ \w{3} \d{4} \d\d:\d\d:\d\d \+0000/)
  assert.match(m.text, /Почта работает/)
  assert.match(m.html, /href="https:\/\/crm\.example\.ru\/"/)
  const { letters, waiting } = await eventually(async () => {
    const now = await admin.get('/api/mail')
    return now.letters[0].state === 'sent' && now
  }, 'the outcome')
  assert.deepEqual([letters[0].to, waiting], ['check@example.ru', 0])
})

test('another server does not get the password of this one', async () => {
  const moved = await admin.patch('/api/mail', { host: 'localhost' })
  assert.equal(moved.password_set, false)
  const other = await admin.must(200)('PATCH', '/api/mail', { host: '127.0.0.1', password: 'другой' })
  await admin.must(200)('POST', '/api/undo', { change_id: Number(other.headers.get('voronka-change')) })
  const back = await admin.get('/api/mail')
  assert.deepEqual([back.host, back.password_set], ['localhost', false], 'an undo brings back the server, not the password of the next one')
  await admin.patch('/api/mail', { password: 'другой' })
  await admin.patch('/api/mail', { host: null })
  assert.equal((await admin.patch('/api/mail', { host: '127.0.0.1' })).password_set, false, 'nor is it kept for one that comes later')
  await settings()
})

test('what a busy server puts off is tried again, what is refused for good is not', async () => {
  const before = box.letters.length
  box.answer.rcpt = '451 later'
  await admin.must(201)('POST', '/api/mail/test', { to: 'later@example.ru' })
  const late = await eventually(async () => (await admin.get('/api/mail')).letters.find((l) => l.to === 'later@example.ru' && l.attempts > 0), 'a try')
  assert.deepEqual([late.state, /451/.test(late.error)], ['waiting', true])
  box.answer.rcpt = null
  await arrived(before + 1)
  assert.equal(box.letters.at(-1).to[0], 'later@example.ru')
  box.answer.rcpt = '550 no such box'
  await admin.must(201)('POST', '/api/mail/test', { to: 'never@example.ru' })
  const never = await eventually(async () => (await admin.get('/api/mail')).letters.find((l) => l.to === 'never@example.ru' && l.state !== 'waiting'), 'giving up')
  assert.deepEqual([never.state, never.attempts], ['given_up', 1])
  box.answer.rcpt = null
  await settings({ password: 'чужой' })
  await admin.must(201)('POST', '/api/mail/test', { to: 'again@example.ru' })
  const refused = await eventually(async () => (await admin.get('/api/mail')).letters.find((l) => l.to === 'again@example.ru' && l.attempts > 0), 'a refused sign-in')
  assert.deepEqual([refused.state, refused.error.split(':')[0]], ['waiting', 'sign_in_refused'])
  await settings()
  await arrived(before + 2)
})

test('a subscribed report comes as a letter, with the file that was asked for', async () => {
  const { funnel, stages } = await funnelOf(admin)
  for (let i = 0; i < 3; i++) await admin.create('/api/deals', { title: `Сделка ${i}`, funnel_id: funnel.id, stage_id: stages[0].id })
  const hour = new Date().getUTCHours()
  const made = []
  for (const [name, mail] of [['Письмом', 'letter'], ['Файлом', 'pdf'], ['Таблицей', 'xlsx'], ['Только в программе', 'none']])
    made.push(await head.create('/api/subscriptions', { name, report: 'funnel', every: 'day', hour, mail }))
  const far = ((new Date(made[0].next_at).getUTCDate() + 14) % 28) + 1 // a day of the month that does not come with the others
  assert.equal((await head.create('/api/subscriptions', { name: 'Как обычно', report: 'funnel', every: 'month', day: far, hour })).mail, 'letter')
  const before = box.letters.length
  await clock(server, Math.max(...made.map((s) => s.next_at)) + 60000)
  const mine = await eventually(() => box.letters.slice(before).length >= 3 && box.letters.slice(before), 'three letters', 20000)
  const by = Object.fromEntries(mine.map((l) => [open(l.raw).header('Subject'), open(l.raw)]))
  assert.deepEqual(Object.keys(by).sort(), ['Письмом', 'Таблицей', 'Файлом'])
  assert.ok(mine.every((l) => l.to[0] === headMail.email))
  assert.match(by['Письмом'].text, /https:\/\/crm\.example\.ru\/reports\/funnel/)
  assert.equal(by['Файлом'].parts['application/pdf'].subarray(0, 5).toString(), '%PDF-')
  assert.equal(by['Таблицей'].parts['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'].subarray(0, 2).toString(), 'PK')
  await new Promise((done) => setTimeout(done, 1500))
  assert.equal(box.letters.length, before + 3, 'each once')
})

test('on Monday the head of a team finds the review of the week in the mail, once, ready for paper', async () => {
  const team = await admin.create('/api/teams', { name: 'Север', head_id: headMail.id })
  const now = (await admin('GET', '/api/session')).headers.get('date')
  const week = 7 * 86400000
  const from = Date.parse(now)
  const before = box.letters.length
  const monday = (() => {
    const d = new Date(from + week)
    d.setUTCDate(d.getUTCDate() + ((8 - d.getUTCDay()) % 7))
    d.setUTCHours(6, 0, 0, 0)
    return d.getTime()
  })()
  await clock(server, monday)
  const letter = await eventually(() => box.letters.slice(before).find((l) => /Разбор недели/.test(open(l.raw).header('Subject'))), 'the review', 20000)
  const m = open(letter.raw)
  assert.match(m.header('Subject'), /Север/)
  assert.equal(m.parts['application/pdf'].subarray(0, 5).toString(), '%PDF-')
  assert.match(m.text, /https:\/\/crm\.example\.ru\/reviews\/\d+/)
  await clock(server, monday + 3600e3)
  await new Promise((done) => setTimeout(done, 1500))
  assert.equal(box.letters.slice(before).filter((l) => /Разбор недели/.test(open(l.raw).header('Subject'))).length, 1)
  assert.ok(team.id)
})

test('whoever is blocked while a letter waits does not get it any more', async () => {
  box.answer.rcpt = '451 later'
  const second = await people.admin.create('/api/users', { name: 'Второй', email: 'second@example.ru', role: 'admin', password: 'пароль для тестов' })
  const theirs = await tokenOf(server, await server.signIn('second@example.ru', 'пароль для тестов'))
  await theirs.must(201)('POST', '/api/mail/test', {})
  const letter = async () => (await admin.get('/api/mail')).letters.find((l) => l.to === 'second@example.ru')
  await eventually(async () => (await letter())?.attempts > 0, 'a try')
  await people.admin.patch(`/api/users/${second.id}`, { active: false })
  box.answer.rcpt = null
  const over = await eventually(async () => (await letter()).state !== 'waiting' && letter(), 'the end', 20000)
  assert.deepEqual([over.state, over.error.split(':')[0]], ['given_up', 'reader_gone'])
  assert.ok(!box.letters.some((l) => l.to.includes('second@example.ru')))
})

test('a letter that waits names nobody whose data were erased meanwhile (152-FZ, GDPR)', async () => {
  box.answer.rcpt = '451 later'
  for (const other of (await head.list('/api/subscriptions')).items) await head.del(`/api/subscriptions/${other.id}`)
  const person = await admin.create('/api/contacts', { name: 'Незабвенная Зинаида' })
  const made = await head.create('/api/subscriptions', { name: 'Для Незабвенная Зинаида', report: 'funnel', every: 'day', hour: 3, mail: 'pdf' })
  const before = box.letters.length
  await clock(server, made.next_at + 60000)
  await eventually(async () => (await admin.get('/api/mail')).letters.some((l) => l.to === headMail.email && l.state === 'waiting' && l.attempts > 0), 'a try', 20000)
  await admin.must(200)('POST', `/api/contacts/${person.id}/erase`, { reason: 'по закону' })
  box.answer.rcpt = null
  await clock(server, made.next_at + 120000)
  const named = () => box.letters.slice(before).map((l) => open(l.raw)).find((m) => /^Для /.test(m.header('Subject')))
  const m = await eventually(named, 'the letter', 20000)
  assert.equal(m.header('Subject'), 'Для [стёрто]')
  assert.deepEqual([m.text.includes('Зинаида'), m.html, m.parts['application/pdf']], [false, undefined, undefined])
})
