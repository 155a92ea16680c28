// The linter: names, missing parts, ways that lead nowhere, triggers that never fire, loop or fight. R010-R016, R093, R124, R125, R127, R247.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, funnelOf, peopleOf, root, serve } from './harness.mjs'

const server = await serve()
const { admin, head, seller } = await peopleOf(server)
const lint = async (definition) => {
  const r = await head('POST', '/api/lint', { definition })
  assert.equal(r.status, 200, r.text)
  return r.body.findings
}
const move = (stage_id, more = {}) => ({ do: 'move', stage_id, ...more })
const stage = (key, name, more = {}) => ({ key, name, norm_days: 3, entry_result: 'Сделано', aim: 'Дальше', ...more })
const ends = [
  { key: 'won', name: 'Договор подписан', outcome: 'won', entry_result: 'Подпись' },
  { key: 'lost', name: 'Клиент отказался', outcome: 'lost', entry_result: 'Отказ' },
]
const funnel = (stages, more = {}) => ({ name: 'Проверка', loss_reasons: [{ key: 'money', name: 'Нет денег' }], stages: [...stages, ...ends], ...more })
const codes = (findings, level) => findings.filter((f) => !level || f.level === level).map((f) => f.code)
const found = async (definition, code) => {
  const all = await lint(definition)
  const one = all.find((f) => f.code === code)
  assert.ok(one, `${code} among ${codes(all)}`)
  assert.ok(one.text.length > 5 && one.why.length > 5 && !one.text.includes('{') && !one.text.startsWith('lint.'), one.text)
  return one
}

test('a stage that says what has been done is left alone; a state, a plan and some work get a proposal that fits', async () => {
  const definition = funnel([stage('a', 'Заявка получена'), stage('b', 'Подготовка договора'), stage('c', 'Думает'), stage('d', 'Отправить КП')])
  const names = (await lint(definition)).filter((f) => f.code.startsWith('name_'))
  assert.deepEqual(names.map((f) => [f.place.stage, f.code, f.fix?.patch]), [
    ['b', 'name_work', [{ path: 'stages[1].name', value: 'Договор подготовлен' }]],
    ['c', 'name_state', [{ path: 'stages[2].name', value: 'Срок решения назначен' }]],
    ['d', 'name_plan', [{ path: 'stages[3].name', value: 'КП отправлено' }]],
  ])
  const en = await head('POST', '/api/lint', { definition: funnel([stage('a', 'Thinking')]) }, { headers: { 'accept-language': 'en' } })
  assert.equal(en.status, 200)
  assert.equal((await found(funnel([stage('a', 'КП отправлено'), stage('b', 'Отправили предложение')]), 'name_same')).place.stage, 'b')
  assert.equal((await found(funnel([stage('a', 'Демонстрация проведена')]), 'pair_no_plan')).level, 'hint')
  assert.ok(!codes(await lint(funnel([stage('a', 'Демонстрация назначена'), stage('b', 'Демонстрация проведена')]))).includes('pair_no_plan'))
})

test('what a stage lacks is said softly', async () => {
  const all = await lint(funnel([{ name: 'Заявка получена' }]))
  for (const code of ['no_entry', 'no_norm', 'no_owner', 'no_goal', 'no_next_task', 'no_regulation']) assert.ok(codes(all, 'hint').includes(code), code)
  assert.deepEqual(codes(all, 'error'), [])
  const bare = await lint({ name: 'x', stages: [{ name: 'Заявка получена' }] })
  for (const code of ['no_won', 'no_lost']) assert.ok(codes(bare).includes(code), code)
})

test('ways that nobody comes and ways that nobody leaves are seen', async () => {
  const past = funnel([
    stage('a', 'Заявка получена', { goals: [{ name: 'Готов купить', actions: [move('c')] }] }),
    stage('b', 'Связались'),
    stage('c', 'КП отправлено'),
  ])
  assert.equal((await found(past, 'unreachable')).place.stage, 'b')
  const circle = funnel([
    stage('a', 'Заявка получена', { goals: [{ name: 'Дальше', actions: [move('b')] }] }),
    stage('b', 'Связались', { goals: [{ name: 'Назад', actions: [move('a')] }] }),
  ])
  assert.deepEqual([...new Set((await lint(circle)).filter((f) => f.code === 'trap').map((f) => f.place.stage))], ['a', 'b'])
  const dead = { name: 'x', stages: [{ name: 'Заявка получена' }] }
  assert.equal((await found(dead, 'dead_end')).level, 'error')
  const patchwork = funnel([stage('a', 'Заявка получена', { goals: [{ name: 'Да', actions: [move('b')] }] }), stage('b', 'КП отправлено')])
  assert.match((await found(patchwork, 'patchwork')).text, /Да/)
  patchwork.stages[1].next_task = { title: 'Позвонить', kind: 'call', due_hours: 24, working: true }
  assert.ok(!codes(await lint(patchwork)).includes('patchwork'))
})

const trigger = (name, event, actions, more = {}) => ({ name, enabled: true, event, actions, ...more })

test('triggers that never fire, fight or run in a ring are found before anything is published', async () => {
  const on = (a, b = []) => funnel([stage('a', 'Заявка получена', { triggers: a }), stage('b', 'Связались', { triggers: b, goals: [{ key: 'yes', name: 'Да' }] })])
  assert.equal((await found(on([trigger('Пусто', { on: 'entered' }, [{ do: 'note', text: 'x' }], { condition: 'value_minor > 100 and value_minor < 50' })]), 'never_condition')).level, 'error')
  await found(on([trigger('Мимо', { on: 'entered' }, [{ do: 'note', text: 'x' }], { condition: 'status = "won"' })]), 'never_elsewhere')
  await found(on([trigger('Чужая цель', { on: 'reached', goal_id: 'yes' }, [{ do: 'note', text: 'x' }])]), 'never_elsewhere')
  await found(on([trigger('В никуда', { on: 'entered' }, [move(999999)])]), 'gone_stage')
  await found(on([trigger('Кривой', { on: 'entered' }, [{ do: 'fly' }])]), 'broken')
  const ring = on([trigger('Туда', { on: 'entered' }, [move('b')])], [trigger('Обратно', { on: 'entered' }, [move('a')])])
  const loop = await found(ring, 'loop')
  assert.equal(loop.level, 'error')
  assert.match(loop.text, /«Туда» → «Обратно» → «Туда»/)
  assert.deepEqual(loop.fix.patch, [{ path: 'stages[0].triggers[0].enabled', value: false }])
  ring.stages[0].triggers[0].condition = 'value_minor > 5'
  assert.equal((await found(ring, 'may_loop')).level, 'warning')
  ring.stages[0].triggers[0].enabled = false
  assert.deepEqual(codes(await lint(ring)).filter((c) => c.includes('loop')), [])
  await found(on([trigger('Заметка на заметку', { on: 'note_added' }, [{ do: 'note', text: 'x' }])]), 'loop')
  const tag = await admin.create('/api/tags', { name: 'VIP' })
  await found(on([trigger('Ставит', { on: 'entered' }, [{ do: 'tag', tag_id: tag.id }]), trigger('Снимает', { on: 'entered' }, [{ do: 'untag', tag_id: tag.id }])]), 'fight')
  const once = on([trigger('Ставит', { on: 'entered' }, [{ do: 'tag', tag_id: tag.id }]), trigger('Отмечает', { on: 'tagged', tag_id: tag.id }, [{ do: 'set', field: 'value_minor', value: 5 }])])
  assert.deepEqual(codes(await lint(once), 'error'), [])
})

test('timers that take deals from under each other, and losses by timeout that look like decisions', async () => {
  const timer = (name, hours, to, more = {}) => trigger(name, { on: 'timer', after: 'stage_entry', hours }, [move(to, more)])
  const definition = funnel([stage('a', 'Заявка получена', { triggers: [timer('Через две недели', 336, 'lost', { loss_reason_id: 'money' }), timer('Через месяц', 720, 'b')] }), stage('b', 'Связались')])
  assert.match((await found(definition, 'timer_shadow')).text, /«Через месяц».*«Через две недели»/)
  const reason = await found(definition, 'timer_reason')
  assert.deepEqual(reason.fix.patch, [{ path: 'loss_reasons[0].timeout', value: true }])
  definition.loss_reasons[0].timeout = true
  assert.ok(!codes(await lint(definition)).includes('timer_reason'))
})

test('requirements that nobody can meet, and reasons that say the same', async () => {
  const gates = (list) => funnel([stage('a', 'Заявка получена'), stage('b', 'Связались', { gates: list }), stage('c', 'КП отправлено', { goals: [{ key: 'yes', name: 'Да' }] })])
  const gone = await found(gates([{ kind: 'field', field: 'cf_999' }]), 'gate_field_gone')
  assert.deepEqual(gone.fix.patch, [{ path: 'stages[1].gates[0]' }])
  await found(gates([{ kind: 'goal', goal_id: 'yes' }]), 'gate_goal_later')
  const { findings } = (await head('POST', '/api/lint', { definition: gates([{ kind: 'field', field: 'value_minor' }]) })).body
  assert.ok(!codes(findings).includes('gate_field_locked'))
  const same = funnel([stage('a', 'Заявка получена')], { loss_reasons: [{ name: 'Выбрали контракт' }, { name: 'Выбрали договор' }] })
  assert.equal((await found(same, 'reasons_overlap')).place.field, 'loss_reasons')
})

test('who may not change settings is not shown the health of funnels; a broken document says where', async () => {
  assert.equal((await seller('GET', '/api/lint')).status, 403)
  const r = await head('POST', '/api/lint', { definition: { name: 'x', stages: [{ name: 5 }] } })
  assert.deepEqual([r.status, r.body.code], [422, 'bad_definition'])
})

test('the health of all funnels, and the same at the command line', async () => {
  const { funnel: bad } = await funnelOf(admin, { name: 'Больная', open: ['Думает', 'Переговоры'] })
  const all = await head.get('/api/lint')
  assert.ok(all.findings.some((f) => f.place.funnel === bad.id && f.code === 'name_state'))
  const one = await head.get(`/api/lint?funnel_id=${bad.id}`)
  assert.ok(one.findings.every((f) => f.place.funnel === bad.id))
  assert.equal(one.counts.warning, one.findings.filter((f) => f.level === 'warning').length)
  const said = await cli(['lint', ...server.place, '--funnel', 'больная', '--json'])
  assert.equal(said.code, one.counts.error ? 1 : 0, said.err)
  assert.deepEqual(codes(JSON.parse(said.out).findings), codes(one.findings))
  const lines = await cli(['lint', ...server.place, '--funnel', 'Больная'])
  assert.match(lines.out, /name_state/)
  assert.notEqual((await cli(['lint', ...server.place, '--funnel', 'нет такой'])).code, 0)
})

test('the presets raise no alarm beyond what their own notes say', async () => {
  for (const file of readdirSync(join(root, 'presets')).filter((f) => f.endsWith('.json'))) {
    const preset = JSON.parse(readFileSync(join(root, 'presets', file), 'utf8'))
    const before = new Set((await admin.list('/api/funnels', { limit: 500 })).items.map((f) => f.id))
    await admin.create(`/api/presets/${preset.name}`)
    const made = (await admin.list('/api/funnels', { limit: 500 })).items.filter((f) => !before.has(f.id))
    const allowed = new Set((preset.lint_notes ?? []).map((n) => n.code))
    for (const f of made)
      for (const one of (await head.get(`/api/lint?funnel_id=${f.id}`)).findings)
        assert.ok(allowed.has(one.code), `${preset.name}, ${f.name}: ${one.level} ${one.code} ${one.place.path} ${one.text}`)
  }
})
