// Mail servers as companies have them: encrypted from the first byte or by STARTTLS, with a certificate of the company's
// own, set up wrongly, refusing an address. A password goes only where it is safe, no letter is lost because of a
// setting, and the administrator reads why (R214, R362).
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventually, freshPlace, scratchFile, serve, startServer, tokenOf } from './harness.mjs'
import { mailServer, open, ownCertificate } from './smtp_rig.mjs'

const certificate = ownCertificate()
const trusting = await serve({ args: ['--mail-ca', certificate.file] })
const strict = await serve()
const admins = { trusting: await tokenOf(trusting, await trusting.admin()), strict: await tokenOf(strict, await strict.admin()) }
const set = (admin, box, security, more) =>
  admin.patch('/api/mail', { host: 'localhost', port: box.port, security, user: 'crm', password: 'секрет', from: 'crm@example.ru', url: 'https://crm.example.ru', ...more })
const tried = async (admin, to) => {
  await admin.must(201)('POST', '/api/mail/test', { to })
  return eventually(async () => (await admin.get('/api/mail')).letters.find((l) => l.to === to && (l.error || l.state !== 'waiting')), `what became of ${to}`, 15000)
}
const code = (letter) => letter.error.split(':')[0]
const stateOf = async (admin, to) => (await admin.get('/api/mail')).letters.find((l) => l.to === to)

for (const [security, tls] of [['tls', 'implicit'], ['starttls', 'starttls']]) {
  test(`${security}: a letter and its password go encrypted to a server whose certificate is trusted`, async () => {
    const box = await mailServer({ needs: 'crm:секрет', tls, certificate })
    await set(admins.trusting, box, security)
    const letter = await tried(admins.trusting, `${security}@example.ru`)
    assert.deepEqual([letter.state, letter.error], ['sent', null])
    assert.deepEqual(box.signIns, [true])
    assert.equal(box.letters[0].secure, true)
    assert.equal(open(box.letters[0].raw).header('Subject'), 'Проверка почты')
    assert.equal((await admins.trusting.get('/api/mail')).problem, null)
  })

  test(`${security}: whose certificate nobody here trusts gets neither password nor letter, and it is said why`, async () => {
    const box = await mailServer({ needs: 'crm:секрет', tls, certificate })
    await set(admins.strict, box, security)
    const letter = await tried(admins.strict, `untrusted-${security}@example.ru`)
    assert.deepEqual([letter.state, code(letter)], ['waiting', 'certificate_untrusted'])
    assert.deepEqual([box.signIns, box.letters], [[], []])
    const { problem } = await admins.strict.get('/api/mail')
    assert.equal(problem.code, 'certificate_untrusted')
  })
}

test('a server that does not encrypt gets no password unless the administrator has chosen a plain connection', async () => {
  const box = await mailServer({ needs: 'crm:секрет' })
  for (const [security, why] of [['starttls', 'tls_failed'], ['tls', 'tls_failed']]) {
    await set(admins.trusting, box, security)
    const letter = await tried(admins.trusting, `bare-${security}@example.ru`)
    assert.deepEqual([letter.state, code(letter)], ['waiting', why])
  }
  const stripped = await mailServer({ needs: 'crm:секрет', tls: 'starttls', certificate })
  stripped.answer.starttls = '454 not now'
  await set(admins.trusting, stripped, 'starttls')
  assert.equal(code(await tried(admins.trusting, 'stripped@example.ru')), 'tls_failed')
  assert.deepEqual([box.signIns, stripped.signIns, box.letters, stripped.letters], [[], [], [], []])
  await set(admins.trusting, box, 'none')
  await eventually(async () => (await stateOf(admins.trusting, 'stripped@example.ru')).state === 'sent', 'the letters that waited', 20000)
  assert.ok(box.signIns.length > 0 && box.signIns.every((secure) => !secure), 'chosen, it works')
  assert.equal((await admins.trusting.get('/api/mail')).waiting, 0)
})

test('a server names a file of certificates that can be read, or does not start', async () => {
  const broken = scratchFile('broken.pem')
  writeFileSync(broken, 'this is no certificate')
  for (const file of [scratchFile('absent.pem'), broken])
    await assert.rejects(startServer({ place: freshPlace(), args: ['--mail-ca', file] }), /mail-ca/)
})

test('what comes of the set-up gives no letter up: it waits, the administrator sees why, new settings send it', async () => {
  const admin = admins.trusting
  const box = await mailServer({ needs: 'crm:секрет' })
  const cases = [
    ['mail', '550 5.7.1 relaying denied for this sender', 'sender_refused'],
    ['rcpt', '530 5.7.0 authentication required', 'sign_in_refused'],
    ['ehlo', '550 you are not welcome', 'server_refused'],
    ['greeting', '554 no service here', 'server_refused'],
  ]
  for (const [i, [where, answer, why]] of cases.entries()) {
    await set(admin, box, 'none', { name: `Случай ${i}` })
    box.answer[where] = answer
    const to = `case-${i}@example.ru`
    const letter = await tried(admin, to)
    assert.deepEqual([letter.state, code(letter)], ['waiting', why], answer)
    if (where !== 'greeting' && where !== 'ehlo') assert.ok(letter.error.includes(answer.slice(4)), `the server's own words: ${letter.error}`)
    const { problem } = await admin.get('/api/mail')
    assert.deepEqual([problem.code, problem.letters >= 1], [why, true])
    delete box.answer[where]
    await set(admin, box, 'none', { name: `Случай ${i}, исправлен` })
    await eventually(async () => (await stateOf(admin, to)).state === 'sent', `the letter of case ${i}`, 15000)
    assert.equal((await admin.get('/api/mail')).problem, null)
  }
  await set(admin, box, 'none', { password: 'чужой' })
  assert.equal(code(await tried(admin, 'password@example.ru')), 'sign_in_refused')
  const before = box.letters.length
  await set(admin, box, 'none')
  await eventually(() => box.letters.length > before, 'the letter after the password was put right', 15000)
})

test('an address that a server refuses for good loses its own letter alone', async () => {
  const admin = admins.trusting
  const box = await mailServer({ needs: 'crm:секрет' })
  box.answer.rcpt = (line) => (/nobody@/.test(line) ? '550 5.1.1 no such user' : undefined)
  await set(admin, box, 'none')
  const never = await tried(admin, 'nobody@example.ru')
  assert.deepEqual([never.state, never.attempts, code(never)], ['given_up', 1, 'address_refused'])
  assert.equal((await tried(admin, 'somebody@example.ru')).state, 'sent')
  // nor does one that it does not relay to hold the others back, though it looks like a wrong set-up
  box.answer.rcpt = (line) => (/abroad@/.test(line) ? '554 5.7.1 <abroad@other.ru>: Relay access denied' : undefined)
  const abroad = await tried(admin, 'abroad@other.ru')
  assert.deepEqual([abroad.state, abroad.attempts, code(abroad)], ['given_up', 1, 'relay_denied'])
  assert.equal((await tried(admin, 'neighbour@example.ru')).state, 'sent')
  box.answer.end = '554 5.6.0 I do not like this letter'
  const disliked = await tried(admin, 'content@example.ru')
  assert.deepEqual([disliked.state, code(disliked)], ['given_up', 'letter_refused'])
  assert.equal((await admin.get('/api/mail')).problem, null, 'nothing is wrong with the server')
})

test('while a server lets nobody in, letters do not knock one after another', async () => {
  const admin = admins.trusting
  const box = await mailServer({ needs: 'crm:другой' })
  await set(admin, box, 'none')
  for (let i = 0; i < 12; i++) await admin.must(201)('POST', '/api/mail/test', { to: `many-${i}@example.ru` })
  await eventually(async () => (await admin.get('/api/mail')).problem?.code === 'sign_in_refused', 'the problem', 15000)
  const { problem, waiting } = await admin.get('/api/mail')
  assert.deepEqual([waiting, problem.letters], [12, 12])
  await new Promise((done) => setTimeout(done, 1500))
  assert.ok(box.signIns.length <= 13, `one at a time, not all again and again: ${box.signIns.length}`)
  await set(admin, box, 'none', { password: 'другой' })
  await eventually(() => box.letters.length === 12, 'all of them', 20000)
})

test('the password can be removed alone; a letter to try asks for an address as text', async () => {
  const admin = admins.trusting
  const box = await mailServer({ needs: 'crm:секрет' })
  await set(admin, box, 'none')
  for (const to of [5, true, ['a@example.ru'], { a: 1 }]) {
    const r = await admin('POST', '/api/mail/test', { to })
    assert.deepEqual([r.status, r.body.code, r.body.field], [422, 'wrong_type', 'to'], JSON.stringify(to))
    assert.ok(r.body.detail.length > 10)
  }
  assert.equal((await admin.get('/api/mail')).letters.some((l) => l.attempts === 0 && l.state === 'waiting'), false)
  const bare = await admin.patch('/api/mail', { password: null })
  assert.deepEqual([bare.password_set, bare.user, bare.host], [false, 'crm', 'localhost'])
  const letter = await tried(admin, 'bare@example.ru')
  assert.equal(code(letter), 'sign_in_refused')
  assert.deepEqual(box.signIns, [], 'without a password nobody tries to sign in')
})
