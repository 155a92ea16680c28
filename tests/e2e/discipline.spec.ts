// A funnel that is kept in order: stages ask for what they want, goals act, and what happens by itself says why. R017, R077, R078, R109, R120, R121, R122, R187, R301, R365.
import { Board } from './board'
import { expect, inField, test, text, type Deal, type Desk, type Funnel } from './harness'
import type { Server } from './server'

const DAY = 86_400_000
const deal = ({ api }: Desk, id: number) => api.get<Deal>(`deals/${id}`)
const gate = (server: Server, stage: number, body: Record<string, unknown>) =>
  server.admin.create<{ id: number }>('gates', { stage_id: stage, at: 'enter', ...body })

/** The stage of the first deal has a regulation, three goals and asks before the next one. */
async function regulated(server: Server, owner: number): Promise<Funnel> {
  const funnel = await server.funnel({ deals: 2, owner })
  const [first, second] = funnel.stages
  await server.admin.patch(`stages/${first!.id}`, {
    entry_result: 'Клиент оставил заявку',
    aim: 'Понять, что нужно и кто решает',
    steps: '1. Перезвонить за четыре часа\n2. Узнать, кто решает',
    scripts: [{ title: 'Возражение «дорого»', text: 'С чем вы сравниваете?' }],
    next_task: { title: 'Отправить предложение', kind: 'mail', due_hours: 24 },
  })
  await server.admin.patch(`stages/${second!.id}`, { entry_result: 'Известно, кто решает' })
  const goal = (name: string, kind: string, actions: unknown[], position: number) =>
    server.admin.create('goals', { stage_id: first!.id, name, kind, actions, position })
  await goal('Перезвонить позже', 'deferral', [{ do: 'defer', days: 3 }], 1)
  await goal('Потребность ясна', 'positive', [{ do: 'move', stage_id: second!.id }], 2)
  await goal('Отказ', 'refusal', [{ do: 'note', text: 'Клиент отказался' }], 3)
  return funnel
}

test('перенос спрашивает только недостающее: пункт, поле, поле клиента, документ — и продолжается', async ({
  seller,
  server,
}) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  const [, second] = funnel.stages
  const contact = await server.admin.create<{ id: number }>('contacts', {
    name: 'Игорь Решающий',
    owner_id: seller.person.user_id,
  })
  const [one] = funnel.deals
  await server.admin.patch(`deals/${one!.id}`, { contact_id: contact.id })
  await gate(server, second!.id, { kind: 'check', name: 'Узнал, кто решает', position: 1 })
  await gate(server, second!.id, { kind: 'field', field: 'expected_close_on', position: 2 })
  await gate(server, second!.id, { kind: 'field', field: 'contact_id.email', position: 3 })
  await gate(server, second!.id, { kind: 'field', field: 'value_minor', position: 4 }) // has it: not asked
  await gate(server, second!.id, { kind: 'artefact', artefact: 'offer', position: 5 })
  const board = await new Board(page, funnel).open()
  await board.card('Сделка 1').focus()
  await page.keyboard.press('Alt+ArrowRight')
  const sheet = page.getByRole('dialog', { name: text('move.title') })
  await expect(sheet.getByText('Известно, кто решает')).toBeVisible() // why: the regulation
  const check = sheet.getByRole('checkbox', { name: 'Узнал, кто решает' })
  await expect(check).toBeVisible()
  await expect(sheet.getByText(text('deal.value_minor'), { exact: true })).toHaveCount(0)
  await page.keyboard.press('Control+Enter')
  await expect(sheet.getByText(text('move.not_ticked'))).toBeVisible()
  await check.check()
  await sheet.getByRole('textbox', { name: 'Ожидаемое закрытие' }).fill('2027-01-31')
  await sheet.locator('input[type=email]').fill('igor@firma.example')
  await sheet.locator('input[type=file]').setInputFiles({
    name: 'КП.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from('%PDF-1.4\n%%EOF\n'),
  })
  await expect(sheet.getByText('Коммерческое предложение')).toHaveCount(0)
  await sheet.getByRole('button', { name: text('move.continue') }).click()
  await expect(sheet).toHaveCount(0)
  await expect(board.in(second!, 'Сделка 1')).toBeVisible()
  await expect
    .poll(() => deal(seller, one!.id))
    .toMatchObject({
      stage_id: second!.id,
      expected_close_on: '2027-01-31',
    })
  await expect
    .poll(() => seller.api.get(`contacts/${contact.id}`))
    .toMatchObject({ email: 'igor@firma.example' })
})

test('закрытый лист ничего не меняет, сделка остаётся на месте', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  const [first, second] = funnel.stages
  await gate(server, second!.id, { kind: 'check', name: 'Узнал, кто решает' })
  const board = await new Board(page, funnel).open()
  await board.drag(board.card('Сделка 2'), board.column(second!))
  const sheet = page.getByRole('dialog', { name: text('move.title') })
  await expect(sheet).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  await expect(board.in(first!, 'Сделка 2')).toBeVisible()
  expect((await deal(seller, funnel.deals[1]!.id)).stage_id).toBe(first!.id)
})

test('руководитель переносит в обход правил с причиной; она видна на карточке', async ({ desk, server }) => {
  const head = await desk('head')
  const { page } = head
  const funnel = await regulated(server, head.person.user_id)
  const [one] = funnel.deals
  await gate(server, funnel.stages[1]!.id, { kind: 'check', name: 'Узнал, кто решает' })
  await page.goto(`/deals/${one!.id}`)
  await expect(page.getByRole('article')).toBeVisible()
  await page.keyboard.press('Alt+ArrowRight')
  const sheet = page.getByRole('dialog', { name: text('move.title') })
  await sheet.getByRole('button', { name: text('move.override') }).click()
  await sheet.getByLabel(text('move.override_why')).fill('Директор договорился лично')
  await page.keyboard.press('Enter')
  await expect(sheet).toHaveCount(0)
  await expect.poll(() => deal(head, one!.id)).toMatchObject({ stage_id: funnel.stages[1]!.id, overrides: 1 })
  await expect(page.getByText('Директор договорился лично').first()).toBeVisible()
})

test('продавцу обход не предлагается', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  await gate(server, funnel.stages[1]!.id, { kind: 'check', name: 'Узнал, кто решает' })
  await page.goto(`/deals/${funnel.deals[0]!.id}`)
  await expect(page.getByRole('article')).toBeVisible()
  await expect(
    page.getByRole('button', { name: text('deal.stage_now', { stage: funnel.stages[0]!.name }) }),
  ).toBeVisible()
  await page.keyboard.press('Alt+ArrowRight')
  const sheet = page.getByRole('dialog', { name: text('move.title') })
  await expect(sheet.getByRole('checkbox', { name: 'Узнал, кто решает' })).toBeVisible()
  await expect(sheet.getByRole('button', { name: text('move.override') })).toHaveCount(0)
})

test('цель клавишей 2: сделка переходит, отмена возвращает; в поле ввода цифра остаётся цифрой', async ({
  seller,
  server,
}) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  const [one] = funnel.deals
  await page.goto(`/deals/${one!.id}`)
  const goals = page.getByRole('group', { name: text('work.goals') })
  await expect(goals.getByRole('button')).toHaveCount(3)
  await expect(page.getByText('Понять, что нужно и кто решает')).toBeVisible()
  await page.getByLabel(text('task.note_text')).fill('2')
  await page.keyboard.press('2')
  expect((await deal(seller, one!.id)).stage_id).toBe(funnel.stages[0]!.id)
  await page.getByLabel(text('task.note_text')).fill('')
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('Escape')
  await page.locator('main').focus()
  await page.keyboard.press('2')
  await expect.poll(async () => (await deal(seller, one!.id)).stage_id).toBe(funnel.stages[1]!.id)
  const board = new Board(page, funnel)
  await board
    .toast('Потребность ясна')
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect.poll(async () => (await deal(seller, one!.id)).stage_id).toBe(funnel.stages[0]!.id)
})

test('отметка пункта, прочтение регламента, клиент ждёт, отложить', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  const [one] = funnel.deals
  const { id } = await gate(server, funnel.stages[0]!.id, {
    kind: 'check',
    at: 'leave',
    name: 'Перезвонил за четыре часа',
  })
  await page.goto(`/deals/${one!.id}`)
  await page.getByRole('checkbox', { name: 'Перезвонил за четыре часа' }).check()
  await expect.poll(async () => (await deal(seller, one!.id)).check_ids).toEqual([id])
  await page.getByRole('button', { name: text('work.read') }).click()
  await expect(page.getByRole('button', { name: text('work.read') })).toHaveCount(0)
  const more = page.getByRole('button', { name: text('deal.more') })
  await more.click()
  await page.getByRole('menuitem', { name: text('deal.client_waits') }).click()
  await expect(page.getByRole('button', { name: text('work.answer') })).toBeVisible()
  await page.getByRole('button', { name: text('work.answer') }).click()
  await expect.poll(async () => (await deal(seller, one!.id)).waiting_since).toBe(null)
  await more.click()
  await page.getByRole('menuitem', { name: text('deal.defer') }).click()
  await page.getByRole('button', { name: text('move.defer_days_14') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('move.defer_do') })
    .click()
  await expect
    .poll(async () => Number((await deal(seller, one!.id)).deferred_until) > Date.now() + 10 * DAY)
    .toBe(true)
})

test('автоматическое изменение отвечает на вопрос «Почему?»', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await server.funnel({ deals: 1, owner: seller.person.user_id })
  const [one] = funnel.deals
  await server.admin.create('triggers', {
    name: 'Крупную сделку видно сразу',
    funnel_id: funnel.id,
    event: { on: 'updated', object: 'deal', field: 'value_minor' },
    condition: 'value_minor >= 50000000',
    actions: [{ do: 'note', text: 'Крупная сделка: позвать руководителя' }],
    enabled: true,
  })
  await seller.api.patch(`deals/${one!.id}`, { value_minor: 60_000_000 })
  await page.goto(`/deals/${one!.id}`)
  await page
    .getByRole('button', { name: text('timeline.why') })
    .first()
    .click()
  const sheet = page.getByRole('dialog', { name: text('auto.why') })
  await expect(sheet.getByText('Крупную сделку видно сразу').first()).toBeVisible()
  await expect(sheet.getByText('value_minor >= 50000000')).toBeVisible()
  await expect(sheet.getByText(/60000000/)).toBeVisible()
})

test('доска: место «Отложить», регламент этапа, свёрнутая колонка помнится', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await regulated(server, seller.person.user_id)
  const board = await new Board(page, funnel).open()
  await board.drag(board.card('Сделка 2'), page.locator('.zone.defer'))
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('move.defer_do') })
    .click()
  await expect.poll(async () => (await deal(seller, funnel.deals[1]!.id)).deferred_until).not.toBe(null)
  const [first, second] = funnel.stages
  await page.getByRole('button', { name: text('board.stage_info', { stage: first!.name }) }).click()
  const info = page.getByRole('dialog', { name: first!.name })
  await expect(info.getByText('Понять, что нужно и кто решает')).toBeVisible()
  await expect(info.getByText('Потребность ясна')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: text('board.fold', { stage: second!.name }) }).focus()
  await page.keyboard.press('Enter')
  const unfold = page.getByRole('button', { name: text('board.unfold', { stage: second!.name }) })
  await expect(unfold).toBeVisible()
  await page.reload()
  await expect(unfold).toBeVisible()
  await unfold.click()
  await expect(board.column(second!)).toBeVisible()
})

test('закупочный центр: кто решает, потребности, охват растёт', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await server.funnel({ deals: 1, owner: seller.person.user_id })
  const [one] = funnel.deals
  const contact = await server.admin.create<{ id: number }>('contacts', {
    name: 'Вера Главная',
    owner_id: seller.person.user_id,
  })
  await server.admin.patch(`deals/${one!.id}`, { contact_id: contact.id })
  await page.goto(`/deals/${one!.id}`)
  const centre = page.getByRole('region', { name: text('buyers.title') })
  await centre.getByRole('button', { name: text('buyers.add') }).click()
  await centre.getByRole('button', { name: 'Вера Главная' }).click()
  await expect(centre.getByLabel(text('buyers.role_of', { name: 'Вера Главная' }))).toHaveValue('decides')
  await centre.locator('summary').click()
  await centre.locator('.more button').first().click()
  await inField(page)
  await page.keyboard.type('Обучить смену')
  await page.keyboard.press('Control+Enter')
  await centre.locator('.more button').nth(1).click()
  await expect(centre.getByText('Обучить смену')).toBeVisible()
  await inField(page)
  await page.keyboard.type('Сертификаты сразу')
  await page.keyboard.press('Control+Enter')
  await centre.getByRole('button', { name: text('buyers.spoke') }).click()
  await expect(centre.getByText(text('buyers.covered', { n: 100 }))).toBeVisible()
  await expect.poll(async () => (await deal(seller, one!.id)).coverage).toBe(100)
})

test.describe('Лист недостающего — один на всех путях', () => {
  test('в списке: этап сменён в строке, спрошено только поле, сделка стоит там', async ({
    seller,
    server,
  }) => {
    const { page } = seller
    const funnel = await server.funnel({
      deals: 1,
      owner: seller.person.user_id,
    })
    const [one] = funnel.deals
    const [, second] = funnel.stages
    await gate(server, second!.id, {
      kind: 'field',
      field: 'expected_close_on',
    })
    await page.goto(`/deals/list?filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)
    const row = page.locator(`[data-row="${one!.id}"]`)
    await row.getByText(funnel.stages[0]!.name, { exact: true }).dblclick()
    await page.getByRole('combobox').last().fill(second!.name)
    await page
      .getByRole('option', { name: new RegExp(second!.name) })
      .first()
      .click()
    const sheet = page.getByRole('dialog', { name: text('move.title') })
    await sheet.getByRole('textbox', { name: 'Ожидаемое закрытие' }).fill('2027-02-28')
    await page.keyboard.press('Control+Enter')
    await expect(sheet).toHaveCount(0)
    await expect(row.getByText(second!.name, { exact: true })).toBeVisible()
    await expect
      .poll(() => deal(seller, one!.id))
      .toMatchObject({
        stage_id: second!.id,
        expected_close_on: '2027-02-28',
      })
  })
  test('при создании: новая сделка говорит, чего хочет её этап, и создаётся с этим', async ({
    seller,
    server,
  }) => {
    const { page } = seller
    const funnel = await server.funnel({ deals: 0 })
    await gate(server, funnel.stages[0]!.id, {
      kind: 'check',
      name: 'Заявка прочитана',
    })
    await page.goto(`/deals/list?filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)
    await page
      .getByRole('button', { name: text('list.create_deal') })
      .first()
      .click()
    const form = page.getByRole('dialog', { name: text('create.deal') })
    const title = `Новая ${Date.now()}`
    await form.locator('[data-new=title] input').fill(title)
    await form.locator('[data-new=funnel_id] input').fill(funnel.name)
    await page.getByRole('option', { name: funnel.name }).first().click()
    await form.getByRole('button', { name: text('create.save') }).click()
    const sheet = page.getByRole('dialog', { name: text('move.title_save') })
    await sheet.getByRole('checkbox', { name: 'Заявка прочитана' }).check()
    await sheet.getByRole('button', { name: text('create.save') }).click()
    await expect(sheet).toHaveCount(0)
    await expect(form).toHaveCount(0)
    await expect
      .poll(async () =>
        (await server.admin.list<Deal>('deals', `title = "${title}"`)).map((d) => d.funnel_id),
      )
      .toEqual([funnel.id])
  })
  test('последняя задача сделки удаляется только со следующей: она спрошена и стоит', async ({
    seller,
    server,
  }) => {
    const { page } = seller
    const funnel = await server.funnel({
      deals: 1,
      owner: seller.person.user_id,
    })
    const [one] = funnel.deals
    await server.admin.create('tasks', {
      title: 'Позвонить',
      deal_id: one!.id,
      owner_id: seller.person.user_id,
    })
    await server.admin.patch(`funnels/${funnel.id}`, { task_rule: 'refuse' })
    await page.goto(`/deals/${one!.id}`)
    await page
      .getByRole('button', {
        name: text('task.actions', { name: 'Позвонить' }),
      })
      .click()
    await page.getByRole('menuitem', { name: text('task.delete') }).click()
    const sheet = page.getByRole('dialog', { name: text('move.next_task') })
    await sheet.getByLabel(text('task.title'), { exact: true }).fill('Отправить договор')
    await sheet.getByRole('button', { name: text('move.go_on') }).click()
    await expect(sheet).toHaveCount(0)
    await expect
      .poll(async () =>
        (await server.admin.list<{ title: string }>('tasks', `deal_id = ${one!.id} and done = false`)).map(
          (x) => x.title,
        ),
      )
      .toEqual(['Отправить договор'])
  })
  test('массовая правка: кому чего не хватает, спрошены по одной тем же листом', async ({ desk, server }) => {
    const { page, api, person } = await desk('head')
    const stages = ['Пришла пачкой', 'Созвонились пачкой']
    const funnel = await server.funnel({ stages, deals: 3, owner: person.user_id })
    const [, second] = funnel.stages
    await gate(server, second!.id, {
      kind: 'field',
      field: 'expected_close_on',
    })
    await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
      expected_close_on: '2027-01-31',
    })
    await page.goto(`/deals/list?filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)
    await expect(page.locator('[data-row]')).toHaveCount(3)
    for (const d of funnel.deals) await page.locator(`[data-row="${d.id}"] .box`).click()
    await page.getByRole('button', { name: text('bulk.set') }).click()
    const form = page.getByRole('dialog', { name: text('bulk.set') })
    await form.getByRole('combobox').first().fill('Этап')
    await page.getByRole('option', { name: 'Этап', exact: true }).click()
    await form.getByRole('combobox').last().fill(second!.name)
    await page
      .getByRole('option', { name: new RegExp(second!.name) })
      .first()
      .click()
    await form.getByRole('button', { name: text('bulk.check') }).click()
    await page.getByRole('button', { name: text('bulk.fill.few', { n: 2 }) }).click()
    const sheet = page.getByRole('dialog', { name: text('move.title') })
    const asked = sheet.getByRole('textbox', { name: 'Ожидаемое закрытие' })
    await asked.fill('2027-03-01')
    await page.keyboard.press('Control+Enter')
    await expect(asked).toHaveValue('') // of the next one
    await asked.fill('2027-03-02')
    await page.keyboard.press('Control+Enter')
    await expect(sheet).toHaveCount(0)
    await expect
      .poll(async () => (await api.list<Deal>('deals', `funnel_id = ${funnel.id}`)).map((d) => d.stage_id))
      .toEqual([second!.id, second!.id, second!.id])
  })
})
