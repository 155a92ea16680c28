// Tables of contacts, companies, deals, tasks and products come in: guessed, tried, taken, taken back. R059, R227.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, freshPlace, funnelOf, peopleOf, scratchFile, serve } from './harness.mjs'
import { workbook, zip } from './zip.mjs'

const files = scratchFile('files-imports')
const server = await serve({ args: ['--files', files] })
const people = await peopleOf(server)
const { admin, seller } = people
const { funnel, stages, won, lost } = await funnelOf(admin, { name: 'Продажи' })

const upload = async (api, body, name = 'table.csv') => {
  const r = await api('POST', `/api/uploads?name=${encodeURIComponent(name)}`, undefined, { raw: body, headers: { 'content-type': 'application/octet-stream' } })
  assert.equal(r.status, 201, r.text)
  return r.body.upload_id
}
const preview = async (body, more = {}, api = admin) => {
  const upload_id = await upload(api, body)
  const r = await api('POST', '/api/imports/preview', { upload_id, ...more })
  assert.equal(r.status, 200, r.text)
  return { ...r.body, upload_id }
}
const ended = async (api, op) => {
  for (let i = 0; i < 1600; i++) {
    const now = await api.get(`/api/operations/${op.id}`)
    if (!['waiting', 'running'].includes(now.state)) return now
    await new Promise((done) => setTimeout(done, 25))
  }
  assert.fail('the import does not end')
}
// As the wizard does it: what was guessed is taken.
const importing = async (p, more = {}, api = admin) => {
  const columns = p.columns.flatMap((c, column) => (c.guess ? [{ column, object: c.guess.object, field: c.guess.field }] : []))
  const r = await api('POST', '/api/imports', { upload_id: p.upload_id, object: p.object, columns, match: p.match, ...more })
  assert.equal(r.status, 202, r.text)
  return ended(api, r.body)
}
const report = async (op, api = admin) => (await api.get(`/api/operations/${op.id}/report?format=json`)).items
const guessed = (p) => Object.fromEntries(p.columns.map((c) => [c.name, c.guess && `${c.guess.object}.${c.guess.field}`]))

test('a list of people from a spreadsheet in Windows-1251 is understood', async () => {
  const text = 'ФИО;Телефон;Электронная почта;Компания;Должность;Теги\r\nАнна Кузнецова;8 (912) 345-67-89;anna@example.ru;ООО "Ромашка";Директор;VIP, Москва\r\nПётр Ёлкин;+7 903 111-22-33;;ООО "Ромашка";;\r\n'
  const cp1251 = Buffer.from([...text].map((c) => (c.charCodeAt(0) < 128 ? c.charCodeAt(0) : c === 'ё' ? 0xb8 : c === 'Ё' ? 0xa8 : c.charCodeAt(0) - 0x410 + 0xc0)))
  const p = await preview(cp1251, { object: 'contact' })
  assert.equal(p.encoding, 'windows-1251')
  assert.equal(p.delimiter, ';')
  assert.equal(p.rows, 2)
  assert.deepEqual(guessed(p), { ФИО: 'contact.name', Телефон: 'contact.phone', 'Электронная почта': 'contact.email', Компания: 'company.name', Должность: 'contact.position', Теги: 'contact.tag_ids' })
  assert.deepEqual(p.match, ['email', 'phone'])
  const op = await importing(p)
  assert.equal(op.state, 'done', JSON.stringify(op))
  assert.deepEqual([op.outcome.created, op.outcome.companies_created], [2, 1])
  const anna = (await admin.list('/api/contacts', { filter: 'email = "anna@example.ru"' })).items[0]
  assert.equal(anna.phone, '+79123456789')
  assert.equal(anna.tag_ids.length, 2)
  const company = await admin.get(`/api/companies/${anna.company_id}`)
  assert.equal(company.name, 'ООО "Ромашка"')
  const petr = (await admin.list('/api/contacts', { filter: 'name ~ "петр елкин"' })).items[0]
  assert.equal(petr.company_id, anna.company_id)
  assert.equal(petr.name, 'Пётр Ёлкин')
})

test('imported again, people are found by mail and phone and nothing is doubled', async () => {
  const rows = 'Имя,Телефон,Email,Комментарий\nАнна К.,89123456789,ANNA@example.ru,снова\nНовый человек,+79990001122,,\n'
  const before = (await admin.list('/api/contacts', { count: 1, limit: 1 })).count
  const fill = await importing(await preview(rows, { object: 'contact' }), { on_match: 'fill' })
  assert.deepEqual([fill.outcome.created, fill.outcome.updated], [1, 1])
  const anna = (await admin.list('/api/contacts', { filter: 'email = "anna@example.ru"' })).items[0]
  assert.equal(anna.name, 'Анна Кузнецова')
  assert.equal(anna.comment, 'снова')
  const skip = await importing(await preview(rows, { object: 'contact' }), { on_match: 'skip' })
  assert.deepEqual([skip.outcome.created, skip.outcome.skipped], [0, 2])
  const update = await importing(await preview(rows, { object: 'contact' }), { on_match: 'update' })
  assert.equal(update.outcome.updated, 1)
  assert.equal((await admin.get(`/api/contacts/${anna.id}`)).name, 'Анна К.')
  assert.equal((await admin.list('/api/contacts', { count: 1, limit: 1 })).count, before + 1)
})

test('the same person twice in one file becomes one contact', async () => {
  const op = await importing(await preview('Имя,Email\nДубль,double@example.ru\nДубль Второй,double@example.ru\n', { object: 'contact' }))
  assert.deepEqual([op.outcome.created, op.outcome.updated], [1, 1])
  const found = (await admin.list('/api/contacts', { filter: 'email = "double@example.ru"' })).items
  assert.deepEqual(found.map((c) => c.name), ['Дубль Второй'])
})

test('a whole import is taken back', async () => {
  const op = await importing(await preview('Имя,Email\n' + Array.from({ length: 300 }, (_, i) => `Временный ${i},temp${i}@example.ru`).join('\n'), { object: 'contact' }))
  assert.equal(op.outcome.created, 300)
  assert.equal((await admin.list('/api/contacts', { filter: 'name ~ "временный"', count: 1 })).count, 300)
  const r = await admin('POST', `/api/operations/${op.id}/undo`)
  assert.equal(r.status, 202, r.text)
  assert.equal((await ended(admin, r.body)).state, 'done')
  assert.equal((await admin.list('/api/contacts', { filter: 'name ~ "временный"', count: 1 })).count, 0)
})

const deals = `Название сделки;Сумма;Этап;Воронка;Ответственный;Контакт;Телефон;Компания;ИНН;Дата создания;Ожидаемая дата закрытия;Примечание
Поставка;1 234,56 ₽;${stages[1].name};Продажи;seller;Иван Иванов;+7 495 123-45-67;АО Вектор;7707083893;21.11.2025;31.12.2026;Перезвонить
Внедрение;"250 000";${won.name};продажи;seller@example.ru;Иван Иванов;8 495 1234567;АО Вектор;7707083893;2025-01-10 12:30;;
`
test('deals come with their contact and company, in the stage of their name, with their past', async () => {
  const p = await preview(deals, { object: 'deal' })
  assert.equal(guessed(p)['ИНН'], 'company.inn')
  const op = await importing(p)
  assert.equal(op.failed_count, 0, JSON.stringify(await report(op)))
  assert.deepEqual([op.outcome.created, op.outcome.companies_created, op.outcome.contacts_created], [2, 1, 1])
  const [first] = (await admin.list('/api/deals', { filter: 'title = "Поставка"' })).items
  assert.equal(first.value_minor, 123456)
  assert.equal(first.stage_id, stages[1].id)
  assert.equal(first.owner_id, seller.session.user.id)
  assert.equal(first.expected_close_on, '2026-12-31')
  assert.equal(first.created_at, Date.UTC(2025, 10, 20, 21))
  const [second] = (await admin.list('/api/deals', { filter: 'title = "Внедрение"' })).items
  assert.equal(second.status, 'won')
  assert.equal(second.contact_id, first.contact_id)
  assert.equal(second.company_id, first.company_id)
  const notes = (await admin.list('/api/notes', { filter: `deal_id = ${first.id}` })).items
  assert.deepEqual(notes.map((n) => n.text), ['Перезвонить'])
})

test('a dry run tells every row that could not be taken, and writes nothing', async () => {
  const bad = `Название;Сумма;Этап;Ожидаемая дата закрытия\nХорошая;100;${stages[0].name};\nБез суммы;много;${stages[0].name};\nНе тот этап;1;Нет такого;\nНе та дата;1;${stages[0].name};31.02.2026\n;;;\n;5;;\n`
  const p = await preview(bad, { object: 'deal' })
  assert.equal(p.rows, 5)
  const dry = await importing(p, { dry_run: true, funnel_id: funnel.id })
  assert.equal(dry.state, 'done')
  assert.deepEqual([dry.outcome.dry_run, dry.outcome.created, dry.failed_count], [true, 1, 4])
  const rows = await report(dry)
  assert.deepEqual(rows.map((r) => [r.row, r.code, r.field]), [
    [3, 'bad_amount', 'value_minor'],
    [4, 'unknown_name', 'stage_id'],
    [5, 'cell_not_date', 'expected_close_on'],
    [7, 'required', 'title'],
  ])
  assert.match(rows[0].detail, /много/)
  assert.equal((await admin.list('/api/deals', { filter: 'title = "Хорошая"' })).items.length, 0)
  const csv = await admin('GET', `/api/operations/${dry.id}/report?format=csv`)
  assert.match(csv.text, /value_minor/)
  const real = await importing({ ...p, upload_id: await upload(admin, bad) }, { funnel_id: funnel.id })
  assert.deepEqual([real.outcome.created, real.failed_count], [1, 4])
})

test('all or nothing: one bad row and nothing stays', async () => {
  const rows = 'Название,Цена\n' + Array.from({ length: 50 }, (_, i) => `Товар ${i},${i}`).join('\n') + '\nПлохой,даром\n'
  const op = await importing(await preview(rows, { object: 'product' }), { on_bad: 'stop' })
  assert.equal(op.state === 'failed' || op.state === 'undone', true, op.state)
  for (let i = 0; i < 1200 && (await admin.list('/api/products', { count: 1 })).count; i++) await new Promise((done) => setTimeout(done, 25))
  assert.equal((await admin.list('/api/products', { count: 1 })).count, 0)
})

test('a workbook: sheets, shared texts, dates by their style, numbers', async () => {
  const book = workbook({
    Прайс: [['Название', 'Артикул', 'Цена'], ['Лицензия', 'L-1', 1990.5], ['Курс & практика', 'K-2', 45000]],
    Задачи: [['Задача', 'Срок', 'Исполнитель', 'Выполнена'], ['Позвонить', new Date(Date.UTC(2026, 2, 2)), 'seller', false], [], ['Письмо', new Date(Date.UTC(2026, 2, 3, 12, 30)), 'seller', false]],
  })
  const products = await preview(book, { object: 'product' })
  assert.deepEqual(products.sheets, ['Прайс', 'Задачи'])
  assert.equal(products.kind, 'xlsx')
  assert.deepEqual(products.columns[2].samples, ['1990.5', '45000'])
  const taken = await importing(products)
  assert.equal(taken.outcome.created, 2, JSON.stringify(await report(taken)))
  assert.deepEqual((await admin.list('/api/products', { sort: 'id', fields: 'name,sku,price_minor' })).items.map((p) => [p.name, p.sku, p.price_minor]), [['Лицензия', 'L-1', 199050], ['Курс & практика', 'K-2', 4500000]])
  const tasks = await preview(book, { object: 'task', sheet: 'Задачи' })
  assert.equal(tasks.rows, 2)
  const op = await importing({ ...tasks, columns: tasks.columns }, { sheet: 'Задачи' })
  assert.equal(op.outcome.created, 2, JSON.stringify(await report(op)))
  const due = (await admin.list('/api/tasks', { sort: 'due_at' })).items.map((t) => [t.title, t.due_at])
  assert.deepEqual(due, [['Позвонить', Date.UTC(2026, 2, 1, 21)], ['Письмо', Date.UTC(2026, 2, 3, 9, 30)]])
})

test('UTF-16 and tabs, as spreadsheets save them', async () => {
  const text = '\ufeffНазвание\tИНН\tСайт\nООО «Юникод»\t7707083893\thttps://unicode.example\n'
  const p = await preview(Buffer.from(text, 'utf16le'), { object: 'company' })
  assert.deepEqual([p.encoding, p.delimiter], ['utf-16le', '\t'])
  assert.deepEqual(Object.values(guessed(p)), ['company.name', 'company.inn', 'company.website'])
})

test('exports of amoCRM, Bitrix24, HubSpot and Pipedrive are recognised by their headers', async () => {
  const amo = await preview('ID,Название сделки,Бюджет,Ответственный,Дата создания сделки,Этап сделки,Воронка,Полное имя контакта,Компания контакта,Рабочий телефон,Рабочий прямой телефон,Мобильный телефон,Рабочий email,Личный email,Теги,Примечание,utm_source\n', {})
  assert.deepEqual([amo.recognised, amo.object], ['amocrm', 'deal'])
  assert.deepEqual(guessed(amo), {
    ID: 'deal.id', 'Название сделки': 'deal.title', Бюджет: 'deal.value_minor', Ответственный: 'deal.owner_id', 'Дата создания сделки': 'deal.created_at',
    'Этап сделки': 'deal.stage_id', Воронка: 'deal.funnel_id', 'Полное имя контакта': 'contact.name', 'Компания контакта': 'company.name', 'Рабочий телефон': 'contact.phone',
    'Рабочий прямой телефон': 'contact.phones', 'Мобильный телефон': 'contact.phones', 'Рабочий email': 'contact.email', 'Личный email': 'contact.emails', Теги: 'deal.tag_ids',
    Примечание: 'deal.note', utm_source: 'deal.utm_source',
  })
  const hub = await preview('Record ID,Deal Name,Deal Stage,Amount,Deal owner,Close Date,Create Date,Last Activity Date,Pipeline,Associated Company\n', {})
  assert.equal(hub.recognised, 'hubspot')
  assert.deepEqual(Object.values(guessed(hub)), ['deal.id', 'deal.title', 'deal.stage_id', 'deal.value_minor', 'deal.owner_id', 'deal.expected_close_on', 'deal.created_at', null, 'deal.funnel_id', 'company.name'])
  const pipe = await preview('Deal - Title,Deal - Value,Deal - Stage,Person - Name*,Person - Phone,Person - Email (Work),Organization - Name*,Organization - Address,Deal - Owner,Deal - Expected close date\n', {})
  assert.deepEqual([pipe.recognised, pipe.object], ['pipedrive', 'deal'])
  assert.deepEqual(Object.values(guessed(pipe)), ['deal.title', 'deal.value_minor', 'deal.stage_id', 'contact.name', 'contact.phone', 'contact.email', 'company.name', 'company.address', 'deal.owner_id', 'deal.expected_close_on'])
  const bitrix = await preview('ID;Стадия сделки;Название сделки;Сумма;Валюта;Компания;Контакт;Ответственный;Дата создания;Доступна для всех\n', {})
  assert.deepEqual([bitrix.recognised, bitrix.object], ['bitrix24', 'deal'])
  assert.deepEqual(Object.values(guessed(bitrix)), ['deal.id', 'deal.stage_id', 'deal.title', 'deal.value_minor', 'deal.currency', 'company.name', 'contact.name', 'deal.owner_id', 'deal.created_at', null])
})

test('the whole header of an amoCRM export is read to the last column', async () => {
  const p = await preview(
    'ID,Название сделки,Бюджет,Ответственный,Дата создания сделки,Кем создана сделка,Дата редактирования,Кем редактирована,Дата закрытия,Теги,Примечание,Примечание 2,Примечание 3,Примечание 4,Примечание 5,Этап сделки,Воронка,Полное имя контакта,Компания контакта,Ответственный за контакт,Компания,Рабочий телефон,Рабочий прямой телефон,Мобильный телефон,Факс,Домашний телефон,Другой телефон,Рабочий email,Личный email,Другой email,Город,Источник,Должность,Товар,Skype,ICQ,Jabber,Google Talk,MSN,Другой IM,Пользовательское соглашение,cid,uid,tid,utm_source,utm_medium,utm_campaign,utm_term,utm_content,utm_referrer,_ym_uid,_ym_counter,roistat,referrer,openstat_service,openstat_campaign,openstat_ad,openstat_source,from,gclientid,gclid,yclid,fbclid\n',
    {},
  )
  assert.equal(p.recognised, 'amocrm')
  const left = p.columns.filter((c) => !c.guess).map((c) => c.name)
  assert.deepEqual(left, ['Кем создана сделка', 'Дата редактирования', 'Кем редактирована', 'Компания', 'Товар', 'cid', 'uid', 'tid', 'utm_referrer', '_ym_uid', '_ym_counter', 'roistat', 'referrer', 'openstat_service', 'openstat_campaign', 'openstat_ad', 'openstat_source', 'from', 'gclientid', 'gclid', 'yclid', 'fbclid'])
})

test('custom fields are mapped and filled like built-in ones', async () => {
  const field = await admin.create('/api/custom-fields', { object: 'contact', label: 'Любимый цвет', type: 'one_of' })
  const day = await admin.create('/api/custom-fields', { object: 'contact', label: 'День рождения', type: 'date' })
  const p = await preview('Имя;Любимый цвет;День рождения\nЦветной;Синий;1 мая 1990 г.\nВторой;синий;02/03/1991\n', { object: 'contact' })
  assert.deepEqual(Object.values(guessed(p)).slice(1), [`contact.cf_${field.id}`, `contact.cf_${day.id}`])
  const op = await importing(p)
  assert.equal(op.failed_count, 0, JSON.stringify(await report(op)))
  const [one] = (await admin.list('/api/contacts', { filter: 'name = "Цветной"' })).items
  const [two] = (await admin.list('/api/contacts', { filter: 'name = "Второй"' })).items
  assert.equal(one[`cf_${field.id}`], two[`cf_${field.id}`])
  assert.equal(one[`cf_${day.id}`], '1990-05-01')
  assert.equal(two[`cf_${day.id}`], '1991-03-02')
  const options = (await admin.list('/api/field-options', { filter: `custom_field_id = ${field.id}` })).items
  assert.deepEqual(options.map((o) => o.name), ['Синий'])
})

test('names that are not there are refused when the plan says so', async () => {
  const op = await importing(await preview('Имя,Теги\nОсторожный,Новый тег\n', { object: 'contact' }), { create: [] })
  assert.equal(op.failed_count, 1)
  assert.deepEqual((await report(op)).map((r) => [r.code, r.field]), [['unknown_name', 'tag_ids']])
})

test('a row that is refused after its tag was made ends, and leaves nothing of itself', async () => {
  const p = await preview('Название,Теги,Источник\nС тегом,Тег отказа,Новый источник\nБез всего,,\n', { object: 'deal' }, seller)
  const columns = ['title', 'tag_ids', 'source_id'].map((field, column) => ({ column, object: 'deal', field }))
  const op = await importing(p, { columns, match: [], funnel_id: funnel.id }, seller)
  assert.deepEqual([op.state, op.done_count, op.failed_count, op.outcome.created], ['done', 1, 1, 1])
  assert.deepEqual((await report(op, seller)).map((r) => [r.row, r.code]), [[2, 'forbidden']])
  assert.equal((await admin.list('/api/tags', { filter: 'name = "Тег отказа"', count: '1' })).count, 0)
})

test('a company that went with a refused row is made anew for the next row, not mixed up with another', async () => {
  const rows = `Название,Компания,Этап\nОтказана,АО Север,Нет такого\nМежду ними,АО Юг,${stages[0].name}\nВзята,АО Север,${stages[0].name}\nИ эта,АО Север,${stages[0].name}\n`
  const columns = [['deal', 'title'], ['company', 'name'], ['deal', 'stage_id']].map(([object, field], column) => ({ column, object, field }))
  const op = await importing(await preview(rows, { object: 'deal' }), { columns, match: [], funnel_id: funnel.id })
  assert.deepEqual([op.outcome.created, op.outcome.companies_created, op.failed_count], [3, 2, 1], JSON.stringify(await report(op)))
  const company = async (title) => (await admin.get(`/api/companies/${(await admin.list('/api/deals', { filter: `title = "${title}"` })).items[0].company_id}`)).name
  assert.deepEqual([await company('Между ними'), await company('Взята'), await company('И эта')], ['АО Юг', 'АО Север', 'АО Север'])
})

test('an import does not tell by name what is out of sight, and finds one’s own of the same name', async () => {
  const secret = await funnelOf(admin, { name: 'Закрытый отдел' })
  const reach = { see: 'own', create: 'own', edit: 'own', delete: 'none', export: 'none' }
  const rights = { objects: { deal: reach, contact: reach, company: reach, task: reach }, funnels: { [secret.funnel.id]: 'hidden' } }
  const role = await admin.create('/api/roles', { name: 'Только своё', base: 'seller', rights })
  const { id } = await admin.create('/api/users', { name: 'Свой', email: 'own@example.ru', password: 'пароль для тестов', role_id: role.id })
  const own = await server.signIn('own@example.ru', 'пароль для тестов')
  await admin.create('/api/deals', { title: 'Чужой секрет', stage_id: stages[0].id })
  await admin.create('/api/deals', { title: 'Поставка', stage_id: stages[0].id })
  const mine = await admin.create('/api/deals', { title: 'Поставка', stage_id: stages[0].id, owner_id: id })
  const tasks = await preview('Название,Сделка\nА,Чужой секрет\nБ,Такой нет\nВ,Поставка\n', { object: 'task' }, own)
  const op = await importing(tasks, { columns: ['title', 'deal_id'].map((field, column) => ({ column, object: 'task', field })), match: [] }, own)
  assert.deepEqual((await report(op, own)).map((r) => [r.row, r.code, r.field]), [[2, 'unknown_name', 'deal_id'], [3, 'unknown_name', 'deal_id']])
  assert.deepEqual((await own.list('/api/tasks', { filter: 'title = "В"' })).items.map((t) => t.deal_id), [mine.id])
  const deals = await preview('Название,Воронка\nА,Закрытый отдел\nБ,Такой нет\n', { object: 'deal' }, own)
  const into = await importing(deals, { columns: ['title', 'funnel_id'].map((field, column) => ({ column, object: 'deal', field })), match: [] }, own)
  assert.deepEqual((await report(into, own)).map((r) => [r.row, r.code]), [[2, 'unknown_name'], [3, 'unknown_name']])
})

test('who may not import does not, and nobody imports what another has sent', async () => {
  const p = await preview('Имя\nЧужой\n', { object: 'contact' })
  const columns = [{ column: 0, object: 'contact', field: 'name' }]
  const others = await people.head('POST', '/api/imports', { upload_id: p.upload_id, object: 'contact', columns })
  assert.equal(others.body.code, others.status === 403 ? 'forbidden' : 'upload_not_found')
  const none = await people.observer('POST', '/api/imports', { upload_id: p.upload_id, object: 'contact', columns })
  assert.equal(none.status, 403)
  const bad = async (more, code) => {
    const r = await admin('POST', '/api/imports', { upload_id: p.upload_id, object: 'contact', columns, ...more })
    assert.equal(r.body.code, code, JSON.stringify(more))
  }
  await bad({ object: 'user' }, 'bad_parameter')
  await bad({ columns: [] }, 'required')
  await bad({ columns: [{ column: 0, field: 'password_hash' }] }, 'unknown_field')
  await bad({ columns: [...columns, { column: 1, field: 'name' }] }, 'repeated_column')
  await bad({ match: ['shoe size'] }, 'bad_parameter')
  await bad({ upload_id: '../../etc/passwd' }, 'upload_not_found')
  await bad({ path: '/etc/passwd' }, 'unknown_field')
})

test('hostile workbooks do no harm', async () => {
  const refuse = async (body, code) => {
    const r = await admin('POST', '/api/imports/preview', { upload_id: await upload(admin, body, 'x.xlsx'), object: 'contact' })
    assert.equal(r.status, 422, r.text)
    assert.equal(r.body.code, code, r.text)
  }
  const lol = '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
  await refuse(workbook({ A: [['Имя'], ['x']] }, { doctype: lol }), 'bad_xlsx')
  await refuse(workbook({ A: [['Имя'], ['x']] }, { doctype: '<!DOCTYPE x SYSTEM "file:///etc/passwd">' }), 'bad_xlsx')
  await refuse(zip([['../../../../tmp/evil', 'x']]), 'bad_xlsx')
  await refuse(Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500)]), 'bad_xlsx')
  await refuse(workbook({ A: [['Имя'], ['x']] }).subarray(0, 900), 'bad_xlsx')
  await refuse(Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), Buffer.alloc(600)]), 'old_xls')
  await refuse(workbook({ A: [Array.from({ length: 700 }, (_, i) => `c${i}`)] }), 'table_too_wide')
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
  const bomb = zip([
    ['xl/workbook.xml', `<workbook ${main} xmlns:r="r"><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'],
    ['xl/worksheets/sheet1.xml', `<worksheet ${main}><sheetData><row r="1"><c t="inlineStr"><is><t>${'a'.repeat(64 << 20)}</t></is></c></row></sheetData></worksheet>`],
  ])
  assert.ok(bomb.length < 200000)
  await refuse(bomb, 'table_too_large')
  const blanks = zip([
    ['xl/workbook.xml', `<workbook ${main} xmlns:r="r"><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'],
    ['xl/worksheets/sheet1.xml', `<worksheet ${main}><sheetData>${' '.repeat(64 << 20)}</sheetData></worksheet>`],
  ])
  await refuse(blanks, 'table_too_large')
  const r = await admin('POST', '/api/imports/preview', { upload_id: await upload(admin, ''), object: 'contact' })
  assert.equal(r.body.code, 'no_header')
  assert.ok(!readdirSync(join(files, 'uploads')).some((n) => n.includes('.rows-')), 'nothing made on the way stays')
  assert.ok(!existsSync('/tmp/evil'))
})

test('formulas and scripts in cells stay texts', async () => {
  const op = await importing(await preview('Имя,Комментарий\n"=HYPERLINK(""http://evil"")",<script>alert(1)</script>\n', { object: 'contact' }))
  assert.equal(op.outcome.created, 1)
  const [c] = (await admin.list('/api/contacts', { filter: 'comment ~ "alert"' })).items
  assert.equal(c.name, '=HYPERLINK("http://evil")')
})

test('the command line imports too, guessing what it is not told', async () => {
  const file = scratchFile('people.csv')
  writeFileSync(file, 'Имя;Email\nКонсольный;cli@example.ru\nПлохой;не почта\n')
  const place = freshPlace()
  const dry = await cli(['import', ...place, '--table', file, '--object', 'contact', '--dry-run', '--json'])
  assert.equal(dry.code, 0, dry.err)
  assert.equal(JSON.parse(dry.out).created, 1)
  const r = await cli(['import', ...place, '--table', file, '--object', 'contact', '--json'])
  assert.equal(r.code, 0, r.err)
  const out = JSON.parse(r.out)
  assert.deepEqual([out.state, out.created, out.failed], ['done', 1, 1])
  assert.match(r.out, /bad_email|не почта/)
})
