// What the program tells comes by mail, too, as each person has chosen: several as one letter, with the way to each, in
// the reader's language, nothing that the reader may not see, nothing for who is blocked or has read it (R362).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'
import { mailServer, open } from './smtp_rig.mjs'

const MINUTE = 60e3
const box = await mailServer()
const server = await serveWithClock()
const people = await peopleOf(server)
const ids = Object.fromEntries(Object.entries(people).map(([k, api]) => [k, api.session.user.id]))
const [admin, head, seller] = await Promise.all(['admin', 'head', 'seller'].map((k) => tokenOf(server, people[k])))
const { funnel } = await funnelOf(admin)
const secret = await funnelOf(admin, { name: 'Тайная' })
const setMail = () => admin.patch('/api/mail', { host: '127.0.0.1', port: box.port, security: 'none', from: 'crm@example.ru', url: 'https://crm.example.ru' })

let now = (await admin.get('/api/boot')).now
const later = async (ms) => (now = await clock(server, now + ms))
const deal = (title, more) => head.create('/api/deals', { title, funnel_id: funnel.id, owner_id: ids.seller, ...more })
const to = (who) => box.letters.filter((l) => l.to[0] === `${who}@example.ru`).map((l) => open(l.raw))
// Waits for a letter to somebody whose bundle was begun later: what was due before has been looked at.
async function looked() {
  const before = to('head').length
  await admin.create('/api/deals', { title: `Проверка ${before}`, funnel_id: funnel.id, owner_id: ids.head })
  await later(5 * MINUTE)
  await eventually(() => to('head').length > before, 'a letter that shows that all have been looked at', 20000)
}

test('what was told before there was a mail server is not mailed afterwards', async () => {
  await deal('До почты')
  assert.equal((await seller.list('/api/notifications')).items.length, 1)
  await later(10 * MINUTE)
  await setMail()
  await looked()
  assert.deepEqual(to('seller'), [])
})

test('three deals within two minutes come as one letter with the way to each, the next one as another', async () => {
  const made = []
  for (const title of ['Котёл', 'Насос', 'Труба <b>']) {
    made.push(await deal(title))
    await later(MINUTE / 2)
  }
  await later(5 * MINUTE)
  const [letter] = await eventually(() => to('seller').length > 0 && to('seller'), 'the letter', 20000)
  assert.equal(letter.header('Subject'), '3 новых уведомления')
  for (const d of made) {
    assert.ok(letter.text.includes(`head: вам передана сделка «${d.title}»`), letter.text)
    assert.ok(letter.text.includes(`https://crm.example.ru/deals/${d.id}`))
    assert.ok(letter.html.includes(`href="https://crm.example.ru/deals/${d.id}"`))
  }
  assert.ok(letter.html.includes('Труба &lt;b&gt;') && !letter.html.includes('<b>'))
  assert.match(letter.text, /https:\/\/crm\.example\.ru\/settings\/profile/, 'where to choose what comes')
  assert.equal(to('seller').length, 1)
  await deal('Один')
  await later(5 * MINUTE)
  await eventually(() => to('seller').length === 2, 'the second letter', 20000)
  assert.equal(to('seller')[1].header('Subject'), 'head: вам передана сделка «Один»')
  await looked()
  assert.equal(to('seller').length, 2, 'each once')
})

test('what has been read in the program, and what has gone out of sight, does not come', async () => {
  const before = to('seller').length
  await deal('Прочитана')
  await seller('POST', '/api/notifications/read', { all: true })
  const gone = await deal('Ушла из виду')
  const role = await admin.create('/api/roles', { name: 'Без тайной', base: 'seller', rights: { objects: {}, funnels: { [secret.funnel.id]: 'hidden' } } })
  await admin.patch(`/api/users/${ids.seller}`, { role_id: role.id })
  await head.patch(`/api/deals/${gone.id}`, { funnel_id: secret.funnel.id, stage_id: secret.stages[0].id })
  await looked()
  assert.equal(to('seller').length, before)
  await deal('Видна')
  await looked()
  assert.equal(to('seller').length, before + 1)
  assert.ok(!to('seller').some((l) => /Ушла из виду|Прочитана/.test(l.text + l.header('Subject'))))
})

test('each person chooses what comes, in the own settings alone', async () => {
  const before = to('seller').length
  assert.equal((await seller.get(`/api/users/${ids.seller}`)).letters, null, 'nothing chosen: as it comes')
  for (const bad of ['everything', 'finding none', 'finding,', ' ,'])
    assert.equal((await people.seller('PATCH', `/api/users/${ids.seller}`, { letters: bad })).status, 422, bad)
  const mine = await people.seller.patch(`/api/users/${ids.seller}`, { letters: 'finding,task' })
  assert.equal(mine.letters, 'finding,task')
  assert.equal((await people.seller('PATCH', `/api/users/${ids.head}`, { letters: 'none' })).status, 403)
  await deal('Не выбрано')
  const own = await seller.create('/api/tasks', { title: 'Позвонить в срок', owner_id: ids.seller, due_at: now + 2 * MINUTE })
  assert.ok(own.id)
  await later(3 * MINUTE)
  await later(5 * MINUTE)
  await eventually(() => to('seller').length > before, 'the reminder', 20000)
  const [letter] = to('seller').slice(before)
  assert.deepEqual([letter.header('Subject'), /Не выбрано/.test(letter.text)], ['Пора: «Позвонить в срок»', false])
  await people.seller.patch(`/api/users/${ids.seller}`, { letters: 'none' })
  await deal('Ничего')
  await looked()
  assert.equal(to('seller').length, before + 1)
  const changed = await people.seller('PATCH', `/api/users/${ids.seller}`, { letters: null, locale: 'en' })
  assert.deepEqual([changed.status, changed.body.letters], [200, null])
  await deal('По-английски')
  await later(5 * MINUTE)
  await eventually(() => to('seller').length > before + 1, 'a letter in English', 20000)
  assert.equal(to('seller').at(-1).header('Subject'), 'head has given you the deal “По-английски”')
})

test('who is blocked before the letter is made, and before it leaves, gets none', async () => {
  const before = to('seller').length
  await deal('Заблокирован')
  await admin.patch(`/api/users/${ids.seller}`, { active: false })
  await looked()
  assert.equal(to('seller').length, before)
  await admin.patch(`/api/users/${ids.seller}`, { active: true })
  await looked()
  assert.equal(to('seller').length, before, 'nor afterwards')
})

test('a letter that waits for the mail server is not sent when its deal has gone out of sight meanwhile', async () => {
  await admin.patch(`/api/users/${ids.seller}`, { locale: 'ru' })
  box.answer.rcpt = (line) => (/seller@/.test(line) ? '451 later' : undefined)
  const waits = await deal('Ждёт и исчезает')
  await later(5 * MINUTE)
  const row = async () => (await admin.get('/api/mail')).letters.find((l) => l.to === 'seller@example.ru')
  await eventually(async () => (await row())?.state === 'waiting' && (await row()).attempts > 0, 'a try', 20000)
  await head.patch(`/api/deals/${waits.id}`, { funnel_id: secret.funnel.id, stage_id: secret.stages[0].id })
  box.answer.rcpt = undefined
  await later(MINUTE)
  const over = await eventually(async () => (await row()).state === 'given_up' && row(), 'the end', 20000)
  assert.equal(over.error.split(':')[0], 'out_of_sight')
  assert.ok(!to('seller').some((l) => /Ждёт и исчезает/.test(l.text)))
})
