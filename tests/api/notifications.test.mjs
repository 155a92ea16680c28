// One is told what others have given one, and what one has waited for. R114, R140, R142.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, peopleOf, scratchFile, serve } from './harness.mjs'

const server = await serve({ args: ['--files', scratchFile('files-notices')] })
const { admin, head, seller, observer } = await peopleOf(server)
const { funnel } = await funnelOf(admin)
const id = (api) => api.session.user.id
const mine = async (api) => (await api.list('/api/notifications', { sort: 'id' })).items

test('a deal, a task, a contact given to me by another are told, my own are not', async () => {
  const stream = await seller.events({})
  const deal = await head.create('/api/deals', { title: 'Поставка', funnel_id: funnel.id, owner_id: id(seller) })
  const live = await stream.next((e) => e.event === 'notification')
  assert.deepEqual([live.data.kind, live.data.object, live.data.object_id, live.data.params], ['deal.assigned', 'deal', deal.id, { who: 'head', title: 'Поставка' }])
  await head.create('/api/tasks', { title: 'Позвонить', owner_id: id(seller) })
  const contact = await seller.create('/api/contacts', { name: 'Анна' })
  await seller.create('/api/deals', { title: 'Моя собственная', funnel_id: funnel.id })
  await head.patch(`/api/contacts/${contact.id}`, { owner_id: id(head), owner_reason: 'Крупный клиент' })
  await head.patch(`/api/contacts/${contact.id}`, { owner_id: id(seller), owner_reason: 'Вернулась из отпуска' })
  assert.deepEqual((await mine(seller)).map((n) => n.kind), ['deal.assigned', 'task.assigned', 'contact.assigned'])
  assert.deepEqual(await mine(head), [])
})

test('whoever becomes a co-worker is told', async () => {
  const deal = await head.create('/api/deals', { title: 'Общая', funnel_id: funnel.id })
  await head.create('/api/deal-members', { deal_id: deal.id, user_id: id(seller), part: 'пресейл' })
  const last = (await mine(seller)).at(-1)
  assert.deepEqual([last.kind, last.object_id], ['deal.joined', deal.id])
})

test('whoever is named in a note with an @ is told, when they may see what it is about (R239)', async () => {
  const people = {}
  for (const [name, email] of [['Анна Кравцова', 'anna'], ['Анна', 'anna2'], ['Пётр Ёлкин', 'petr']]) {
    await admin.create('/api/users', { name, email: `${email}@example.ru`, role: 'head', password: 'пароль для тестов' })
    people[email] = await server.signIn(`${email}@example.ru`, 'пароль для тестов')
  }
  const { anna, anna2, petr } = people
  const deal = await head.create('/api/deals', { title: 'Тендер', funnel_id: funnel.id })
  const stream = await anna.events({})
  const note = await head.create('/api/notes', { deal_id: deal.id, text: 'Почта a@b.ru. @Анна Кравцова, посмотри смету; @петр елкин — договор. И я, @head' })
  const live = await stream.next((e) => e.event === 'notification')
  assert.deepEqual([live.data.kind, live.data.object, live.data.object_id, live.data.params], ['note.mentioned', 'deal', deal.id, { who: 'head', title: 'Тендер' }])
  const told = async (api) => (await mine(api)).filter((n) => n.kind === 'note.mentioned').length
  assert.deepEqual([await told(anna), await told(petr), await told(anna2), await told(head)], [1, 1, 0, 0])
  // only who is new in the text hears of it when it is changed
  await head.patch(`/api/notes/${note.id}`, { text: '@Анна Кравцова, и @Анна тоже' })
  assert.deepEqual([await told(anna), await told(petr), await told(anna2)], [1, 1, 1])
  // a name ends where its letters do, whatever sign is beside it, and goes on where they do
  await head.create('/api/notes', { deal_id: deal.id, text: 'Спросите «@Анна», потом @Анна… или @Анна— всё равно, …@Анна' })
  await head.create('/api/notes', { deal_id: deal.id, text: 'Это «@Анна Кравцова»' })
  await head.create('/api/notes', { deal_id: deal.id, text: '@Аннапурна, почта анны@Анна и 5@Анна' })
  assert.deepEqual([await told(anna), await told(anna2)], [2, 2])
  // on a client, and whoever does not see it hears nothing
  const contact = await head.create('/api/contacts', { name: 'Клиент' })
  await head.create('/api/notes', { contact_id: contact.id, text: '@Пётр Ёлкин' })
  assert.deepEqual([(await mine(petr)).at(-1).object, await told(petr)], ['contact', 2])
  const role = await admin.create('/api/roles', { name: 'Только своё', base: 'seller', rights: { objects: { deal: { see: 'own' } } } })
  await admin.create('/api/users', { name: 'Зоя', email: 'zoya@example.ru', role: 'seller', role_id: role.id, password: 'пароль для тестов' })
  const zoya = await server.signIn('zoya@example.ru', 'пароль для тестов')
  await head.create('/api/notes', { deal_id: deal.id, text: '@Зоя, взгляни' })
  assert.equal(await told(zoya), 0)
})

test('the end of a long operation is told to whoever has begun it, not every record of it', async () => {
  const before = (await mine(seller)).length
  const r = await admin('POST', '/api/deals/bulk', { filter: 'title ~ "о"', set: { owner_id: id(seller) } })
  assert.equal(r.status, 202, r.text)
  for (let i = 0; i < 200 && (await mine(admin)).length === 0; i++) await new Promise((done) => setTimeout(done, 25))
  const [told] = await mine(admin)
  assert.deepEqual([told.kind, told.object, told.object_id, told.params.operation], ['operation.done', 'operation', r.body.id, 'bulk'])
  assert.equal((await mine(seller)).length, before)
})

test('one sees and marks only one’s own', async () => {
  const all = await mine(seller)
  assert.deepEqual(await mine(observer), [])
  assert.equal((await observer('GET', `/api/notifications/${all[0].id}`)).status, 404)
  assert.equal((await observer('POST', '/api/notifications/read', { ids: [all[0].id] })).status, 204)
  assert.equal((await seller.get(`/api/notifications/${all[0].id}`)).read_at, null)
  assert.equal((await seller('POST', '/api/notifications/read', { ids: [all[0].id] })).status, 204)
  assert.ok((await seller.get(`/api/notifications/${all[0].id}`)).read_at > 0)
  assert.equal((await seller.list('/api/notifications', { filter: 'read_at is null', count: 1 })).count, all.length - 1)
  assert.equal((await seller('POST', '/api/notifications/read', { all: true })).status, 204)
  assert.equal((await seller.list('/api/notifications', { filter: 'read_at is null', count: 1 })).count, 0)
})

test('a wish that makes no sense is refused', async () => {
  assert.equal((await seller('POST', '/api/notifications/read', {})).body.code, 'required')
  assert.equal((await seller('POST', '/api/notifications/read', { ids: ['x'] })).body.code, 'wrong_type')
  assert.equal((await seller('POST', '/api/notifications/read', { ids: [1], more: 1 })).body.code, 'unknown_field')
  assert.equal((await server.anon('POST', '/api/notifications/read', { all: true })).status, 401)
})

test('taking back the giving takes the notification back', async () => {
  const r = await head('POST', '/api/deals', { title: 'По ошибке', funnel_id: funnel.id, owner_id: id(seller) })
  const n = (await mine(seller)).length
  assert.equal((await head('POST', '/api/undo', { change_id: Number(r.headers.get('voronka-change')) })).status, 200)
  assert.equal((await mine(seller)).length, n - 1)
})
