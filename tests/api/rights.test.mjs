// Who may see and do what (R217, R240, R338): every route as every role, and that nothing of a record out of sight comes
// out anywhere: not in a list, a count, a sum, a filter, a reference, an error, a timeline, a board, a live update, a
// report, a search or an export.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boardRows, funnelOf, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const MARK = 'зяблик'
const password = 'пароль для тестов'
const everyone = (scope) => Object.fromEntries(['deal', 'contact', 'company', 'task'].map((o) => [o, { see: scope, create: scope, edit: scope, delete: scope, export: scope }]))

const open = await funnelOf(admin, { name: 'Продажи' })
const secret = await funnelOf(admin, { name: `Тайная ${MARK}` })
const [first, second, closed] = open.stages
const F = open.funnel.id
const top = await admin.create('/api/teams', { name: 'Отдел' })
const sub = await admin.create('/api/teams', { name: 'Группа', parent_id: top.id })

// The roles of the test: what they say is what the expectations are computed from.
const roles = {
  own: { base: 'seller', rights: { objects: everyone('own') } },
  team: { base: 'seller', rights: { objects: everyone('team') } },
  looker: { base: 'seller', rights: { objects: Object.fromEntries(['deal', 'contact', 'company', 'task'].map((o) => [o, { see: 'all', create: 'none', edit: 'own', delete: 'none', export: 'none' }])) } },
  blind: { base: 'seller', rights: { objects: everyone('none'), can: [] } },
  masked: { base: 'seller', rights: { objects: {}, fields: { 'deal.value_minor': 'hidden', 'deal.company_id': 'hidden', 'contact.phone': 'hidden', 'deal.expected_close_on': 'read_only' }, funnels: { [secret.funnel.id]: 'hidden' }, stages: { [closed.id]: 'closed' } } },
  seller: { base: 'seller' },
  observer: { base: 'observer' },
  head: { base: 'head' },
}
const people = { admin }
const ids = {}
for (const [name, role] of Object.entries(roles)) {
  const email = `${name}@example.ru`
  const given = role.rights ? { role_id: (await admin.create('/api/roles', { name: `Роль ${name}`, base: role.base, rights: role.rights })).id } : { role: role.base }
  const team_id = { own: sub.id, team: top.id }[name] ?? null
  ids[name] = (await admin.create('/api/users', { name: `Сотрудник ${name}`, email, password, team_id, ...given })).id
  people[name] = await server.signIn(email, password)
}
await admin.patch(`/api/teams/${top.id}`, { head_id: ids.team })
const nobody = (await admin.create('/api/users', { name: 'Посторонний', email: 'nobody@example.ru', password })).id

// For each owner one of everything; the stranger's carries the mark.
async function worldOf(owner_id, word) {
  const company = await admin.create('/api/companies', { name: `ООО ${word}`, owner_id, inn: null })
  const contact = await admin.create('/api/contacts', { name: `Пётр ${word}`, phone: `+7 900 000-${String(owner_id).padStart(2, '0')}-00`, owner_id })
  const deal = await admin.create('/api/deals', { title: `Сделка ${word}`, owner_id, stage_id: first.id, value_minor: 1000003, contact_id: contact.id, company_id: company.id })
  const task = await admin.create('/api/tasks', { title: `Дело ${word}`, owner_id, deal_id: deal.id, due_at: Date.now() })
  const note = await admin.create('/api/notes', { text: `Заметка ${word}`, deal_id: deal.id })
  return { deals: deal, contacts: contact, companies: company, tasks: task, notes: note }
}
const worlds = { own: await worldOf(ids.own, 'свой'), team: await worldOf(ids.team, 'командный'), stranger: await worldOf(nobody, MARK) }
const hiddenDeal = await admin.create('/api/deals', { title: `В тайной ${MARK}`, owner_id: nobody, stage_id: secret.stages[0].id })
const shared = await admin.create('/api/deals', { title: 'Общая', owner_id: nobody, stage_id: second.id, value_minor: 77 })
await admin.create('/api/deal-members', { deal_id: shared.id, user_id: ids.own, part: 'пресейл' })

// ---- what is expected, from the roles above ----
const levels = ['none', 'own', 'team', 'all']
function scope(name, noun, right) {
  if (name === 'admin' || name === 'head') return 'all'
  const object = { deals: 'deal', contacts: 'contact', companies: 'company', tasks: 'task' }[noun]
  const said = roles[name].rights?.objects?.[object]?.[right]
  if (said) return said
  return roles[name].base === 'observer' ? (right === 'see' ? 'all' : 'none') : 'all'
}
function reaches(level, name, owner) {
  if (level === 'all') return true
  if (level === 'none') return false
  if (owner === ids[name]) return true
  // the team role heads the upper team: its own and those below; the seller with own rights stands below
  return level === 'team' && name === 'team' && owner === ids.own
}
function may(name, noun, owner, right) {
  const least = levels[Math.min(levels.indexOf(scope(name, noun, right)), levels.indexOf(scope(name, noun, 'see')))]
  return reaches(least, name, owner)
}
const owners = { own: ids.own, team: ids.team, stranger: nobody }

test('every record answers every role as its rights say: seen, changed, deleted', async () => {
  for (const [name, api] of Object.entries(people))
    for (const [whose, world] of Object.entries(worlds))
      for (const noun of ['deals', 'contacts', 'companies', 'tasks']) {
        const id = world[noun].id, owner = owners[whose], what = `${name} ${noun} of ${whose}`
        const sees = may(name, noun, owner, 'see')
        const r = await api('GET', `/api/${noun}/${id}`)
        assert.equal(r.status, sees ? 200 : 404, `${what}: ${r.text.slice(0, 200)}`)
        const list = await api.list(`/api/${noun}`, { filter: `id = ${id}`, count: '1' })
        assert.deepEqual([list.items.length, list.count], sees ? [1, 1] : [0, 0], what)
        for (const [method, right] of [['PATCH', 'edit'], ['DELETE', 'delete']]) {
          // a stale version keeps an allowed one from happening
          const w = await api(method, `/api/${noun}/${id}`, method === 'PATCH' ? { owner_id: owner } : undefined, { headers: { 'if-match': '"9999"' } })
          const none = levels.indexOf(scope(name, noun, right)) === 0
          const expected = none ? 403 : !sees ? 404 : may(name, noun, owner, right) ? 412 : 403
          assert.equal(w.status, expected, `${what} ${method}: ${w.text.slice(0, 200)}`)
        }
      }
})

test('every route as every role: only what the role lets in, and no word of a record out of sight', async () => {
  const spec = await server.anon.get('/api/openapi.json')
  const unseen = { own: true, team: true, blind: true }
  for (const [path, methods] of Object.entries(spec.paths)) {
    if (path === '/api/events' || path.startsWith('/api/session') || !methods.get) continue
    const noun = path.split('/')[2]
    const target = worlds.stranger[noun]?.id ?? (noun === 'funnels' ? secret.funnel.id : noun === 'stages' ? secret.stages[0].id : 1)
    const at = path.replace('{id}', target).replace('{funnel_id}', secret.funnel.id).replace(/\{\w+\}/g, 'none')
    for (const [name, api] of Object.entries(people)) {
      const r = await api('GET', at)
      assert.ok(r.status < 500 || r.status === 503, `${name} ${at}: ${r.status} ${r.text.slice(0, 200)}`)
      if (unseen[name] && !['funnels', 'stages', 'boot', 'board', 'history', 'custom-fields', 'layouts'].includes(noun)) assert.ok(!r.text.includes(MARK), `${name} ${at} tells: ${r.text.slice(0, 300)}`)
      if (name === 'masked' && ['funnels', 'stages', 'boot', 'board', 'history'].includes(noun)) assert.ok(!r.text.includes(MARK), `${name} ${at} tells: ${r.text.slice(0, 300)}`)
    }
  }
})

test('sums, groups, searches, references and errors do not tell of what is out of sight', async () => {
  for (const name of ['own', 'team', 'blind']) {
    const api = people[name]
    for (const filter of [`contact_id.name ~ "${MARK}"`, `company_id.name ~ "${MARK}"`, `title ~ "${MARK}"`, `contact_id.phone ~ "900"  and contact_id.name ~ "${MARK}"`]) {
      const { count } = await api.list('/api/deals', { filter, count: '1' })
      assert.equal(count, 0, `${name} ${filter}`)
    }
    assert.equal((await api.list('/api/tasks', { filter: `deal_id.title ~ "${MARK}"`, count: '1' })).count, 0)
    const all = await api.list('/api/deals', { sum: 'value_minor', count: '1' })
    const expected = { own: 1000003 + 77, team: 2 * 1000003 + 77, blind: 0 }[name]
    assert.equal(all.sums.value_minor, expected, name)
    const groups = await api('GET', '/api/deals/groups?by=owner_id&sum=value_minor')
    if (groups.status === 200) assert.ok(!groups.body.groups.some((g) => g.value === nobody && g.sums.value_minor > 77), name)
    const found = await api('GET', `/api/search?q=${encodeURIComponent(MARK)}`)
    if (found.status === 200) assert.ok(!JSON.stringify(found.body.items).includes(MARK), name)
    for (const format of ['csv', 'xlsx']) {
      const file = await api('GET', `/api/deals/export?format=${format}`)
      assert.ok(!file.text.includes(MARK), `${name} export ${format}`)
    }
    for (const body of [{ contact_id: worlds.stranger.contacts.id }, { company_id: worlds.stranger.companies.id }]) {
      const mine = name === 'blind' ? worlds.stranger.deals.id : worlds.own.deals.id
      const r = await api('PATCH', `/api/deals/${mine}`, body)
      assert.ok(name === 'blind' ? r.status === 403 : r.body.code === 'ref_not_found', r.text)
    }
    for (const noun of ['deals', 'contacts', 'companies']) assert.equal((await api('GET', `/api/${noun}/${worlds.stranger[noun].id}/timeline`)).status, 404)
    assert.equal((await api('GET', `/api/deals/${worlds.stranger.deals.id}/owners`)).status, 404)
  }
})

test('the board shows one’s own deals, their totals, and only names one may see', async () => {
  const mine = boardRows(await people.own.list(`/api/board/${F}`))
  assert.deepEqual([...mine.keys()].sort((a, b) => a - b), [worlds.own.deals.id, shared.id].sort((a, b) => a - b))
  const board = await people.own.list(`/api/board/${F}`)
  assert.deepEqual(board.totals.reduce((n, t) => [n[0] + t.deals, n[1] + t.value_minor], [0, 0]), [2, 1000080])
  const filtered = await people.own.list(`/api/board/${F}`, { filter: 'value_minor > 100' })
  assert.deepEqual(filtered.cols.id, [worlds.own.deals.id])
  const masked = await people.masked.list(`/api/board/${F}`)
  assert.deepEqual([masked.cols.value_minor, masked.cols.company, masked.dict.company], [[], [], []])
  assert.ok(masked.totals.every((t) => !('value_minor' in t)))
  assert.equal((await people.masked('GET', `/api/board/${secret.funnel.id}`)).status, 404)
  assert.equal((await people.blind('GET', `/api/board/${F}`)).status, 404)
})

test('a report counts only deals in sight, and does not group by a hidden field', async () => {
  const deals = async (api) => (await api.list('/api/reports/conversion', { funnel_id: F })).summary.deals
  assert.equal(await deals(people.admin), 4)
  assert.equal(await deals(people.own), 2)
  assert.equal((await people.masked('GET', `/api/reports/conversion?funnel_id=${F}&by=company`)).body.code, 'bad_param')
  assert.equal((await people.masked('GET', `/api/reports/conversion?funnel_id=${secret.funnel.id}`)).body.code, 'funnel_not_found')
  assert.equal((await people.blind('GET', `/api/reports/conversion?funnel_id=${F}`)).body.code, 'forbidden')
})

test('a hidden field is not there: in no answer, filter, sort, sum, and not to be written', async () => {
  const api = people.masked, id = worlds.own.deals.id
  const deal = await api.get(`/api/deals/${id}`)
  assert.ok(!('value_minor' in deal) && !('company_id' in deal) && 'version' in deal && 'title' in deal)
  assert.ok(!JSON.stringify((await api.list('/api/deals')).items).includes('value_minor'))
  const code = async (path) => (await api('GET', path)).body.code
  assert.equal(await code('/api/deals?filter=value_minor%20%3E%201'), 'bad_filter')
  assert.equal(await code('/api/deals?filter=company_id.name%20~%20%22%D0%B0%22'), 'bad_filter')
  assert.equal(await code('/api/deals?filter=contact_id.phone%20~%20%229%22'), 'bad_filter')
  assert.equal(await code('/api/deals?sort=value_minor'), 'bad_sort')
  assert.equal(await code('/api/deals?sum=value_minor'), 'bad_sum')
  assert.equal(await code('/api/deals?fields=value_minor'), 'bad_fields')
  for (const field of ['value_minor', 'no_such_field']) assert.deepEqual([(await api('PATCH', `/api/deals/${id}`, { [field]: 1 })).status, (await api('PATCH', `/api/deals/${id}`, { [field]: 1 })).body.code], [400, 'unknown_field'])
  assert.equal((await api('POST', '/api/deals', { title: 'x', value_minor: 5 })).body.code, 'unknown_field')
  assert.ok(!JSON.stringify(await api.get(`/api/deals/${id}/timeline`)).includes('value_minor'))
  const refused = await api('PATCH', `/api/deals/${id}`, { expected_close_on: '2027-01-01' })
  assert.deepEqual([refused.status, refused.body.code, refused.body.field], [403, 'forbidden', 'expected_close_on'])
  assert.equal((await api.patch(`/api/deals/${id}`, { title: 'Сделка свой' })).title, 'Сделка свой')
})

test('a hidden phone is hidden wherever it stands: further phones, their search, a merge that is tried', async () => {
  const rights = { objects: {}, can: ['merge'], fields: { 'contact.phone': 'hidden' }, funnels: { [secret.funnel.id]: 'hidden' } }
  const role = await admin.create('/api/roles', { name: 'Сведение без телефонов', base: 'head', rights })
  await admin.create('/api/users', { name: 'Без телефонов', email: 'phoneless@example.ru', password, role_id: role.id })
  const api = await server.signIn('phoneless@example.ru', password)
  const stays = await admin.create('/api/contacts', { name: 'Пара Первая', phone: '+7 495 765-43-21', owner_id: nobody })
  const goes = await admin.create('/api/contacts', { name: 'Пара Вторая', phone: '+7 495 765-43-22', owner_id: nobody })
  const point = await admin.create('/api/contact-points', { contact_id: goes.id, kind: 'phone', value: '+7 495 765-43-23' })
  const site = await admin.create('/api/contact-points', { contact_id: goes.id, kind: 'messenger', value: '@para' })
  await admin.create('/api/deals', { title: 'Тайная с парой', owner_id: nobody, stage_id: secret.stages[0].id, contact_id: goes.id })
  assert.equal((await api.get(`/api/contacts/${goes.id}`)).phone, undefined)
  assert.equal((await api('GET', `/api/contact-points/${point.id}`)).status, 404)
  assert.deepEqual((await api.list('/api/contact-points', { filter: `contact_id = ${goes.id}` })).items.map((p) => p.id), [site.id])
  assert.ok(!JSON.stringify(await api.get('/api/search?q=4957654323')).includes('Пара'))
  const plan = (await api.must(200)('POST', `/api/contacts/${stays.id}/merge`, { with: [goes.id], dry_run: true })).body
  assert.deepEqual([plan.points, plan.record.phone], [[], undefined])
  assert.equal(plan.moves.deals, undefined, 'a deal that one does not see is not counted')
  for (const one of [stays, goes]) await admin.del(`/api/contacts/${one.id}`)
})

test('who keeps people gives nobody leave to enter a stage that is closed to them', async () => {
  const role = (name, can, place) => admin.create('/api/roles', { name, base: 'seller', rights: { objects: {}, can, stages: place ? { [closed.id]: place } : {} } })
  const keeps = await role('Кадры у границы', ['users'], 'closed')
  const [free, same, blind] = [await role('Без границ', []), await role('Та же граница', [], 'closed'), await role('Не видит её', [], 'hidden')]
  await admin.create('/api/users', { name: 'Кадровик', email: 'keeper@example.ru', password, role_id: keeps.id })
  const api = await server.signIn('keeper@example.ru', password)
  const hire = async (role_id, i) => (await api('POST', '/api/users', { name: `Новичок ${i}`, email: `new${i}@example.ru`, password, role_id })).status
  assert.deepEqual([await hire(free.id, 1), await hire(same.id, 2), await hire(blind.id, 3)], [403, 201, 201])
})

test('a closed stage cannot be entered, a hidden funnel is not there', async () => {
  const api = people.masked, id = worlds.own.deals.id
  assert.deepEqual([(await api('PATCH', `/api/deals/${id}`, { stage_id: closed.id })).status], [403])
  assert.equal((await api('PATCH', `/api/deals/${id}`, { stage_id: secret.stages[0].id })).body.code, 'ref_not_found')
  assert.equal((await api('POST', '/api/deals', { title: 'x', funnel_id: secret.funnel.id })).body.code, 'ref_not_found')
  assert.equal((await api('GET', `/api/funnels/${secret.funnel.id}`)).status, 404)
  assert.equal((await api('GET', `/api/funnels/${secret.funnel.id}/versions`)).status, 404)
  assert.equal((await api('GET', `/api/deals/${hiddenDeal.id}`)).status, 404)
  assert.ok(!JSON.stringify(await api.get('/api/boot')).includes(MARK))
  const made = await api.create('/api/deals', { title: 'По умолчанию' })
  assert.equal(made.funnel_id, F)
  await admin.del(`/api/deals/${made.id}`)
})

test('one cannot give away, or create for others, beyond one’s reach', async () => {
  const r = await people.own('PATCH', `/api/deals/${worlds.own.deals.id}`, { owner_id: nobody })
  assert.deepEqual([r.status, r.body.code, r.body.field], [403, 'forbidden', 'owner_id'])
  const c = await people.own('POST', '/api/deals', { title: 'чужая', owner_id: nobody })
  assert.deepEqual([c.status, c.body.field], [403, 'owner_id'])
  const mine = await people.own.create('/api/deals', { title: 'моя' })
  assert.equal(mine.owner_id, ids.own)
  await people.own.del(`/api/deals/${mine.id}`)
  assert.equal((await people.looker('POST', '/api/deals', { title: 'x' })).status, 403)
})

test('a co-worker sees and edits the deal, and loses it with the place', async () => {
  assert.equal((await people.own.patch(`/api/deals/${shared.id}`, { title: 'Общая' })).title, 'Общая')
  assert.equal((await people.own.list('/api/deal-members', { filter: `deal_id = ${shared.id}` })).items.length, 1)
  const again = await admin('POST', '/api/deal-members', { deal_id: shared.id, user_id: ids.own })
  assert.deepEqual([again.status, again.body.code], [409, 'member_exists'])
  const stream = await people.own.events({ board: F })
  const place = (await admin.list('/api/deal-members', { filter: `deal_id = ${shared.id}` })).items[0]
  const gone = await admin.must(204)('DELETE', `/api/deal-members/${place.id}`)
  await stream.next((e) => e.event === 'gone' && e.data.object === 'deal' && e.data.object_id === shared.id)
  await stream.next((e) => e.event === 'board' && e.data.gone.includes(shared.id))
  assert.equal((await people.own('GET', `/api/deals/${shared.id}`)).status, 404)
  await admin('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })
  await stream.next((e) => e.event === 'board' && e.data.cols.id.includes(shared.id))
  assert.equal((await people.own('GET', `/api/deals/${shared.id}`)).status, 200)
  stream.close()
})

test('live updates tell each listener only what they may see, and that a deal has left their sight', async () => {
  const streams = { own: await people.own.events({ board: F }), masked: await people.masked.events({ board: F }), blind: await people.blind.events(), seller: await people.seller.events({ board: F }) }
  const id = worlds.stranger.deals.id
  await admin.patch(`/api/deals/${id}`, { title: `Ещё ${MARK}`, value_minor: 555 })
  await admin.patch(`/api/contacts/${worlds.stranger.contacts.id}`, { name: `Пётр ${MARK} Второй` })
  await admin.create('/api/tasks', { title: `Тихое ${MARK}`, deal_id: id, owner_id: nobody })
  await admin.patch(`/api/deals/${worlds.own.deals.id}`, { value_minor: 42 })
  await streams.own.next((e) => e.event === 'change' && e.data.object_id === worlds.own.deals.id)
  await streams.seller.next((e) => e.event === 'change' && e.data.object === 'deal' && e.data.object_id === id)
  await admin.patch(`/api/deals/${worlds.own.deals.id}`, { owner_id: nobody, owner_reason: 'Передача' })
  await streams.own.next((e) => e.event === 'gone' && e.data.object_id === worlds.own.deals.id)
  await streams.own.next((e) => e.event === 'board' && e.data.gone.includes(worlds.own.deals.id))
  await admin.patch(`/api/deals/${worlds.own.deals.id}`, { owner_id: ids.own })
  await streams.own.next((e) => e.event === 'board' && e.data.cols.id.includes(worlds.own.deals.id))
  await streams.masked.next((e) => e.event === 'board' && e.data.cols.id.includes(worlds.own.deals.id))
  assert.ok(!JSON.stringify(streams.own.all).includes(MARK))
  assert.ok(!JSON.stringify(streams.blind.all).includes('"deal"'))
  const told = JSON.stringify(streams.masked.all)
  assert.ok(!/\b555\b/.test(told) && !told.includes('"value_minor":[1'), told.slice(0, 500))
  for (const s of Object.values(streams)) s.close()
})

test('who comes back to a stream gets only their own', async () => {
  const { seq } = await people.own.get('/api/boot')
  await admin.patch(`/api/deals/${worlds.stranger.deals.id}`, { title: `Снова ${MARK}` })
  const stream = await people.own.events({ board: F, since: seq })
  await admin.patch(`/api/deals/${worlds.own.deals.id}`, { value_minor: 43 })
  await stream.next((e) => e.event === 'change' && e.data.object_id === worlds.own.deals.id)
  assert.ok(!JSON.stringify(stream.all).includes(MARK))
  stream.close()
})

test('one takes back one’s own changes, others’ only with that right', async () => {
  const change = async (api) => Number((await api.must(200)('PATCH', `/api/deals/${worlds.own.deals.id}`, { title: `т ${Math.random()}` })).headers.get('voronka-change'))
  const ofAdmin = await change(admin)
  for (const name of ['own', 'seller', 'observer']) assert.equal((await people[name]('POST', '/api/undo', { change_id: ofAdmin })).status, 403, name)
  assert.equal((await people.head('POST', '/api/undo', { change_id: ofAdmin })).status, 200)
  assert.equal((await people.own('POST', '/api/undo', { change_id: await change(people.own) })).status, 200)
})

test('a co-worker who deletes a deal brings it back with what hangs on it', async () => {
  await people.own.create('/api/notes', { text: 'к общей', deal_id: shared.id })
  const gone = await people.own.must(204)('DELETE', `/api/deals/${shared.id}`)
  assert.equal((await people.own('GET', `/api/deals/${shared.id}`)).status, 404)
  assert.equal((await people.own('POST', '/api/undo', { change_id: Number(gone.headers.get('voronka-change')) })).status, 200)
  assert.equal((await people.own.list('/api/notes', { filter: `deal_id = ${shared.id}` })).items.length, 1)
})

test('a notification is not told of what is out of sight', async () => {
  const before = (await people.blind.list('/api/notifications')).items.length
  await admin.create('/api/deals', { title: `Тебе ${MARK}`, owner_id: ids.blind, stage_id: first.id })
  assert.equal((await people.blind.list('/api/notifications')).items.length, before)
  assert.equal((await people.own.list('/api/notifications')).items.every((n) => !JSON.stringify(n).includes(MARK)), true)
})

test('a change of the role holds at once', async () => {
  const role = (await admin.list('/api/roles', { filter: 'name = "Роль looker"' })).items[0]
  assert.equal((await people.looker('GET', `/api/deals/${worlds.stranger.deals.id}`)).status, 200)
  await admin.patch(`/api/roles/${role.id}`, { rights: { objects: everyone('own') } })
  assert.equal((await people.looker('GET', `/api/deals/${worlds.stranger.deals.id}`)).status, 404)
  await admin.patch(`/api/users/${ids.looker}`, { role: 'seller' })
  assert.equal((await people.looker('GET', `/api/deals/${worlds.stranger.deals.id}`)).status, 200)
  assert.equal((await admin.get(`/api/users/${ids.looker}`)).role, 'seller')
  await admin.patch(`/api/users/${ids.looker}`, { role_id: role.id })
})

test('mistakes in roles and teams are named', async () => {
  const bad = async (rights, base = 'seller') => (await admin('POST', '/api/roles', { name: `x${Math.random()}`, base, rights })).body
  assert.match((await bad({ objects: { deal: { see: 'some' } } })).detail, /objects\.deal\.see/)
  assert.match((await bad({ objects: { tag: {} } })).detail, /objects\.tag/)
  assert.match((await bad({ fields: { 'deal.nothing': 'hidden' } })).detail, /fields\.deal\.nothing/)
  assert.match((await bad({ fields: { 'deal.title': 'hidden' } })).detail, /fields\.deal\.title/)
  assert.match((await bad({ funnels: { 99999: 'hidden' } })).detail, /funnels\.99999/)
  assert.match((await bad({ can: ['fly'] })).detail, /can\.fly/)
  assert.equal((await bad({ objects: {}, more: 1 })).code, 'bad_rights')
  assert.equal((await bad({ objects: { deal: { see: 'own' } } }, 'admin')).code, 'admin_unrestricted')
  const all = (await admin.list('/api/roles')).items
  assert.deepEqual(all.filter((r) => r.builtin).map((r) => r.base).sort(), ['admin', 'head', 'observer', 'seller'])
  assert.equal((await admin('DELETE', `/api/roles/${all.find((r) => r.builtin).id}`)).body.code, 'role_builtin')
  assert.equal((await admin('DELETE', `/api/roles/${all.find((r) => r.name === 'Роль own').id}`)).body.code, 'role_in_use')
  assert.equal((await admin('PATCH', `/api/teams/${top.id}`, { parent_id: sub.id })).body.code, 'team_cycle')
  assert.equal((await admin('DELETE', `/api/teams/${top.id}`)).body.code, 'team_in_use')
  assert.equal((await people.head('POST', '/api/teams', { name: 'x' })).status, 403)
  assert.equal((await people.own.get('/api/roles')).items.some((r) => 'rights' in r), false)
})

test('who keeps people without being an administrator gives no more than they have', async () => {
  const role = await admin.create('/api/roles', { name: 'Кадры', base: 'seller', rights: { can: ['users', 'reports'] } })
  await admin.create('/api/users', { name: 'Кадровик', email: 'hr@example.ru', password, role_id: role.id })
  const hr = await server.signIn('hr@example.ru', password)
  assert.equal((await hr('POST', '/api/users', { name: 'a', email: 'a1@example.ru', role: 'admin' })).status, 403)
  assert.equal((await hr('POST', '/api/users', { name: 'a', email: 'a1@example.ru', role: 'head' })).status, 403)
  assert.equal((await hr('PATCH', `/api/users/${admin.session.user.id}`, { password: 'новый пароль' })).status, 403)
  assert.equal((await hr('POST', '/api/users', { name: 'Наблюдатель', email: 'a2@example.ru', role: 'observer' })).status, 201)
})

test('the owners of a deal are told with dates and reasons', async () => {
  const { items } = await admin.get(`/api/deals/${worlds.own.deals.id}/owners`)
  assert.deepEqual(items.map((i) => [i.owner_id, i.reason]), [[ids.own, null], [nobody, 'Передача'], [ids.own, null]])
  assert.equal(items[0].to, null)
  assert.equal(items[1].to, items[0].from)
  assert.equal((await admin('PATCH', `/api/deals/${worlds.own.deals.id}`, { owner_reason: 'просто так' })).body.code, 'owner_reason_alone')
})

test('everything of a leaver goes over in one action and comes back with one undo', async () => {
  const leaver = (await admin.create('/api/users', { name: 'Уходящий', email: 'leaver@example.ru', password })).id
  const mine = await worldOf(leaver, 'уходящий')
  for (let i = 0; i < 3; i++) await admin.create('/api/deals', { title: `Ещё ${i}`, owner_id: leaver, stage_id: first.id })
  await admin.create('/api/deal-members', { deal_id: shared.id, user_id: leaver })
  const team = await admin.create('/api/teams', { name: 'Команда уходящего', head_id: leaver })
  const plan = { to: [ids.seller, ids.head], reason: 'Увольнение', deactivate: true }
  const path = `/api/users/${leaver}/hand-over`
  assert.deepEqual(await (await admin.must(200)('POST', path, { ...plan, dry_run: true })).body, { deals: 4, contacts: 1, companies: 1, tasks: 1, places: 1, teams: 1 })
  assert.equal((await people.head('POST', path, plan)).status, 403)
  assert.equal((await admin('POST', path, { ...plan, to: [leaver] })).body.code, 'hand_over_to_self')
  const { id } = (await admin.must(202)('POST', path, plan)).body
  const over = async (op) => {
    for (;;) {
      const now = await admin.get(`/api/operations/${op}`)
      if (!['waiting', 'running'].includes(now.state)) return now
      await new Promise((done) => setTimeout(done, 50))
    }
  }
  assert.equal((await over(id)).state, 'done')
  const deals = (await admin.list('/api/deals', { filter: `owner_id = ${leaver}`, count: '1' })).count
  assert.equal(deals, 0)
  assert.equal((await admin.get(`/api/deals/${mine.deals.id}`)).owner_reason, 'Увольнение')
  const given = (await admin.list('/api/deals', { filter: 'title ~ "Ещё "', limit: 100 })).items.filter((d) => d.title.match(/^Ещё \d$/))
  assert.deepEqual(new Set(given.map((d) => d.owner_id)), new Set([ids.seller, ids.head]))
  assert.equal((await admin.get(`/api/teams/${team.id}`)).head_id, ids.seller)
  assert.equal((await admin.get(`/api/users/${leaver}`)).active, false)
  const back = (await admin.must(202)('POST', `/api/operations/${id}/undo`, {})).body
  assert.equal((await over(back.id)).state, 'done')
  assert.equal((await admin.list('/api/deals', { filter: `owner_id = ${leaver}`, count: '1' })).count, 4)
  assert.equal((await admin.get(`/api/users/${leaver}`)).active, true)
  assert.equal((await admin.get(`/api/teams/${team.id}`)).head_id, leaver)
})

test('pages of one’s own and co-worked deals come in the same order as all of them, in any sort', async () => {
  const made = []
  for (let i = 0; i < 12; i++) {
    const mine = i % 3 === 0
    const d = await admin.create('/api/deals', { title: `лист ${(i * 7) % 12}`, owner_id: mine ? ids.own : nobody, stage_id: first.id, value_minor: i % 4 ? i * 1000 : null })
    if (i % 3 === 1) await admin.create('/api/deal-members', { deal_id: d.id, user_id: ids.own })
    if (i % 3 !== 2) made.push(d.id)
  }
  for (const sort of ['value_minor', '-value_minor', 'title', '-created_at', 'id', '-expected_close_on', 'owner_id,-value_minor']) {
    const filter = 'title ~ "лист"'
    const whole = (await admin.list('/api/deals', { filter, sort, limit: 500 })).items.map((d) => d.id).filter((id) => made.includes(id))
    const paged = []
    let cursor
    do {
      const page = await people.own.list('/api/deals', { filter, sort, limit: 3, ...(cursor && { cursor }) })
      paged.push(...page.items.map((d) => d.id))
      cursor = page.next_cursor
    } while (cursor)
    assert.deepEqual(paged, whole, sort)
    const behind = await people.own.list('/api/deals', { filter, sort, limit: 3, offset: 4 })
    assert.deepEqual(behind.items.map((d) => d.id), whole.slice(4, 7), `${sort} offset`)
  }
})

test('the journal and the rows agree', async () => {
  const { cli } = await import('./harness.mjs')
  const { code, out, err } = await cli(['check', ...server.place])
  assert.equal(code, 0, out + err)
})
