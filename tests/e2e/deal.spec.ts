import { Board } from './board'
import { expect, test, text, type Deal, type Desk, type Funnel, type Locator, type Page } from './harness'
import type { Server } from './server'

async function open({ page }: Desk, id: number): Promise<Locator> {
  await page.goto(`/deals/${id}`)
  const card = page.getByRole('article')
  await expect(
    card
      .getByRole('region', { name: text('timeline.label') })
      .getByRole('listitem')
      .first(),
  ).toBeVisible()
  return card
}
const field = (page: Page, name: string) => page.locator(`[data-field="${name}"]`)
async function type(page: Page, name: string, value: string, end = 'Enter'): Promise<void> {
  await field(page, name).getByRole('button').click()
  const input = field(page, name).locator('input, textarea')
  await input.fill(value)
  await input.press(end)
}
async function choose(page: Page, name: string, words: string, choice: string): Promise<void> {
  await field(page, name).getByRole('button').click()
  await field(page, name).getByRole('combobox').fill(words)
  await expect(page.getByRole('option', { name: choice }).first()).toBeVisible()
  await page.keyboard.press('Enter')
}
async function own(server: Server, desk: Desk, setup = {}): Promise<{ funnel: Funnel; id: number }> {
  const funnel = await server.funnel({ deals: 1, owner: desk.person.user_id, ...setup })
  return { funnel, id: funnel.deals[0]!.id }
}
const history = (page: Page) => page.getByRole('region', { name: text('timeline.label') })

test.describe('Карточка сделки', () => {
  test('каждый вид поля правится на месте и остаётся после перезагрузки', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    const [source] = await api.list<{ id: number; name: string }>('sources', 'archived = false')
    const colleague = server.people.find((p) => p.role === 'seller')!
    await open(seller, id)
    await type(page, 'title', 'Курс «Охрана труда», 40 человек')
    await type(page, 'value_minor', '1 250 000,50')
    await type(page, 'expected_close_on', '2027-03-08')
    await type(page, 'probability', '65')
    await choose(page, 'source_id', source!.name.slice(0, 4), source!.name)
    await choose(page, 'owner_id', colleague.name.slice(0, 5), colleague.name)
    await page.getByLabel(text('owners.why')).fill('Ведёт этого клиента')
    await page.keyboard.press('Enter')
    await page
      .locator('summary')
      .filter({ hasText: text('deal.utm') })
      .click()
    await type(page, 'utm_campaign', 'весна')
    const want = {
      ...{
        title: 'Курс «Охрана труда», 40 человек',
        value_minor: 125_000_050,
        expected_close_on: '2027-03-08',
      },
      ...{ probability: 65, source_id: source!.id, owner_id: colleague.user_id, utm_campaign: 'весна' },
    }
    await expect.poll(() => api.get<Deal>(`deals/${id}`)).toMatchObject(want)
    await page.reload()
    for (const [name, shown] of [
      ['title', 'Курс «Охрана труда», 40 человек'],
      ['value_minor', /1.250.000,50.₽/],
      ['expected_close_on', /8 мар\S* 2027/],
      ['probability', /65.%/],
      ['source_id', source!.name],
      ['owner_id', colleague.name],
      ['utm_campaign', 'весна'],
    ] as [string, string | RegExp][])
      await expect(field(page, name)).toContainText(shown)
  })

  test('Esc оставляет поле как было; вместо числа слова не принимаются', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    await open(seller, id)
    await type(page, 'title', 'Передумал', 'Escape')
    await expect(field(page, 'title')).toContainText('Сделка 1')
    await type(page, 'value_minor', 'много')
    await expect(field(page, 'value_minor').getByRole('alert')).toHaveText(text('field.number'))
    await page.keyboard.press('Escape')
    expect(await api.get<Deal>(`deals/${id}`)).toMatchObject({
      title: 'Сделка 1',
      value_minor: 1_000_000,
      version: 1,
    })
  })

  test('отмена в сообщении возвращает поле', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    await open(seller, id)
    await type(page, 'value_minor', '777')
    await expect(field(page, 'value_minor')).toContainText('777')
    await page.getByRole('button', { name: text('app.undo'), exact: true }).click()
    await expect(field(page, 'value_minor')).toContainText(/10.000/)
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).value_minor).toBe(1_000_000)
  })

  test('то же поле правит другой: видны оба значения, решает человек', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    await open(seller, id)
    await field(page, 'title').getByRole('button').click()
    const input = field(page, 'title').getByRole('textbox')
    await input.fill('Как хочу я')
    await server.admin.patch(`deals/${id}`, { title: 'Как решил начальник' })
    await expect(field(page, 'title').getByRole('alert')).toHaveText(text('field.conflict'))
    await expect(field(page, 'title').getByText('Как решил начальник')).toBeVisible()
    await expect(input).toHaveValue('Как хочу я')
    await page.getByRole('button', { name: text('field.keep_mine') }).click()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).title).toBe('Как хочу я')
  })

  test('продукт: добавить, изменить количество и скидку, взять итог как сумму сделки, убрать', async ({
    seller,
    server,
  }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    const [product] = await api.list<{ id: number; name: string; price_minor: number }>(
      'products',
      'active = true and price_minor > 0',
    )
    const card = await open(seller, id)
    const part = card.getByRole('region', { name: text('deal.products') })
    await part.getByRole('button', { name: text('deal.product_add') }).click()
    await part.getByRole('combobox').fill(product!.name)
    await page.getByRole('option', { name: product!.name }).first().click()
    await expect(part.getByRole('listitem')).toContainText(product!.name)
    const count = part.getByLabel(`${text('deal.quantity')}: ${product!.name}`)
    await count.fill('3')
    await count.press('Enter')
    const discount = part.getByLabel(`${text('deal.discount_percent')}: ${product!.name}`)
    await discount.fill('10')
    await discount.press('Enter')
    const sum = Math.round(product!.price_minor * 3 * 0.9)
    await expect
      .poll(async () => (await api.list<Record<string, unknown>>('deal-products', `deal_id = ${id}`))[0])
      .toMatchObject({ product_id: product!.id, quantity: 3, discount_percent: 10, sum_minor: sum })
    await part.getByRole('button', { name: text('deal.take_total') }).click()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).value_minor).toBe(sum)
    await expect(part.getByText(text('deal.total_is_value'))).toBeVisible()
    await part.getByRole('button', { name: text('deal.product_remove', { name: product!.name }) }).click()
    await expect(part.getByText(text('deal.product_none'))).toBeVisible()
    await expect.poll(() => api.list('deal-products', `deal_id = ${id}`)).toHaveLength(0)
  })

  test('заметка и задача: поставить, выполнить с результатом, без результата не выполняется', async ({
    seller,
    server,
  }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    const card = await open(seller, id)
    await page.keyboard.press('n')
    await page.getByLabel(text('task.note_text')).fill('Решает финансовый директор')
    await page.keyboard.press('Control+Enter')
    await expect(history(page).getByText('Решает финансовый директор')).toBeVisible()
    await page.getByRole('heading', { level: 1 }).click({ position: { x: 2, y: 2 } })
    await card.getByRole('tab', { name: text('task.tab.task') }).click()
    await page.getByLabel(text('task.title')).fill('Выслать программу курса')
    await page.getByLabel(text('task.kind')).selectOption('mail')
    await page.getByRole('button', { name: text('task.in_3_days') }).click()
    await page.getByRole('button', { name: text('task.save') }).click()
    const tasks = card.getByRole('region', { name: text('task.open') })
    await expect(tasks.getByText('Выслать программу курса', { exact: true })).toBeVisible()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).open_tasks).toBe(1)
    await tasks
      .getByRole('button', { name: text('task.done_mark', { name: 'Выслать программу курса' }) })
      .click()
    await tasks
      .getByRole('button', { name: text('task.finish') })
      .last()
      .click()
    await expect(tasks.getByRole('alert')).toHaveText(text('task.result_missing'))
    // It was the last one: the next step is asked for along with the result.
    await expect(tasks.getByRole('checkbox', { name: text('finish.next') })).toBeChecked()
    await tasks.getByLabel(text('task.result')).fill('Ответили, что подходит')
    await page.keyboard.press('Enter')
    const next = tasks.getByLabel(text('task.title'))
    await expect(next).toBeFocused()
    await next.fill('Выслать договор')
    await page.keyboard.press('Enter')
    await expect(history(page).getByText('Ответили, что подходит')).toBeVisible()
    const [task] = await api.list<Record<string, unknown>>('tasks', `deal_id = ${id} and done = true`)
    expect(task).toMatchObject({
      done: true,
      result: 'Ответили, что подходит',
      kind: 'mail',
      done_by: seller.person.user_id,
    })
    await expect(tasks.getByText('Выслать договор', { exact: true })).toBeVisible()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).open_tasks).toBe(1)
  })

  test('история говорит, кто, что и когда сделал, и чьё уже отменено', async ({ seller, server }) => {
    const { id, funnel } = await own(server, seller)
    const { page } = seller
    const boss = server.people.find((p) => p.role === 'admin')!
    await open(seller, id)
    await server.admin.patch(`deals/${id}`, { value_minor: 9_900_000 })
    const entry = (words: string | RegExp) => history(page).getByRole('listitem').filter({ hasText: words })
    await expect(entry(/99.000/).first()).toContainText(boss.name)
    await type(page, 'title', 'Новое имя')
    await expect(entry('Новое имя').first()).toContainText(seller.person.name)
    await page.getByRole('button', { name: text('deal.stage_go', { stage: funnel.stages[1]!.name }) }).click()
    await expect(
      entry(text('timeline.spent', { time: '', stage: '' }).trim().split(' ')[0]!).first(),
    ).toContainText(funnel.stages[1]!.name)
    await expect(entry(text('timeline.deal_created_in', { stage: funnel.stages[0]!.name }))).toContainText(
      boss.name,
    )
    // Only one's own changes can be taken back from here.
    await expect(
      entry(/99.000/)
        .first()
        .getByRole('button', { name: text('timeline.undo') }),
    ).toHaveCount(0)
    await entry('Новое имя')
      .first()
      .getByRole('button', { name: text('timeline.undo') })
      .click()
    await expect(field(page, 'title')).toContainText('Сделка 1')
    await expect(entry('Новое имя').filter({ hasText: text('timeline.undone') })).toHaveCount(1)
  })

  test('этап: полосой, клавишами и кнопкой «Проиграна» с причиной; открыть снова', async ({
    seller,
    server,
  }) => {
    const { id, funnel } = await own(server, seller)
    const { page, api } = seller
    const card = await open(seller, id)
    const stage = async () => (await api.get<Deal>(`deals/${id}`)).stage_id
    await page.getByRole('button', { name: text('deal.stage_go', { stage: funnel.stages[2]!.name }) }).click()
    await expect.poll(stage).toBe(funnel.stages[2]!.id)
    await expect(
      card.getByRole('button', { name: text('deal.stage_now', { stage: funnel.stages[2]!.name }) }),
    ).toHaveAttribute('aria-current', 'step')
    await page.keyboard.press('Alt+ArrowLeft')
    await expect(page.getByLabel(text('move.back_reason'))).toBeFocused()
    await page.keyboard.type('Клиент передумал')
    await page.keyboard.press('Enter')
    await expect.poll(stage).toBe(funnel.stages[1]!.id)
    await card.getByRole('button', { name: text('deal.lose'), exact: true }).click()
    const sheet = page.getByRole('dialog', { name: text('move.losing') })
    await sheet.getByRole('button', { name: text('board.lose') }).click()
    await expect(sheet.getByRole('alert')).toBeVisible()
    await sheet.getByRole('radio', { name: 'Ушли к соседям' }).check()
    await sheet.getByRole('button', { name: text('board.lose') }).click()
    await expect
      .poll(() => api.get<Deal>(`deals/${id}`))
      .toMatchObject({ status: 'lost', stage_id: funnel.lost.id })
    await expect(field(page, 'loss_reason_id')).toContainText('Ушли к соседям')
    await type(page, 'loss_comment', 'Дешевле на треть', 'Control+Enter')
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).loss_comment).toBe('Дешевле на треть')
    await card.getByRole('button', { name: text('deal.reopen') }).click()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).status).toBe('open')
  })

  test('люди и метки: контакт найти и создать, метку повесить и снять', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    const card = await open(seller, id)
    const people = card.getByRole('region', { name: text('deal.people') })
    await people.getByRole('button', { name: text('deal.contact_add') }).click()
    await people.getByRole('combobox').fill('Пётр Незнакомцев')
    await page.getByRole('option', { name: text('field.create', { name: 'Пётр Незнакомцев' }) }).click()
    await expect(people.getByText('Пётр Незнакомцев', { exact: true })).toBeVisible()
    const company = (await api.list<{ id: number; name: string }>('companies'))[0]!
    await people.getByRole('button', { name: text('deal.company_add') }).click()
    await people.getByRole('combobox').fill(company.name)
    await page.getByRole('option', { name: company.name }).first().click()
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).company_id).toBe(company.id)
    const [contact] = await api.list<{ id: number }>('contacts', 'name = "Пётр Незнакомцев"')
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).contact_id).toBe(contact!.id)
    await card.getByRole('button', { name: text('deal.tag_add') }).click()
    await page.getByRole('combobox', { name: text('deal.tag_add') }).fill(`срочно ${id}`)
    await page.keyboard.press('Enter')
    await expect.poll(async () => ((await api.get<Deal>(`deals/${id}`)).tag_ids as number[]).length).toBe(1)
    await card.getByRole('button', { name: text('deal.tag_remove', { name: `срочно ${id}` }) }).click()
    await expect.poll(async () => ((await api.get<Deal>(`deals/${id}`)).tag_ids as number[]).length).toBe(0)
  })

  test('другой меняет сделку: карточка обновляется сама', async ({ seller, server }) => {
    const { id, funnel } = await own(server, seller)
    const { page } = seller
    await open(seller, id)
    await server.admin.patch(`deals/${id}`, { value_minor: 55_500_000, stage_id: funnel.stages[3]!.id })
    await expect(field(page, 'value_minor')).toContainText(/555.000/)
    await expect(
      page.getByRole('button', { name: text('deal.stage_now', { stage: funnel.stages[3]!.name }) }),
    ).toBeVisible()
    await server.admin.create('tasks', {
      deal_id: id,
      title: 'Задача от начальника',
      kind: 'call',
      due_at: Date.now() + 86_400_000,
    })
    await expect(
      page
        .getByRole('region', { name: text('task.open') })
        .getByText('Задача от начальника', { exact: true }),
    ).toBeVisible()
  })

  test('без сети правка видна и уходит, когда сеть вернулась', async ({ seller, server }) => {
    const { id } = await own(server, seller)
    const { page, api } = seller
    await open(seller, id)
    await page.context().setOffline(true)
    await type(page, 'title', 'Записано в лифте')
    await expect(field(page, 'title')).toContainText('Записано в лифте')
    await expect(page.getByRole('status').filter({ hasText: text('app.offline') })).toBeVisible()
    await page.context().setOffline(false)
    await expect.poll(async () => (await api.get<Deal>(`deals/${id}`)).title).toBe('Записано в лифте')
    await expect(page.getByText(text('app.offline'))).toHaveCount(0)
  })

  test('удалить и вернуть', async ({ seller, server }) => {
    const { id, funnel } = await own(server, seller)
    const { page, api } = seller
    await open(seller, id)
    await page.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('deal.delete') }).click()
    await expect(page).toHaveURL(new RegExp(`/board/${funnel.id}`))
    await expect.poll(() => api.list('deals', `id = ${id}`)).toHaveLength(0)
    await page.getByRole('button', { name: text('app.undo'), exact: true }).click()
    await expect.poll(async () => (await api.list('deals', `id = ${id}`)).length).toBe(1)
    await expect(new Board(page, funnel).card('Сделка 1')).toBeVisible()
  })

  test('наблюдатель всё видит и ничего не может изменить', async ({ desk, seller, server }) => {
    const { id } = await own(server, seller)
    await seller.api.create('notes', { deal_id: id, text: 'Важная заметка' })
    const observer = await desk('observer')
    const card = await open(observer, id)
    await expect(card.getByText('Важная заметка')).toBeVisible()
    await expect(card.locator('[data-field] button')).toHaveCount(0)
    await expect(card.getByRole('tab')).toHaveCount(0)
    await expect(card.getByRole('button', { name: text('deal.lose'), exact: true })).toHaveCount(0)
  })
})

test.describe('Панель над доской', () => {
  test('щелчок открывает, J и K листают колонку, Esc закрывает и возвращает к карточке, Назад тоже закрывает', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 3 })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const panel = page.getByRole('complementary', { name: text('deal.page') })
    await board.card('Сделка 1').click()
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Сделка 1')
    await expect(page).toHaveURL(new RegExp(`deal=${funnel.deals[0]!.id}`))
    await page.keyboard.press('j')
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Сделка 2')
    await page.keyboard.press('j')
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Сделка 3')
    await page.keyboard.press('k')
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Сделка 2')
    await expect(page).toHaveURL(new RegExp(`deal=${funnel.deals[1]!.id}`))
    await page.keyboard.press('Escape')
    await expect(panel).toHaveCount(0)
    await expect(board.card('Сделка 2')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(panel).toBeVisible()
    await page.goBack()
    await expect(panel).toHaveCount(0)
  })

  test('правка в панели сразу видна на доске, перезагрузка открывает ту же сделку', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 2 })
    const board = await new Board(seller.page, funnel).open(`?deal=${funnel.deals[0]!.id}`)
    const { page } = seller
    const panel = page.getByRole('complementary', { name: text('deal.page') })
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Сделка 1')
    await type(page, 'title', 'Переименована в панели')
    await expect(board.card('Переименована в панели')).toHaveCount(1)
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(funnel.stages[1]!, 'Переименована в панели')).toHaveCount(1)
    await page.reload()
    await expect(panel.getByRole('heading', { level: 1 })).toContainText('Переименована в панели')
    await panel.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('deal.open_page') }).click()
    await expect(page).toHaveURL(new RegExp(`/deals/${funnel.deals[0]!.id}$`))
    await expect(page.getByRole('article')).toBeVisible()
  })

  test('ширина панели меняется мышью и клавишами и запоминается', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 1 })
    await new Board(seller.page, funnel).open(`?deal=${funnel.deals[0]!.id}`)
    const { page } = seller
    const panel = page.getByRole('complementary', { name: text('deal.page') })
    const handle = page.getByRole('separator', { name: text('deal.resize') })
    const width = async () => Math.round((await panel.boundingBox())!.width)
    const before = await width()
    await handle.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await expect.poll(width).toBe(before - 80)
    await page.reload()
    await expect(panel).toBeVisible()
    expect(await width()).toBe(before - 80)
  })
})
