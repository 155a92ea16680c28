// Many records changed at once: the same rules for each, progress, a report, and all of it taken back.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { cli, freshPlace, funnelOf, peopleOf, startServer } from './harness.mjs'

let server, place, people, admin, f, lost
const make = async (n, more = {}) => {
  const ids = []
  for (let i = 0; i < n; i++) ids.push((await admin.create('/api/deals', { title: `Поставка ${i + 1}`, funnel_id: f.funnel.id, stage_id: f.stages[0].id, value_minor: 1000 * (i + 1), ...more })).id)
  return ids
}
export const over = async (api, id) => {
  for (let i = 0; i < 1500; i++) {
    const op = await api.get('/api/operations/' + id)
    if (!['waiting', 'running'].includes(op.state)) return op
    await new Promise((r) => setTimeout(r, 20))
  }
  throw new Error('the operation does not end')
}
const bulk = (api, body, object = 'deals') => api('POST', `/api/${object}/bulk`, body)

before(async () => {
  place = freshPlace()
  server = await startServer({ place })
  people = await peopleOf(server)
  admin = people.admin
  f = await funnelOf(admin)
  lost = f.lost
})

test('a head moves forty deals of a filter in one go, sees it counted before, and takes it back', async () => {
  const ids = await make(40, { utm_source: 'перенос' })
  const filter = 'utm_source = "перенос"'
  const dry = await bulk(admin, { filter, set: { stage_id: f.stages[1].id }, dry_run: true })
  assert.equal(dry.status, 200, dry.text)
  assert.deepEqual([dry.body.matched, dry.body.would_change, dry.body.refused], [40, 40, 0])
  assert.equal((await admin.get('/api/deals/' + ids[0])).stage_id, f.stages[0].id, 'a dry run changes nothing')
  const begun = await bulk(admin, { filter, set: { stage_id: f.stages[1].id } })
  assert.equal(begun.status, 202, begun.text)
  const done = await over(admin, begun.body.id)
  assert.deepEqual([done.state, done.total, done.done_count, done.failed_count, done.outcome.changed], ['done', 40, 40, 0, 40])
  for (const id of ids) assert.equal((await admin.get('/api/deals/' + id)).stage_id, f.stages[1].id)
  const one = (await admin.list(`/api/deals/${ids[5]}/timeline`)).items[0]
  const other = (await admin.list(`/api/deals/${ids[6]}/timeline`)).items[0]
  assert.equal(one.change_id, other.change_id, 'all its events are one change')
  const undo = await admin('POST', `/api/operations/${done.id}/undo`)
  assert.equal(undo.status, 202, undo.text)
  const back = await over(admin, undo.body.id)
  assert.deepEqual([back.kind, back.state, back.failed_count, back.undoes_id], ['undo', 'done', 0, done.id])
  for (const id of ids) assert.equal((await admin.get('/api/deals/' + id)).stage_id, f.stages[0].id)
  assert.equal((await admin.get('/api/operations/' + done.id)).state, 'undone')
  const again = await admin('POST', `/api/operations/${done.id}/undo`)
  assert.equal(again.body.code, 'already_undone')
})

test('rules hold for every record: what is refused is counted, told with its reason, and the rest goes on', async () => {
  const reasonId = (await admin.create('/api/loss-reasons', { name: 'Дорого' })).id
  const ids = await make(6, { utm_source: 'отказы' })
  await admin.patch('/api/deals/' + ids[2], { stage_id: lost.id, loss_reason_id: reasonId })
  const body = { ids: [...ids, 999999], set: { stage_id: lost.id } }
  const dry = (await bulk(admin, { ...body, dry_run: true })).body
  assert.deepEqual([dry.matched, dry.would_change, dry.refused], [7, 0, 6])
  const reason = dry.reasons.find((r) => r.code === 'loss_reason_required')
  assert.equal(reason.count, 5)
  assert.ok(reason.detail.length > 5 && reason.ids.includes(ids[0]))
  assert.equal(dry.reasons.find((r) => r.code === 'not_found').count, 1)
  const done = await over(admin, (await bulk(admin, body)).body.id)
  assert.deepEqual([done.state, done.done_count, done.failed_count], ['done', 1, 6])
  const report = await admin.list(`/api/operations/${done.id}/report`)
  assert.equal(report.items.length, 6)
  assert.equal(report.items[0].object_id, ids[0])
  assert.equal(report.items[0].code, 'loss_reason_required')
  const csv = await admin('GET', `/api/operations/${done.id}/report?format=csv`)
  assert.equal(csv.status, 200)
  assert.equal(csv.text.trim().split('\r\n').length, 7)
})

test('labels are added and removed beside those that are there; one that has them already is no change', async () => {
  const [a, b] = await Promise.all(['Срочно', 'Архив'].map((name) => admin.create('/api/tags', { name })))
  const ids = await make(3)
  await admin.patch('/api/deals/' + ids[0], { tag_ids: [b.id] })
  const done = await over(admin, (await bulk(admin, { ids, add: { tag_ids: [a.id] }, remove: { tag_ids: [b.id] } })).body.id)
  assert.equal(done.outcome.changed, 3)
  for (const id of ids) assert.deepEqual((await admin.get('/api/deals/' + id)).tag_ids, [a.id])
  const again = await over(admin, (await bulk(admin, { ids, add: { tag_ids: [a.id] } })).body.id)
  assert.deepEqual([again.done_count, again.outcome.changed], [3, 0])
})

test('many records are deleted at once and come back at once', async () => {
  const ids = await make(5)
  const done = await over(admin, (await bulk(admin, { ids, delete: true })).body.id)
  assert.equal(done.done_count, 5)
  assert.equal((await admin('GET', '/api/deals/' + ids[0])).status, 404)
  await over(admin, (await admin('POST', `/api/operations/${done.id}/undo`)).body.id)
  for (const id of ids) assert.equal((await admin('GET', '/api/deals/' + id)).status, 200)
})

test('a record that somebody has changed since stays as it is when the whole is taken back', async () => {
  const ids = await make(4)
  const done = await over(admin, (await bulk(admin, { ids, set: { value_minor: 500 } })).body.id)
  await admin.patch('/api/deals/' + ids[1], { value_minor: 777 })
  const back = await over(admin, (await admin('POST', `/api/operations/${done.id}/undo`)).body.id)
  assert.deepEqual([back.done_count, back.failed_count], [3, 1])
  assert.equal((await admin.get('/api/deals/' + ids[1])).value_minor, 777)
  assert.equal((await admin.get('/api/deals/' + ids[0])).value_minor, 1000)
  assert.equal((await admin.list(`/api/operations/${back.id}/report`)).items[0].code, 'undo_conflict')
})

test('the general undo takes back a whole operation too', async () => {
  const ids = await make(3)
  const begun = await bulk(admin, { ids, set: { value_minor: 42 } })
  const change = Number(begun.headers.get('voronka-change'))
  await over(admin, begun.body.id)
  const undo = await admin('POST', '/api/undo', { change_id: change })
  assert.equal(undo.status, 200, undo.text)
  await over(admin, undo.body.operation_id)
  assert.equal((await admin.get('/api/deals/' + ids[2])).value_minor, 3000)
})

test('its owner hears how far it is, nobody else does', async () => {
  const mine = await admin.events()
  const theirs = await people.seller.events()
  const ids = await make(30)
  const begun = await bulk(admin, { ids, set: { value_minor: 9 } })
  const news = await mine.next((e) => e.event === 'operation' && e.data.id === begun.body.id && e.data.state === 'done')
  assert.equal(news.data.done_count, 30)
  await theirs.next((e) => e.event === 'change' && e.data.kind === 'deal.updated')
  assert.ok(!theirs.all.some((e) => e.event === 'operation'))
  mine.close()
  theirs.close()
})

test('each deal behind a number gets a task of its own, of whoever owns it; all of it is taken back (R181)', async () => {
  const [one, two] = await make(2, { utm_source: 'застряли' })
  await admin.patch(`/api/deals/${two}`, { owner_id: people.seller.session.user.id })
  const filter = 'utm_source = "застряли"'
  const report = await admin.list('/api/reports/funnel', { funnel_id: f.funnel.id, filter })
  const behind = await admin.list('/api/reports/funnel/deals', { funnel_id: f.funnel.id, filter, row: report.keys[0], column: report.columns.find((c) => c.drill && c.type === 'int').id })
  const ids = behind.items.map((d) => d.id)
  assert.deepEqual([...ids].sort((a, b) => a - b), [one, two])
  const plan = { ids, task: { title: 'Разобрать, почему стоит', kind: 'call', due_at: Date.now() + 86400000 } }
  const dry = (await bulk(admin, { ...plan, dry_run: true })).body
  assert.deepEqual([dry.matched, dry.would_change, dry.refused], [2, 2, 0])
  const tasks = async () => (await admin.list('/api/tasks', { filter: `title = "Разобрать, почему стоит" and deal_id in (${one},${two})`, sort: 'deal_id' })).items
  assert.equal((await tasks()).length, 0, 'a dry run makes none')
  const op = (await bulk(admin, plan)).body
  assert.equal((await over(admin, op.id)).done_count, 2)
  assert.deepEqual((await tasks()).map((x) => [x.deal_id, x.owner_id, x.author_id, x.kind]), [[one, admin.session.user.id, admin.session.user.id, 'call'], [two, people.seller.session.user.id, admin.session.user.id, 'call']])
  assert.equal((await over(admin, (await admin.must(202)('POST', `/api/operations/${op.id}/undo`)).body.id)).state, 'done')
  assert.equal((await tasks()).length, 0)
  // together with another change, for somebody who is named
  const both = (await bulk(admin, { ids: [one], set: { title: 'Разобрана' }, task: { title: 'Разобрать, почему стоит', owner_id: people.head.session.user.id } })).body
  assert.equal((await over(admin, both.id)).done_count, 1)
  assert.equal((await tasks())[0].owner_id, people.head.session.user.id)
  assert.equal((await admin.get(`/api/deals/${one}`)).title, 'Разобрана')
  for (const [object, body, code] of [['deals', { task: {} }, 'required'], ['deals', { task: { title: 'x', deal_id: 1 } }, 'unknown_field'], ['tasks', { task: { title: 'x' } }, 'unknown_field'], ['deals', { task: { title: 'x' }, delete: true }, 'bulk_delete_alone']])
    assert.equal((await bulk(admin, { ids: [one], ...body }, object)).body.code, code)
})

test('who may not edit in bulk is refused, a nonsense plan too', async () => {
  assert.equal((await bulk(people.observer, { ids: [1], set: { title: 'x' } })).status, 403)
  for (const [body, code] of [
    [{ set: { title: 'x' } }, 'bulk_which'],
    [{ ids: [1], filter: '', set: { title: 'x' } }, 'bulk_which'],
    [{ ids: [1] }, 'bulk_nothing'],
    [{ ids: [1], delete: true, set: { title: 'x' } }, 'bulk_delete_alone'],
    [{ ids: [1], add: { title: 'x' } }, 'bulk_not_a_set'],
    [{ ids: ['1'], delete: true }, 'wrong_type'],
    [{ filter: 'nonsense ~~', delete: true }, 'bad_filter'],
    [{ ids: [1], set: { nonsense: 1 } }, 'unknown_field'],
    [{ ids: [], delete: true }, 'bulk_ids_most'],
  ]) {
    const r = await bulk(admin, body)
    assert.equal(r.body.code, code, JSON.stringify(body) + r.text)
  }
})

test('journal and rows agree after all of it', async () => {
  await server.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})
