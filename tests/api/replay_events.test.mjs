// A trigger is tried on everything that the history holds, not on stages alone: and what it says is what the trigger does
// when it is switched on and the same things happen again. R312.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { clock, eventually, funnelOf, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

const hour = 3600000, day = 24 * hour
const server = await serveWithClock()
const people = await peopleOf(server)
const [head, seller] = await Promise.all([people.head, people.seller].map((p) => tokenOf(server, p)))
let now = Date.now()
const later = async (ms) => (now = await clock(server, now + ms))
const on = (ms) => new Date(ms + 3 * 3600e3).toISOString().slice(0, 10) // the day of the company, in Moscow
const tried = async (body, api = head) => (await api.must(200)('POST', '/api/triggers/try', body)).body
const note = [{ do: 'note', text: 'Сработало' }]
const begun = now
let f, tag

before(async () => {
  f = await funnelOf(head, { name: 'Проба', task_rule: 'off', back_reason: false })
  tag = await head.create('/api/tags', { name: 'срочно' })
})
const deal = (more = {}) => seller.create('/api/deals', { title: 'Сделка', stage_id: f.stages[0].id, ...more })

// The same events, heard live by a trigger and tried afterwards: `play` makes the history.
async function same(event, rest, play, { objects = 'deal' } = {}) {
  const trigger = { name: `Живой ${event.on} ${event.after ?? event.date ?? ''}`, event, actions: note, ...rest }
  const live = await head.create('/api/triggers', { ...trigger, enabled: true })
  const from = now
  const wanted = await play()
  const runs = (await head.list(`/api/triggers/${live.id}/runs`, { limit: 200 })).items.filter((r) => r.state === 'done')
  await head.patch(`/api/triggers/${live.id}`, { enabled: false })
  const answer = await tried({ trigger, from })
  const firings = (list, id) => list.map((x) => `${x[id]} ${Math.round(x.at / 60000)}`).sort()
  // The clock jumps: a timer fires live up to one jump after it was due.
  const slack = event.on === 'timer' ? 4 * 24 * 60 : 1
  const near = (a, b) => a.length === b.length && a.every((x, i) => x.split(' ')[0] === b[i].split(' ')[0] && b[i].split(' ')[1] - x.split(' ')[1] >= -1 && b[i].split(' ')[1] - x.split(' ')[1] <= slack)
  const [t, l] = [firings(answer.items, 'object_id'), firings(runs, 'object_id')]
  assert.deepEqual(t.map((x) => Number(x.split(' ')[0])).sort((a, b) => a - b), wanted.map((d) => d.id).sort((a, b) => a - b), `${JSON.stringify(event)} tried`)
  assert.ok(near(t, l), `${JSON.stringify(event)}: tried ${t}, ran ${l}`)
  assert.ok(answer.items.every((i) => i.object === objects))
  await head.del(`/api/triggers/${live.id}`)
}

describe('what happens to a deal', () => {
  test('a field changed, on its stage only', () =>
    same({ on: 'updated', field: 'value_minor' }, { stage_id: f.stages[1].id }, async () => {
      const [a, b] = [await deal(), await deal({ value_minor: 5 })]
      await seller.patch(`/api/deals/${a.id}`, { value_minor: 100 })
      await seller.patch(`/api/deals/${b.id}`, { stage_id: f.stages[1].id })
      await later(hour)
      await seller.patch(`/api/deals/${b.id}`, { value_minor: 200 })
      await later(hour)
      await seller.patch(`/api/deals/${b.id}`, { value_minor: 300 })
      return [b, b]
    }))
  test('tagged when made, tagged later, and the tag taken off', async () => {
    await same({ on: 'tagged', tag_id: tag.id }, { funnel_id: f.funnel.id }, async () => {
      const [a, b] = [await deal({ tag_ids: [tag.id] }), await deal()]
      await later(hour)
      await seller.patch(`/api/deals/${b.id}`, { tag_ids: [tag.id] })
      return [a, b]
    })
    await same({ on: 'untagged', tag_id: tag.id }, { funnel_id: f.funnel.id }, async () => {
      const a = await deal({ tag_ids: [tag.id] })
      await later(hour)
      await seller.patch(`/api/deals/${a.id}`, { tag_ids: [] })
      return [a]
    })
  })
  test('a goal reached, also one that moves the deal on', async () => {
    const goal = await head.create('/api/goals', { stage_id: f.stages[0].id, name: 'Договорились', actions: [{ do: 'move', stage_id: f.stages[1].id }] })
    await same({ on: 'reached', goal_id: goal.id }, { stage_id: f.stages[0].id }, async () => {
      const [a] = [await deal(), await deal()]
      await later(hour)
      await seller.must(200)('POST', `/api/deals/${a.id}/reach`, { goal_id: goal.id })
      return [a]
    })
  })
  test('a goal reached once more counts again; of a goal that moves the deal the rule of the next stage hears nothing', async () => {
    const [again, on] = [
      await head.create('/api/goals', { stage_id: f.stages[0].id, name: 'Созвонились' }),
      await head.create('/api/goals', { stage_id: f.stages[0].id, name: 'Интерес есть', actions: [{ do: 'move', stage_id: f.stages[1].id }] }),
    ]
    const reach = (d, goal) => seller.must(200)('POST', `/api/deals/${d.id}/reach`, { goal_id: goal.id })
    await same({ on: 'reached', goal_id: again.id }, { funnel_id: f.funnel.id }, async () => {
      const a = await deal()
      await later(hour)
      await reach(a, again)
      await later(hour)
      await reach(a, again)
      return [a, a]
    })
    await same({ on: 'reached' }, { stage_id: f.stages[1].id }, async () => {
      const a = await deal()
      await later(hour)
      await reach(a, on)
      return []
    })
  })
  test('a task done, a note added', async () => {
    await same({ on: 'task_done' }, { funnel_id: f.funnel.id }, async () => {
      const [a, b] = [await deal(), await deal()]
      const tasks = await Promise.all([a, b].map((d) => seller.create('/api/tasks', { title: 'Позвонить', deal_id: d.id, due_at: now + day })))
      await later(hour)
      await seller.patch(`/api/tasks/${tasks[0].id}`, { done: true, result: 'Поговорили' })
      return [a]
    })
    await same({ on: 'note_added' }, { stage_id: f.stages[1].id, actions: [{ do: 'tag', tag_id: tag.id }] }, async () => {
      const [a, b] = [await deal({ stage_id: f.stages[1].id }), await deal()]
      await later(hour)
      for (const d of [a, b]) await seller.create('/api/notes', { text: 'Заметка', deal_id: d.id })
      return [a]
    })
  })
})

describe('what happens to clients and tasks', () => {
  test('a contact made and changed; the condition asked of it as it was', async () => {
    await same({ on: 'created', object: 'contact' }, { condition: 'position = "Директор"' }, async () => {
      const a = await seller.create('/api/contacts', { name: 'Анна', position: 'Директор' })
      await seller.create('/api/contacts', { name: 'Пётр' })
      await later(hour)
      await seller.patch(`/api/contacts/${a.id}`, { position: 'Владелец' })
      return [a]
    }, { objects: 'contact' })
    await same({ on: 'updated', object: 'contact', field: 'owner_id' }, { actions: [{ do: 'note', text: 'Другой ведёт' }] }, async () => {
      const a = await seller.create('/api/contacts', { name: 'Ольга' })
      await later(hour)
      await head.patch(`/api/contacts/${a.id}`, { owner_id: head.session.user.id, owner_reason: 'Крупный клиент' })
      return [a]
    }, { objects: 'contact' })
  })
  test('a task made for a deal of the funnel', () =>
    same({ on: 'created', object: 'task' }, { funnel_id: f.funnel.id, actions: [{ do: 'notify', to: 'owner', text: 'Новая задача' }] }, async () => {
      const d = await deal()
      await later(hour)
      await seller.create('/api/tasks', { title: 'Вне сделки', due_at: now + day })
      return [await seller.create('/api/tasks', { title: 'По сделке', deal_id: d.id, due_at: now + day })]
    }, { objects: 'task' }))
})

describe('timers', () => {
  const fired = (n) => eventually(async () => (await head.list('/api/notes', { filter: 'text = "Сработало"', count: 1 })).count >= n, `${n} firings`)
  const count = async () => (await head.list('/api/notes', { filter: 'text = "Сработало"', count: 1 })).count
  test('before a date of the deal, which moves meanwhile; a date in the past does nothing', () =>
    same({ on: 'timer', date: 'expected_close_on', hours: -24 }, { funnel_id: f.funnel.id }, async () => {
      const n = await count()
      const [a, b] = [await deal({ expected_close_on: on(now + 5 * day) }), await deal({ expected_close_on: on(now + 3 * day) })]
      await deal({ expected_close_on: on(now - 9 * day) })
      await later(day)
      await seller.patch(`/api/deals/${b.id}`, { expected_close_on: on(now + 20 * day) })
      await later(4 * day)
      await fired(n + 1)
      return [a]
    }))
  test('a field has held its value', () =>
    same({ on: 'timer', after: 'field_held', field: 'source_id', hours: 24 }, { stage_id: f.stages[0].id }, async () => {
      const n = await count()
      const source = await head.create('/api/sources', { name: 'Сайт' })
      const [a, b, c] = [await deal({ source_id: source.id }), await deal({ source_id: source.id }), await deal()]
      await later(12 * hour)
      await seller.patch(`/api/deals/${b.id}`, { source_id: null })
      await seller.patch(`/api/deals/${c.id}`, { source_id: source.id })
      await later(13 * hour)
      await fired(n + 1)
      await later(12 * hour)
      await fired(n + 2)
      return [a, c]
    }))
  test('since it was made; without a task; since the last contact', async () => {
    await same({ on: 'timer', after: 'created', hours: 24 }, { stage_id: f.stages[1].id }, async () => {
      const n = await count()
      const [a, b] = [await deal({ stage_id: f.stages[1].id }), await deal()]
      await later(30 * hour)
      await fired(n + 1)
      await seller.patch(`/api/deals/${b.id}`, { stage_id: f.stages[1].id })
      await later(hour)
      await fired(n + 2)
      return [a, b]
    })
    await same({ on: 'timer', after: 'no_task', hours: 24 }, { funnel_id: f.funnel.id }, async () => {
      const n = await count()
      const [a, b] = [await deal(), await deal()]
      const task = await seller.create('/api/tasks', { title: 'Позвонить', deal_id: b.id, due_at: now + day })
      await later(30 * hour)
      await fired(n + 1)
      await seller.patch(`/api/tasks/${task.id}`, { done: true, result: 'Поговорили' })
      await later(20 * hour)
      await seller.create('/api/tasks', { title: 'Дальше', deal_id: b.id, due_at: now + 30 * day })
      await later(20 * hour)
      return [a]
    })
    await same({ on: 'timer', after: 'last_contact', hours: 48 }, { funnel_id: f.funnel.id }, async () => {
      const n = await count()
      const [a, b] = [await deal(), await deal()]
      const call = await seller.create('/api/tasks', { title: 'Звонок', kind: 'call', deal_id: b.id, due_at: now + day })
      await later(24 * hour)
      await seller.patch(`/api/tasks/${call.id}`, { done: true, result: 'Поговорили' })
      await later(30 * hour)
      await fired(n + 1)
      await seller.patch(`/api/deals/${b.id}`, { deferred_until: now + 10 * day })
      await later(48 * hour)
      return [a]
    })
  })
})

test('a draft of the designer is tried as it would be after publishing', async () => {
  const d = await deal()
  await later(hour)
  await seller.patch(`/api/deals/${d.id}`, { stage_id: f.stages[2].id })
  const definition = await head.get(`/api/funnels/${f.funnel.id}/definition`)
  const at = definition.stages.findIndex((s) => s.id === f.stages[2].id)
  definition.stages[at].triggers = [{ key: 'new', name: 'Новый', event: { on: 'entered' }, actions: [{ do: 'move', stage_id: 'next' }], enabled: false }]
  definition.stages.splice(at + 1, 0, { key: 'next', name: 'Новый этап', outcome: 'open', triggers: [{ name: 'На новом', event: { on: 'entered' }, actions: note }] })
  const draft = await head.create('/api/funnel-drafts', { funnel_id: f.funnel.id, name: 'Проба', definition })
  const answer = await tried({ draft_id: draft.id, path: `stages[${at}].triggers[0]`, from: now - hour })
  assert.deepEqual(answer.items.map((i) => i.deal_id), [d.id])
  assert.equal((await tried({ draft_id: draft.id, path: `stages[${at + 1}].triggers[0]`, from: begun })).fires, 0, 'a new stage has no past')
  assert.equal((await head('POST', '/api/triggers/try', { draft_id: draft.id, path: 'stages[0].triggers[7]' })).status, 404)
  assert.equal((await head('POST', '/api/triggers/try', { draft_id: 999, path: 'triggers[0]' })).status, 404)
})

test('who does not see a record is not told that the rule would have acted on it', async () => {
  const boss = await server.admin()
  const role = await boss.create('/api/roles', { name: 'Свои контакты', base: 'head', rights: { objects: { contact: { see: 'own', edit: 'own', delete: 'own', export: 'own' } } } })
  await boss.create('/api/users', { name: 'Узкий', email: 'own@example.ru', role_id: role.id, password: 'пароль для тестов' })
  const narrow = await server.signIn('own@example.ru', 'пароль для тестов')
  const trigger = { name: 'Новые', event: { on: 'created', object: 'contact' }, actions: note }
  assert.equal((await tried({ trigger, from: begun }, narrow)).fires, 0)
  assert.ok((await tried({ trigger, from: begun })).fires >= 3)
})
