import { expect, test, text, type Page } from './harness'

const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })
const toast = (page: Page, words: string) => page.locator('.toast').filter({ hasText: words })

test('Настройку находят по тому, как её называют, и в чужой раскладке тоже', async ({ desk }) => {
  const { page } = await desk('admin')
  await page.goto('/board')
  await expect(page.locator('[data-card]').first()).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await expect(page).toHaveURL(/\/settings/)
  const search = page.getByRole('searchbox', { name: text('settings.search') })
  const found = page.getByRole('navigation', { name: text('settings.title') }).getByRole('link')
  await search.fill('праздники')
  await expect(found.first()).toHaveText(new RegExp(text('settings.calendar.at.holidays')))
  await search.fill('djhjyrb') // «воронки» with the Latin layout on
  await expect(found.first()).toHaveText(text('settings.funnels.title'))
  await search.fill('holidays')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/settings\/calendar/)
  await expect(
    page.getByRole('heading', {
      level: 1,
      name: text('settings.calendar.title'),
    }),
  ).toBeVisible()
})

test('Руководитель заводит причину проигрыша, ошибается в названии и возвращает как было', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  await page.goto('/settings/loss-reasons')
  const name = `Нашли дешевле ${Date.now()}`
  await page.getByLabel(text('settings.loss-reasons.add')).fill(name)
  await page.keyboard.press('Enter')
  await expect(row(page, name)).toBeVisible()
  await page.getByRole('button', { name, exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').first().fill(`${name} ошибка`)
  await page.keyboard.press('Enter')
  await expect(row(page, `${name} ошибка`)).toBeVisible()

  // The mistake is found in the history of the page and taken back there.
  await page.getByRole('button', { name: text('settings.history') }).click()
  const history = page.getByRole('dialog', { name: text('settings.history') })
  const step = history.locator('ol > li').first()
  await expect(step).toContainText(`${name} ошибка`)
  await step.getByRole('button', { name: text('app.undo') }).click()
  await expect(history.locator('ol > li').nth(1)).toContainText(text('timeline.undone'))
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name, exact: true })).toBeVisible()
  const [kept] = await server.admin.list<{ name: string }>('loss-reasons', `name = "${name}"`)
  expect(kept?.name).toBe(name)
})

test('Этап переименовывают, красят, ставят норму и переставляют клавишами; доска видит это сразу', async ({
  desk,
  server,
}) => {
  const funnel = await server.funnel({ deals: 2 })
  const admin = await desk('admin')
  const seller = await desk('seller')
  await seller.page.goto(`/board/${funnel.id}`)
  const { page } = admin
  await page.goto(`/settings/funnels/${funnel.id}`)
  await expect(row(page, 'Заявка')).toContainText('2')
  await page.getByRole('button', { name: 'Связались', exact: false }).first().waitFor()
  await page.getByRole('button', { name: text('settings.drag', { name: 'Счёт' }) }).focus()
  await page.keyboard.press('Alt+ArrowUp')
  await expect(toast(page, 'Счёт')).toBeVisible()
  await page.getByRole('button', { name: /^Связались/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(text('field.stage.name')).fill('Дозвонились')
  await dialog.getByLabel(text('field.stage.norm_days')).fill('3')
  await dialog.getByRole('button', { name: text('app.save') }).click()
  await expect(row(page, 'Дозвонились')).toContainText('3')
  await expect(seller.page.getByRole('heading', { level: 2 })).toHaveText([
    'Заявка',
    'Дозвонились',
    'Счёт',
    'Предложение',
  ])
  // A stage with deals cannot be put away: the server says why, nothing changes.
  await page.getByRole('button', { name: text('settings.actions', { name: 'Заявка' }) }).click()
  await page.getByRole('menuitem', { name: text('settings.put_away') }).click()
  await expect(page.locator('.toast.error')).toBeVisible()
  await expect(row(page, 'Заявка')).toBeVisible()
})

test('Готовый набор воронок добавляют в любое время и тут же отменяют', async ({ desk }) => {
  const { page } = await desk('admin')
  await page.goto('/settings/funnels')
  const list = page.getByRole('list', { name: text('settings.funnels.title') })
  await expect(list.getByRole('listitem').first()).toBeVisible()
  const before = await list.getByRole('listitem').count()
  await page.getByRole('button', { name: text('settings.funnels.ready') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('preset.choose') })
    .first()
    .click()
  await expect.poll(() => list.getByRole('listitem').count()).toBeGreaterThan(before)
  await page
    .locator('.toast')
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect(list.getByRole('listitem')).toHaveCount(before)
})

test('Два похожих источника становятся одним во всех сделках, и это можно отменить', async ({
  desk,
  server,
}) => {
  const funnel = await server.funnel({ deals: 1 })
  const stamp = Date.now()
  const one = await server.admin.create<{ id: number }>('sources', {
    name: `Сайт ${stamp}`,
  })
  const two = await server.admin.create<{ id: number }>('sources', {
    name: `сайт (дубль) ${stamp}`,
  })
  await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
    source_id: two.id,
  })
  const source = async () =>
    (await server.admin.get<{ source_id: number }>(`deals/${funnel.deals[0]!.id}`)).source_id
  const { page } = await desk('admin')
  await page.goto('/settings/sources')
  await expect(row(page, `сайт (дубль) ${stamp}`)).toContainText('1')
  await page
    .getByRole('button', {
      name: text('settings.actions', { name: `сайт (дубль) ${stamp}` }),
    })
    .click()
  await page.getByRole('menuitem', { name: text('settings.merge') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').fill(`Сайт ${stamp}`)
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: text('settings.merge_do') }).click()
  await expect.poll(source).toBe(one.id)
  await page
    .locator('.toast')
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect.poll(source).toBe(two.id)
})

test('Классификаторы и конкуренты объединяются из меню, во всех карточках разом', async ({
  desk,
  server,
}) => {
  const stamp = Date.now()
  const { page } = await desk('admin')
  const made = (objects: string, name: string, more: object = {}) =>
    server.admin.create<{ id: number }>(objects, { name, ...more })
  const unite = async (from: string, into: string) => {
    await page.getByRole('button', { name: text('settings.actions', { name: from }) }).click()
    await page.getByRole('menuitem', { name: text('settings.merge') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox').fill(into)
    await page.keyboard.press('Enter')
    await dialog.getByRole('button', { name: text('settings.merge_do') }).click()
    await expect(page.getByText(text('settings.merged', { name: from, into }))).toBeVisible()
  }
  const kind = { kind: 'loyalty' }
  const [warm, warmer] = [
    await made('classifiers', `Лоялен ${stamp}`, kind),
    await made('classifiers', `лоялен? ${stamp}`, kind),
  ]
  const contact = await made('contacts', 'Клиент с ярлыком', { loyalty_id: warmer.id })
  await page.goto('/settings/classifiers?kind=loyalty')
  await unite(`лоялен? ${stamp}`, `Лоялен ${stamp}`)
  await expect(row(page, `лоялен? ${stamp}`)).toHaveCount(0)
  await expect.poll(() => server.admin.get(`contacts/${contact.id}`)).toMatchObject({ loyalty_id: warm.id })

  const [rival, twin] = [
    await made('competitors', `Сосед ${stamp}`),
    await made('competitors', `сосед ${stamp}.`),
  ]
  const funnel = await server.funnel({ deals: [{ title: 'Со следом соседа', competitor_id: twin.id }] })
  await page.goto('/settings/competitors')
  await unite(`сосед ${stamp}.`, `Сосед ${stamp}`)
  await expect
    .poll(() => server.admin.get(`deals/${funnel.deals[0]!.id}`))
    .toMatchObject({ competitor_id: rival.id })
})

test('Два своих поля становятся одним: спрошено, чьё значение остаётся', async ({ desk, server }) => {
  const stamp = Date.now()
  const { page } = await desk('admin')
  const field = (label: string) =>
    server.admin.create<{ id: number }>('custom-fields', { object: 'deal', type: 'text', label })
  const [one, two] = [await field(`Город ${stamp}`), await field(`город сделки ${stamp}`)]
  const funnel = await server.funnel({
    deals: [
      { title: 'Оба', [`cf_${one.id}`]: 'Омск', [`cf_${two.id}`]: 'Тверь' },
      { title: 'Одно', [`cf_${two.id}`]: 'Пермь' },
    ],
  })
  await page.goto('/settings/fields?object=deal')
  await page
    .getByRole('button', { name: text('settings.actions', { name: `город сделки ${stamp}` }) })
    .click()
  await page.getByRole('menuitem', { name: text('settings.merge') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').fill(`Город ${stamp}`)
  await page.keyboard.press('Enter')
  await dialog
    .getByRole('radio', { name: text('settings.merge_keep_of', { name: `город сделки ${stamp}` }) })
    .check()
  await dialog.getByRole('button', { name: text('settings.merge_do') }).click()
  const value = async (i: number) =>
    (await server.admin.get<Record<string, unknown>>(`deals/${funnel.deals[i]!.id}`))[`cf_${one.id}`]
  await expect.poll(() => value(1)).toBe('Пермь')
  expect(await value(0)).toBe('Тверь')
  await expect(row(page, `город сделки ${stamp}`)).toHaveCount(0)
})

test('Поле-список: значения, порядок на карточке, и где оно используется, прежде чем удалить', async ({
  desk,
  server,
}) => {
  const { page } = await desk('admin')
  const name = `Город ${Date.now()}`
  await page.goto('/settings/fields?object=deal')
  await page
    .getByRole('button', { name: text('settings.fields.new') })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(text('field.custom-field.label')).fill(name)
  await dialog.getByLabel(text('field.custom-field.type')).selectOption('one_of')
  await dialog.getByRole('button', { name: text('app.save') }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  for (const city of ['Москва', 'Казань']) {
    await page.getByLabel(text('settings.options.add')).fill(city)
    await page.keyboard.press('Enter')
    await expect(row(page, city)).toBeVisible()
  }
  const [field] = await server.admin.list<{ id: number }>('custom-fields', `label = "${name}"`)
  const [city] = await server.admin.list<{ id: number }>('field-options', `custom_field_id = ${field!.id}`)
  const funnel = await server.funnel({ deals: 1 })
  await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
    [`cf_${field!.id}`]: city!.id,
  })

  await page.goto('/settings/layouts?object=deal')
  await expect(page.getByRole('list', { name: text('settings.layouts.main') })).toContainText(name)
  await page.getByRole('button', { name: text('app.save') }).click()
  await expect(toast(page, text('settings.layouts.saved'))).toBeVisible()

  await page.goto('/settings/fields?object=deal')
  await page.getByRole('button', { name: text('settings.actions', { name }) }).click()
  await page.getByRole('menuitem', { name: text('settings.delete') }).click()
  const asked = page.getByRole('dialog')
  await expect(asked).toContainText(/у 1 запис/)
  await expect(asked).toContainText(text('settings.fields.in_layouts', { n: 1 }))
  await asked.getByRole('button', { name: text('settings.delete') }).click()
  await expect(row(page, name)).toHaveCount(0)
  await page
    .locator('.toast')
    .filter({ hasText: name })
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect(row(page, name)).toBeVisible()
  const deal = await server.admin.get<Record<string, unknown>>(`deals/${funnel.deals[0]!.id}`)
  expect(deal[`cf_${field!.id}`]).toBe(city!.id)
})

test('Рабочая неделя и праздники года: загружены одним нажатием и отменены', async ({ desk, server }) => {
  const { page } = await desk('admin')
  await page.goto('/settings/calendar')
  await page.getByLabel(text('settings.calendar.to', { day: 'пятница' })).fill('17:00')
  await expect(page.getByText(text('settings.calendar.hours', { n: 39 }))).toBeVisible()
  await page.getByRole('button', { name: text('app.save') }).click()
  await expect(toast(page, text('settings.calendar.saved'))).toBeVisible()
  const days = async () =>
    (await server.admin.get<{ calendar: { exceptions: unknown[] } }>('settings')).calendar.exceptions.length
  const before = await days()
  await page.getByRole('button', { name: text('settings.calendar.load') }).click()
  await expect.poll(days).toBeGreaterThan(before + 10)
  await expect(page.getByText('Новогодние каникулы').first()).toBeVisible()
  await page
    .locator('.toast')
    .last()
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect.poll(days).toBe(before)
})

test('Продавец видит в настройках только своё; чужая страница говорит, кто её открывает', async ({
  seller,
}) => {
  const { page } = seller
  await page.goto('/settings')
  const tree = page.getByRole('navigation', { name: text('settings.title') })
  await expect(tree.getByRole('link', { name: text('settings.profile.title') })).toBeVisible()
  await expect(tree.getByRole('link', { name: text('settings.roles.title') })).toHaveCount(0)
  await expect(tree.getByRole('link', { name: text('settings.funnels.title') })).toHaveCount(0)
  await page.goto('/settings/roles')
  await expect(page.getByText(text('settings.closed'), { exact: true })).toBeVisible()
})
