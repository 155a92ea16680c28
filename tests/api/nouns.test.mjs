import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const { funnel, stages, won, lost } = await funnelOf(admin)
const person = await admin.create('/api/contacts', { name: 'Анна Ёлкина', phone: '+7 (495) 123-45-67', email: 'anna@example.ru' })
const firm = await admin.create('/api/companies', { name: 'ООО «Ромашка»', inn: '7707083893' })
const product = await admin.create('/api/products', { name: 'Курс', price_minor: 1500000 })
const deal = await admin.create('/api/deals', { title: 'Курс №7', funnel_id: funnel.id })
const source = await admin.create('/api/sources', { name: 'Сайт' })

// What is made, what is changed of it, and what the answer then says beside that.
const lives = {
  deals: [{ title: 'Поставка', funnel_id: funnel.id, value_minor: 100 }, { title: 'Поставка №2', contact_id: person.id }, { status: 'open' }],
  contacts: [{ name: 'Пётр' }, { company_id: firm.id }, { owner_id: 1 }],
  companies: [{ name: 'АО «Вектор»' }, { website: 'vector.ru' }, {}],
  tasks: [{ title: 'Позвонить', deal_id: deal.id, kind: 'call' }, { done: true, result: 'дозвонились' }, { done_by: 1 }],
  notes: [{ text: 'строка\nещё строка', deal_id: deal.id }, { pinned: true }, { author_id: 1 }],
  products: [{ name: 'Аудит', price_minor: 900 }, { active: false }, { currency: 'RUB' }],
  'deal-products': [{ deal_id: deal.id, product_id: product.id, quantity: 2 }, { discount_percent: 50 }, { sum_minor: 1500000 }],
  tags: [{ name: 'горячий', colour: '#ff0000' }, { name: 'остыл' }, {}],
  sources: [{ name: 'Выставка' }, { archived: true }, {}],
  campaigns: [{ name: 'Осень', source_id: source.id, starts_on: '2026-09-01' }, { ends_on: '2026-11-30' }, { currency: 'RUB' }],
  'loss-reasons': [{ name: 'Дорого' }, { position: 5 }, { funnel_id: null }],
  'deal-classes': [{ name: 'Крупные' }, { name: 'Средние' }, {}],
  users: [{ name: 'Олег', email: 'oleg@example.ru', role: 'seller' }, { locale: 'en' }, { active: true }],
  funnels: [{ name: 'Тендеры', kind: 'other' }, { name: 'Закупки' }, { archived: false }],
  stages: [{ funnel_id: funnel.id, name: 'Договор', outcome: 'open' }, { norm_days: 5 }, {}],
  webhooks: [{ url: 'https://example.ru/hook' }, { active: false }, {}],
}

for (const [noun, [made, changed, says]] of Object.entries(lives))
  test(`${noun}: made, read, changed, listed, deleted and brought back`, async () => {
    const r = await admin.must(201)('POST', `/api/${noun}`, made)
    const object = r.body
    assert.equal(r.headers.get('location'), `/api/${noun}/${object.id}`)
    assert.equal(r.headers.get('etag'), `"${object.version}"`)
    assert.ok(Number(r.headers.get('voronka-change')) > 0)
    const patched = await admin.must(200)('PATCH', `/api/${noun}/${object.id}`, changed)
    for (const [k, v] of Object.entries({ ...made, ...changed, ...says })) {
      const expected = k === 'website' ? 'https://vector.ru' : v
      assert.deepEqual(patched.body[k], expected, k)
    }
    assert.ok(patched.body.version > object.version)
    assert.deepEqual(await admin.get(`/api/${noun}/${object.id}`), patched.body)
    const { items } = await admin.list(`/api/${noun}`, { filter: `id = ${object.id}` })
    assert.deepEqual(items, [patched.body])
    if (noun === 'users') return
    const gone = await admin.del(`/api/${noun}/${object.id}`)
    assert.equal((await admin('GET', `/api/${noun}/${object.id}`)).status, 404)
    assert.equal((await admin.list(`/api/${noun}`, { filter: `id = ${object.id}` })).items.length, 0)
    await admin.must(200)('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
    assert.equal((await admin.get(`/api/${noun}/${object.id}`)).id, object.id)
  })

test('a deal is won and its whole way stands in the timeline', async () => {
  const d = await admin.create('/api/deals', { title: 'Выиграть', funnel_id: funnel.id, value_minor: 500 })
  assert.equal(d.stage_id, stages[0].id)
  for (const s of [stages[1], stages[2], won]) await admin.patch(`/api/deals/${d.id}`, { stage_id: s.id })
  const end = await admin.get(`/api/deals/${d.id}`)
  assert.equal(end.status, 'won')
  assert.ok(end.closed_at >= d.created_at)
  const line = await admin.list(`/api/deals/${d.id}/timeline`)
  assert.deepEqual(line.items.map((e) => e.kind), ['deal.moved', 'deal.moved', 'deal.moved', 'deal.created'])
  assert.deepEqual(line.items[0].set.status, ['open', 'won'])
})

test('a lost deal needs a reason', async () => {
  const reason = await admin.create('/api/loss-reasons', { name: 'Выбрали другого' })
  const d = await admin.create('/api/deals', { title: 'Проиграть', funnel_id: funnel.id })
  const no = await admin('PATCH', `/api/deals/${d.id}`, { stage_id: lost.id })
  assert.deepEqual([no.status, no.body.code, no.body.field], [422, 'loss_reason_required', 'loss_reason_id'])
  const yes = await admin.patch(`/api/deals/${d.id}`, { stage_id: lost.id, loss_reason_id: reason.id })
  assert.equal(yes.status, 'lost')
})

test('the timeline of a deal shows its tasks, notes and products, page by page', async () => {
  const d = await admin.create('/api/deals', { title: 'История', funnel_id: funnel.id, contact_id: person.id, company_id: firm.id })
  await admin.create('/api/notes', { deal_id: d.id, text: 'заметка' })
  const t = await admin.create('/api/tasks', { deal_id: d.id, title: 'дело' })
  await admin.patch(`/api/tasks/${t.id}`, { done: true, result: 'сделано' })
  await admin.create('/api/deal-products', { deal_id: d.id, product_id: product.id })
  const kinds = []
  let page = { next_cursor: '' }
  for (let pages = 0; page.next_cursor !== null; pages++) {
    page = await admin.list(`/api/deals/${d.id}/timeline`, { limit: 2, ...(page.next_cursor && { cursor: page.next_cursor }) })
    kinds.push(...page.items.map((e) => e.kind))
    assert.ok(pages < 10)
  }
  assert.deepEqual(kinds.filter((k) => k !== 'deal.updated'), ['deal-product.created', 'task.done', 'task.created', 'note.created', 'deal.created'])
  for (const path of [`/api/contacts/${person.id}`, `/api/companies/${firm.id}`]) {
    const { items } = await admin.list(`${path}/timeline`)
    assert.ok(items.some((e) => e.kind === 'deal.created' && e.object_id === d.id), path)
  }
})

test('a renamed stage is a new version of the funnel; the old ones stay', async () => {
  const before = (await admin.get(`/api/funnels/${funnel.id}/versions`)).items
  await admin.patch(`/api/stages/${stages[0].id}`, { name: 'Новая заявка' })
  const after = (await admin.get(`/api/funnels/${funnel.id}/versions`)).items
  assert.equal(after.length, before.length + 1)
  assert.deepEqual(after.slice(1), before)
  const names = (v) => v.definition.stages.map((s) => s.name)
  assert.ok(names(after[0]).includes('Новая заявка') && names(after[1]).includes('Заявка'))
})

test('a preset brings a whole funnel with one change that can be taken back', async () => {
  const { items } = await admin.get('/api/presets')
  assert.ok(items.length >= 4)
  const before = (await admin.list('/api/funnels', { count: 1 })).count
  const r = await admin.must(201)('POST', `/api/presets/${items[0].name}`)
  assert.ok((await admin.list('/api/funnels', { count: 1 })).count > before)
  await admin.must(200)('POST', '/api/undo', { change_id: r.body.change_id })
  assert.equal((await admin.list('/api/funnels', { count: 1 })).count, before)
  assert.equal((await admin('POST', '/api/presets/unknown')).status, 404)
})
