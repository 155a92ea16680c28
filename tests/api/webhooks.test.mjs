// Webhooks: other systems hear of what happens here, at least once, in order, and nobody uses them to look around in the
// company's network (R237).
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { funnelOf, onPostgres, serve, startServer } from './harness.mjs'

const secret = 'общая тайна 12345'
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
async function until(what, test, ms = 20000) {
  const end = Date.now() + ms
  for (;;) {
    const got = await test()
    if (got) return got
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await sleep(20)
  }
}

// Somebody's server: keeps what it gets, answers as told. answer(request, response, number) may answer later or never.
async function receiver(answer = (q, a) => a.end('ok'), { port = 0, host = '127.0.0.1' } = {}) {
  const r = { got: [] }
  const server = createServer((q, a) => {
    let body = ''
    q.on('data', (d) => (body += d))
    q.on('end', () => {
      r.got.push({ path: q.url, method: q.method, headers: q.headers, body, event: JSON.parse(body) })
      r.heard = Date.now()
      r.answer(q, a, r.got.length)
    })
  })
  r.answer = answer
  await new Promise((done, failed) => server.on('error', failed).listen(port, host, done))
  r.port = server.address().port
  r.url = `http://127.0.0.1:${r.port}/hook`
  r.close = () => new Promise((done) => (server.close(done), server.closeAllConnections()))
  r.of = (path) => r.got.filter((g) => g.path === path)
  r.kinds = () => r.got.map((g) => g.event.kind)
  r.titles = () => r.got.map((g) => g.event.set.title?.[1])
  after(() => r.close())
  return r
}
const status = (code, headers) => (q, a) => a.writeHead(code, headers).end()
const allow = ['--allow-private-webhooks']

const [open, guarded] = await Promise.all([serve({ args: allow }), serve()])

describe('a webhook', () => {
  let admin, shop
  before(async () => {
    admin = await open.admin()
    shop = await funnelOf(admin)
  })
  const hook = (r, more = {}) => admin.create('/api/webhooks', { url: r.url, kinds: 'deal.*', ...more })
  const state = (h) => admin.get(`/api/webhooks/${h.id}`)
  const deal = (title) => admin.create('/api/deals', { title, funnel_id: shop.funnel.id })

  test('tells what live updates tell, signed with the common secret', async () => {
    const r = await receiver()
    const h = await hook(r, { secret })
    const live = await admin.events()
    const d = await deal('Обучение «под ключ» 😀')
    await admin.patch(`/api/deals/${d.id}`, { stage_id: shop.stages[1].id })
    await until('two events', () => r.got.length >= 2)
    for (const [i, kind] of ['deal.created', 'deal.moved'].entries()) {
      const g = r.got[i]
      assert.equal(g.method, 'POST')
      assert.equal(g.headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(g.event.kind, kind)
      assert.deepEqual(g.event, (await live.next((e) => e.data.seq === g.event.seq)).data)
      assert.ok(Math.abs(Number(g.headers['voronka-timestamp']) - Date.now()) < 60000)
      const mac = createHmac('sha256', secret).update(`${g.headers['voronka-timestamp']}.${g.body}`).digest('hex')
      assert.equal(g.headers['voronka-signature'], `sha256=${mac}`)
      assert.equal(g.headers['idempotency-key'], `event-${g.event.seq}-${h.id}`)
      assert.match(g.headers['voronka-delivery'], /^\d+$/)
      assert.equal(g.headers['voronka-attempt'], '1')
    }
    live.close()
    const seen = await until('the time of the last delivery', async () => (await state(h)).last_sent_at && state(h))
    assert.equal(seen.last_error, null)
    assert.equal(seen.given_up, 0)
    assert.equal(seen.version, 1, 'deliveries are no changes of the webhook')
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('without a secret is not signed', async () => {
    const r = await receiver()
    const h = await hook(r)
    await deal('Без подписи')
    await until('the event', () => r.got.length)
    assert.equal(r.got[0].headers['voronka-signature'], undefined)
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('gets events in their order and each once, while many people work', async () => {
    const r = await receiver((q, a) => setTimeout(() => a.end(), Math.random() * 10))
    const h = await hook(r)
    await Promise.all(Array.from({ length: 60 }, (_, i) => deal(`Заявка ${i}`)))
    await until('all of them', () => r.got.length >= 60)
    await sleep(200)
    assert.equal(r.got.length, 60)
    const seqs = r.got.map((g) => g.event.seq)
    assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b))
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('hears only of what it asked for', async () => {
    const r = await receiver()
    const h = await hook(r, { kinds: 'deal.moved, task.*' })
    const d = await deal('Тихая сделка')
    await admin.patch(`/api/deals/${d.id}`, { value_minor: 100 })
    await admin.patch(`/api/deals/${d.id}`, { stage_id: shop.stages[1].id })
    await admin.create('/api/notes', { deal_id: d.id, text: 'заметка' })
    const t = await admin.create('/api/tasks', { deal_id: d.id, title: 'Позвонить' })
    await admin.patch(`/api/tasks/${t.id}`, { done: true, result: 'договорились' })
    await until('three events', () => r.got.length >= 3)
    await sleep(200)
    assert.deepEqual(r.kinds(), ['deal.moved', 'task.created', 'task.done'])
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('is tried again after an error of the receiver, with the same key, and what follows waits', async () => {
    let seen
    const saw = new Promise((done) => (seen = done)) // the repeat is not answered before its error has been looked at
    const r = await receiver(async (q, a, n) => (n === 2 && (await saw), a.writeHead(n === 1 ? 500 : 200).end()))
    const h = await hook(r)
    await deal('Первая')
    await deal('Вторая')
    const failing = await until('the error in the row', async () => (await state(h)).last_error && state(h))
    assert.equal(failing.last_error, 'http_status')
    assert.equal(failing.last_error_detail, 'HTTP 500')
    assert.ok(failing.last_error_at <= Date.now())
    seen()
    await until('the repeat and the next one', () => r.got.length >= 3)
    assert.deepEqual(r.titles(), ['Первая', 'Первая', 'Вторая'])
    assert.equal(r.got[1].headers['idempotency-key'], r.got[0].headers['idempotency-key'])
    assert.equal(r.got[1].headers['voronka-delivery'], r.got[0].headers['voronka-delivery'])
    assert.equal(r.got[1].headers['voronka-attempt'], '2')
    assert.notEqual(r.got[2].headers['idempotency-key'], r.got[0].headers['idempotency-key'])
    await until('the error to go', async () => (await state(h)).last_error === null)
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('reaches a receiver that was down', async () => {
    const gone = await receiver()
    await gone.close()
    const h = await hook(gone)
    await deal('Пока никого')
    await deal('И ещё')
    await until('the error', async () => (await state(h)).last_error === 'connection_failed')
    const r = await receiver(undefined, { port: gone.port })
    await until('both', () => r.got.length >= 2)
    assert.deepEqual(r.titles(), ['Пока никого', 'И ещё'])
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('does not follow the receiver elsewhere', async () => {
    const elsewhere = await receiver()
    const r = await receiver(status(302, { location: elsewhere.url }))
    const h = await hook(r)
    await deal('Перенаправят?')
    await until('the error', async () => (await state(h)).last_error === 'redirect')
    await admin.del(`/api/webhooks/${h.id}`)
    assert.equal(elsewhere.got.length, 0)
    assert.ok(r.got.length >= 1)
  })

  test('with a slow receiver does not hold up another, nor the people', async () => {
    const slow = await receiver(() => {})
    const quick = await receiver()
    const h1 = await hook(slow)
    const h2 = await hook(quick)
    await deal('Быстро 0')
    await until('the first at the slow one', () => slow.got.length)
    for (let i = 1; i < 5; i++) await deal(`Быстро ${i}`)
    await until('all five at the quick one', () => quick.got.length >= 5)
    // The slow one still owes its first answer, for which it has ten seconds.
    assert.equal(slow.got.length, 1)
    assert.equal((await state(h1)).last_error, null)
    await admin.del(`/api/webhooks/${h1.id}`) // while it still waits for an answer
    await admin.del(`/api/webhooks/${h2.id}`)
  })

  test('hears nothing more when it is deleted, not even of what waited', async () => {
    const r = await receiver(status(503))
    const h = await hook(r)
    await deal('Раз')
    await deal('Два')
    await until('the first try', () => r.got.length >= 1)
    await admin.del(`/api/webhooks/${h.id}`)
    await sleep(100) // a repeat that was on its way
    const n = r.got.length
    r.answer = status(200)
    await deal('Три')
    await sleep(2500)
    assert.equal(r.got.length, n)
    assert.ok(!r.titles().includes('Два') && !r.titles().includes('Три'))
  })

  test('switched off is silent, switched on hears of what happens from then on', async () => {
    const r = await receiver(status(503))
    const h = await hook(r)
    await deal('До')
    await until('the first try', () => r.got.length >= 1)
    await admin.patch(`/api/webhooks/${h.id}`, { active: false })
    r.answer = status(204)
    await deal('Во время')
    await sleep(1500)
    await admin.patch(`/api/webhooks/${h.id}`, { active: true })
    await deal('После')
    await until('the newest', () => r.titles().includes('После'))
    assert.ok(!r.titles().includes('Во время'))
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('with a corrected address is tried at once', async () => {
    const wrong = await receiver(status(404))
    const right = await receiver()
    const h = await hook(wrong)
    await deal('Куда?')
    await until('three tries', () => wrong.got.length >= 3) // the next one comes after four seconds
    await until('its error', async () => (await state(h)).last_error === 'http_status')
    const third = wrong.heard
    await sleep(300)
    await admin.patch(`/api/webhooks/${h.id}`, { url: right.url })
    await until('the event', () => right.got.length)
    assert.equal(wrong.got.length, 3)
    assert.ok(right.heard - third < 3500, 'not when its time would have come')
    assert.deepEqual(right.titles(), ['Куда?'])
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('whose receiver says that it is gone gives the event up, counts it, and goes on with the next', async () => {
    const r = await receiver((q, a, n) => a.writeHead(n === 1 ? 410 : 200).end())
    const h = await hook(r)
    await deal('Не ждут')
    const seen = await until('the count', async () => (await state(h)).given_up === 1 && state(h))
    assert.equal(seen.last_error, 'gone')
    await deal('Ждут')
    await until('the next', () => r.got.length >= 2)
    assert.deepEqual(r.titles(), ['Не ждут', 'Ждут'])
    const well = await until('success', async () => (await state(h)).last_error === null && state(h))
    assert.equal(well.given_up, 1)
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('is delivered when the receiver answers well but talks without end', async () => {
    const r = await receiver((q, a) => {
      const more = () => a.destroyed || (a.write('о'.repeat(50000)), setTimeout(more, 5))
      a.on('error', () => {})
      more()
    })
    const h = await hook(r)
    await deal('Болтун')
    const begin = Date.now()
    await until('success', async () => (await state(h)).last_sent_at)
    assert.ok(Date.now() - begin < 5000, 'not read to its end')
    assert.equal(r.got.length, 1)
    await admin.del(`/api/webhooks/${h.id}`)
  })

  test('cannot ask for events that do not exist, and its state cannot be written', async () => {
    for (const kinds of ['deal.mooved', 'deals.*', 'deal', 'deal.moved, x.*', ', ;']) {
      const r = await admin('POST', '/api/webhooks', { url: 'https://example.ru/', kinds })
      assert.equal(r.status, 422, kinds)
      assert.equal(r.body.field, 'kinds')
    }
    for (const url of ['file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://example.ru/', 'unix:///run/x'])
      assert.equal((await admin('POST', '/api/webhooks', { url })).status, 422, url)
    for (const body of [{ given_up: 0 }, { last_error: null }, { last_sent_at: 1 }])
      assert.equal((await admin('POST', '/api/webhooks', { url: 'https://example.ru/', ...body })).body.code, 'read_only_field')
  })
})

describe('when the server ends or the receiver hangs', { concurrency: true }, () => {
  test('killed before the answer came, it sends the event again with the same key, and nothing is lost', async () => {
    const r = await receiver(() => {}) // hears, but does not answer
    const one = await startServer({ args: allow })
    const boss = await one.admin()
    const its = await funnelOf(boss)
    await boss.create('/api/webhooks', { url: r.url, kinds: 'deal.created' })
    for (const title of ['А', 'Б', 'В']) await boss.create('/api/deals', { title, funnel_id: its.funnel.id })
    await until('the first', () => r.got.length === 1)
    await one.stop('SIGKILL')
    r.answer = (q, a) => a.end()
    const again = await startServer({ place: one.place, args: allow })
    await until('all', () => r.got.length >= 4)
    assert.deepEqual(r.titles(), ['А', 'А', 'Б', 'В'])
    assert.equal(r.got[1].headers['idempotency-key'], r.got[0].headers['idempotency-key'])
    assert.equal((await again.stop()).code, 0)
  })

  test('a server asked to end waits for the answer under way; the next one goes on behind it', async () => {
    const r = await receiver((q, a) => setTimeout(() => a.end(), 500))
    const one = await startServer({ args: allow })
    const boss = await one.admin()
    const its = await funnelOf(boss)
    await boss.create('/api/webhooks', { url: r.url, kinds: 'deal.created' })
    for (const title of ['А', 'Б']) await boss.create('/api/deals', { title, funnel_id: its.funnel.id })
    await until('the first', () => r.got.length === 1)
    assert.equal((await one.stop()).code, 0)
    const two = await startServer({ place: one.place, args: allow })
    await until('the second', () => r.got.length >= 2)
    await sleep(800)
    assert.deepEqual(r.titles(), ['А', 'Б'])
    await two.stop()
  })

  test('an answer is not waited for longer than ten seconds', async () => {
    let seen
    const saw = new Promise((done) => (seen = done))
    const r = await receiver(async (q, a, n) => n > 1 && (await saw, a.end()))
    const one = await startServer({ args: allow })
    const boss = await one.admin()
    const its = await funnelOf(boss)
    const h = await boss.create('/api/webhooks', { url: r.url, kinds: 'deal.created' })
    await boss.create('/api/deals', { title: 'Долго', funnel_id: its.funnel.id })
    const begin = Date.now()
    const late = await until('the timeout', async () => {
      const s = await boss.get(`/api/webhooks/${h.id}`)
      return s.last_error && s
    }, 40000)
    seen()
    assert.equal(late.last_error, 'timeout')
    assert.ok(Date.now() - begin > 8000)
    await until('the repeat', () => r.got.length >= 2)
    await one.stop()
  })
})

describe('by default', () => {
  let admin, shop
  before(async () => {
    admin = await guarded.admin()
    shop = await funnelOf(admin)
  })
  // Every way of writing it that reaches this machine.
  const ways = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433', '0x7f.1', '127.1']
  test('no webhook reaches the machine itself or its network, however the address is written', async () => {
    const r = await receiver()
    const r6 = await receiver(undefined, { host: '::', port: 0 })
    const hooks = []
    for (const host of ways)
      for (const { port } of [r, r6]) hooks.push({ host, ...(await admin.create('/api/webhooks', { url: `http://${host}:${port}/x`, kinds: 'deal.created' })) })
    for (const host of ['169.254.169.254', '10.0.0.1', '192.168.1.1', '172.16.0.1', '100.64.0.1', '[fe80::1]', '[fd00::1]'])
      hooks.push({ host, ...(await admin.create('/api/webhooks', { url: `http://${host}/latest/meta-data/`, kinds: 'deal.created' })) })
    await admin.create('/api/deals', { title: 'Наружу', funnel_id: shop.funnel.id })
    for (const h of hooks) {
      const seen = await until(`an error of ${h.host}`, async () => {
        const s = await admin.get(`/api/webhooks/${h.id}`)
        return s.last_error && s
      })
      assert.equal(seen.last_error, 'private_address', h.host)
      assert.match(seen.last_error_detail, /is not a public address$/)
      await admin.del(`/api/webhooks/${h.id}`)
    }
    assert.equal(r.got.length + r6.got.length, 0)
  })
})

test('two servers on one PostgreSQL send each event once; when one dies the other goes on', { skip: !onPostgres }, async () => {
  const r = await receiver()
  const one = await startServer({ args: allow })
  const two = await startServer({ place: one.place, args: allow })
  const [a, b] = [await one.admin(), await two.admin()]
  const its = await funnelOf(a)
  const hook = await a.create('/api/webhooks', { url: r.url, kinds: 'deal.created' })
  // A server that dies before it has written down an answer leaves the event to be sent once more.
  const settled = (who) => until('the last answer to be written down', async () => (await who.get(`/api/webhooks/${hook.id}`)).last_sent_at >= r.heard)
  const work = async (n) => {
    for (let i = 0; i < n; i++) await Promise.all([a, b].map((who, k) => who.create('/api/deals', { title: `${i}-${k}`, funnel_id: its.funnel.id })))
  }
  await work(20)
  await until('forty', () => r.got.length >= 40)
  await sleep(300)
  assert.equal(r.got.length, 40)
  assert.equal(new Set(r.got.map((g) => g.headers['idempotency-key'])).size, 40)
  const seqs = r.got.map((g) => g.event.seq)
  assert.deepEqual(seqs, [...seqs].sort((x, y) => x - y))
  await settled(b)
  await one.stop('SIGKILL')
  for (const title of ['Дальше', 'И дальше']) await b.create('/api/deals', { title, funnel_id: its.funnel.id })
  await until('what came after', () => r.got.length >= 42)
  const three = await startServer({ place: one.place, args: allow })
  const c = await three.admin()
  await settled(c)
  await two.stop('SIGKILL')
  await c.create('/api/deals', { title: 'И без второго', funnel_id: its.funnel.id })
  await until('what came after', () => r.got.length >= 43)
  assert.deepEqual(r.titles().slice(40), ['Дальше', 'И дальше', 'И без второго'])
  await three.stop()
})
