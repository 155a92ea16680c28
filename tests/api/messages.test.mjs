// A note with a channel is a message of a client or to one: it is an event of its own for triggers, with its own words in
// the condition (R109, R276-R283).
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { eventually, funnelOf, serve, tokenOf } from './harness.mjs'

const server = await serve()
const api = await tokenOf(server, await server.admin())
let shop, tag

const trigger = (more) => api.create('/api/triggers', { name: 'Ответить клиенту', enabled: true, actions: [{ do: 'tag', tag_id: tag.id }], ...more })
const off = (t) => api.del(`/api/triggers/${t.id}`)
const deal = (more = {}) => api.create('/api/deals', { title: 'Сделка', stage_id: shop.stages[0].id, ...more })
const message = (more) => api.create('/api/notes', { text: 'Пришлите счёт, пожалуйста', channel: 'mail', direction: 'in', ...more })
const tagged = async (d) => (await api.get(`/api/deals/${d.id}`)).tag_ids.includes(tag.id)
const runs = async (d) => (await api.get(`/api/deals/${d.id}/runs`)).items

before(async () => {
  shop = await funnelOf(api, { task_rule: 'off' })
  tag = await api.create('/api/tags', { name: 'Ждёт ответа' })
})

describe('a message is written down', () => {
  test('with the channel it came by and whether it came or went; both or none, and for good', async () => {
    const d = await deal()
    const m = await message({ deal_id: d.id })
    assert.deepEqual([m.channel, m.direction], ['mail', 'in'])
    assert.equal((await api.must(400)('POST', '/api/notes', { text: 'Написал', deal_id: d.id, channel: 'mail' })).body.field, 'direction')
    assert.equal((await api.must(400)('POST', '/api/notes', { text: 'Написал', deal_id: d.id, direction: 'in' })).body.field, 'channel')
    const note = await api.create('/api/notes', { text: 'Просто заметка', deal_id: d.id })
    assert.equal(note.channel, null)
    assert.equal((await api('PATCH', `/api/notes/${note.id}`, { channel: 'sms', direction: 'in' })).status, 422)
    const found = await api.list('/api/notes', { filter: `deal_id = ${d.id} and channel = "mail" and direction = "in"` })
    assert.deepEqual(found.items.map((n) => n.id), [m.id])
  })
})

describe('a message is a contact with the client', () => {
  test('the card tells when and how was spoken last; a letter that went out is the first answer, one that came in is none (R209, R228, R300)', async () => {
    const strict = await funnelOf(api, { name: 'С первым ответом', response_hours: 4 })
    const d = await api.create('/api/deals', { title: 'Заявка', funnel_id: strict.funnel.id })
    assert.ok(d.first_response_due_at)
    const came = await message({ deal_id: d.id, channel: 'messenger' })
    const asked = await api.get(`/api/deals/${d.id}`)
    assert.deepEqual([asked.last_contact_at, asked.last_channel, asked.first_response_at], [came.created_at, 'mail', null])
    const went = await api.must(201)('POST', '/api/notes', { deal_id: d.id, text: 'Счёт во вложении', channel: 'call', direction: 'out' })
    const answered = await api.get(`/api/deals/${d.id}`)
    assert.deepEqual([answered.last_contact_at, answered.last_channel, answered.first_response_at], [went.body.created_at, 'call', went.body.created_at])
    await api.must(200)('POST', '/api/undo', { change_id: Number(went.headers.get('voronka-change')) })
    const back = await api.get(`/api/deals/${d.id}`)
    assert.deepEqual([back.last_contact_at, back.last_channel, back.first_response_at], [came.created_at, 'mail', null])
    await api.del(`/api/notes/${came.id}`)
    assert.equal((await api.get(`/api/deals/${d.id}`)).last_contact_at, null)
  })
})

describe('a trigger on a message', () => {
  test('fires on what its condition says of channel, direction and text, and acts on the deal', async () => {
    const t = await trigger({
      event: { on: 'created', object: 'message' }, funnel_id: shop.funnel.id,
      condition: 'channel in ("mail", "messenger") and direction = "in" and text ~ "счет" and deal_id.value_minor > 100',
    })
    const [asks, small, sms, ours, silent] = await Promise.all([1000, 10, 1000, 1000, 1000].map((value_minor) => deal({ value_minor })))
    await message({ deal_id: asks.id })
    await message({ deal_id: small.id })
    await message({ deal_id: sms.id, channel: 'sms' })
    await message({ deal_id: ours.id, direction: 'out' })
    await api.create('/api/notes', { deal_id: silent.id, text: 'Просил счёт' })
    assert.deepEqual(await Promise.all([asks, small, sms, ours, silent].map(tagged)), [true, false, false, false, false])
    const [run] = await runs(asks)
    assert.equal(run.trigger_id, t.id)
    assert.ok(run.conditions.every((c) => c.met))
    const why = await api.get(`/api/events/${run.actions[0].seq}/why`)
    assert.equal(why.run.trigger_id, t.id)
    assert.match(why.chain[0].text, /записано сообщение/)
    await off(t)
  })
  test('its place is where the deal stands; a message to a client without a deal acts on the client', async () => {
    const here = await trigger({ event: { on: 'created', object: 'message' }, stage_id: shop.stages[1].id })
    const [a, b] = [await deal(), await deal()]
    await api.patch(`/api/deals/${b.id}`, { stage_id: shop.stages[1].id })
    for (const d of [a, b]) await message({ deal_id: d.id })
    assert.deepEqual([await tagged(a), await tagged(b)], [false, true])
    await off(here)

    const boss = await (await server.admin()).create('/api/users', { name: 'Марк', email: 'mark@example.ru', role: 'seller', password: 'пароль для тестов' })
    const client = await trigger({
      event: { on: 'created', object: 'message' }, condition: 'deal_id is null',
      actions: [{ do: 'tag', tag_id: tag.id, of: 'contact' }, { do: 'task', title: 'Ответить: {contact}', kind: 'call', to: { user_id: boss.id } }],
    })
    const anna = await api.create('/api/contacts', { name: 'Анна' })
    await message({ contact_id: anna.id })
    assert.deepEqual((await api.get(`/api/contacts/${anna.id}`)).tag_ids, [tag.id])
    const [task] = (await api.list('/api/tasks', { filter: `contact_id = ${anna.id}` })).items
    assert.deepEqual([task.title, task.owner_id], ['Ответить: Анна', boss.id])
    await off(client)
  })
  test('a message that is put right is "changed"; a note never is a message, and "note added" never is one', async () => {
    const changed = await trigger({ event: { on: 'updated', object: 'message', field: 'text' } })
    const [a, b] = [await deal(), await deal()]
    const m = await message({ deal_id: a.id })
    const note = await api.create('/api/notes', { deal_id: b.id, text: 'Заметка' })
    await api.patch(`/api/notes/${m.id}`, { text: 'Пришлите договор' })
    await api.patch(`/api/notes/${note.id}`, { text: 'Заметка подробнее' })
    assert.deepEqual([await tagged(a), await tagged(b)], [true, false])
    await off(changed)
    const noted = await trigger({ event: { on: 'note_added' }, funnel_id: shop.funnel.id })
    const [c, d] = [await deal(), await deal()]
    await message({ deal_id: c.id })
    await api.create('/api/notes', { deal_id: d.id, text: 'Заметка' })
    assert.deepEqual([await tagged(c), await tagged(d)], [false, true])
    await off(noted)
  })
  test('tried first, it names the messages that it would have answered', async () => {
    const d = await deal({ title: 'Старая сделка' })
    const wanted = await message({ deal_id: d.id, channel: 'messenger', text: 'Где мой заказ?' })
    await message({ deal_id: d.id, channel: 'messenger', text: 'Отвечаем', direction: 'out' })
    await api.create('/api/notes', { deal_id: d.id, text: 'Где заказ?' })
    const tried = await eventually(async () => {
      const r = await api('POST', '/api/triggers/try', { trigger: {
        name: 'x', event: { on: 'created', object: 'message' }, condition: 'channel = "messenger" and direction = "in"', actions: [{ do: 'tag', tag_id: tag.id }] } })
      return r.status === 200 && r.body
    }, 'a replay')
    assert.deepEqual(tried.items.map((x) => [x.object, x.object_id, x.deal_id, x.title]), [['message', wanted.id, d.id, 'Где мой заказ?']])
  })
  test('says in words what it waits for, and refuses what a message has not', async () => {
    const { events } = await api.get('/api/actions')
    assert.ok(events.find((e) => e.on === 'created').fields[0].names.includes('message'))
    const refused = async (event, more = {}) =>
      (await api('POST', '/api/triggers', { name: 'x', enabled: true, actions: [], event, ...more })).body.code
    assert.equal(await refused({ on: 'tagged', object: 'message' }), 'bad_trigger_event')
    assert.equal(await refused({ on: 'updated', object: 'message', field: 'stage_id' }), 'bad_trigger_event')
    assert.equal(await refused({ on: 'timer', object: 'message', after: 'created', hours: 1 }), 'timer_of_deals')
    assert.equal(await refused({ on: 'created', object: 'message' }, { condition: 'stage_id = 1' }), 'bad_filter')
  })
})
