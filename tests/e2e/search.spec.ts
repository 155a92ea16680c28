import { expect, test, text, type Page } from './harness'

async function ask(page: Page, words: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
  await page.keyboard.press('Control+k')
  const input = page.getByRole('dialog', { name: text('palette.title') }).getByRole('combobox')
  await expect(input).toBeFocused()
  await input.fill(words)
}
const options = (page: Page) => page.getByRole('dialog', { name: text('palette.title') }).getByRole('option')

test.describe('Поиск', () => {
  test('имя, телефон, почта и ИНН находят клиента; Enter открывает карточку', async ({ desk, server }) => {
    const { page } = await desk('head')
    const company = await server.admin.create<{ id: number }>('companies', {
      name: 'ООО «Ёлкин и сыновья»',
      inn: '7707083893',
    })
    const contact = await server.admin.create<{ id: number }>('contacts', {
      name: 'Артемий Ёлкин',
      phone: '+7 916 555-44-33',
      email: 'elkin.search@example.ru',
      company_id: company.id,
    })
    await page.goto('/board')
    for (const words of ['артемий елкин', '9165554433', 'elkin.search@']) {
      await ask(page, words)
      await expect(options(page).filter({ hasText: 'Артемий Ёлкин' }).first()).toBeVisible()
      await page.keyboard.press('Escape')
    }
    await ask(page, '7707083893')
    await expect(options(page).filter({ hasText: 'Ёлкин и сыновья' }).first()).toBeVisible()
    await page.keyboard.press('Escape')
    await ask(page, 'Артемий Ёлкин')
    await expect(options(page).first()).toContainText('Артемий Ёлкин')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`/contacts/${contact.id}`))
    // What was opened is offered first the next time.
    await page.keyboard.press('Control+k')
    await expect(options(page).first()).toContainText('Артемий Ёлкин')
  })

  test('забытая раскладка и опечатка в одну букву прощаются, и сказано почему', async ({ desk, server }) => {
    const { page } = await desk('head')
    await server.admin.create('contacts', {
      name: 'Вячеслав Иванцов-Заречный',
    })
    await page.goto('/board')
    await ask(page, 'Bdfywjd-Pfhtxysq')
    await expect(
      options(page)
        .filter({ hasText: 'Иванцов-Заречный' })
        .filter({ hasText: text('search.layout') }),
    ).toBeVisible()
    await page.keyboard.press('Escape')
    await ask(page, 'Вячеслав Иванцов-Заречнй')
    await expect(
      options(page)
        .filter({ hasText: 'Иванцов-Заречный' })
        .filter({ hasText: text('search.typo') }),
    ).toBeVisible()
  })

  test('сделка и заметка находятся по словам; из набранного можно создать контакт', async ({
    desk,
    server,
  }) => {
    const me = await desk('seller')
    const { page } = me
    const funnel = await server.funnel({
      deals: [{ title: 'Компрессор для Воркуты' }],
      owner: me.person.user_id,
    })
    await me.api.create('notes', {
      deal_id: funnel.deals[0]!.id,
      text: 'Просят отсрочку до квартальной премии',
    })
    await page.goto('/board')
    await ask(page, 'компрессор воркут')
    await expect(options(page).first()).toContainText('Компрессор для Воркуты')
    await page.keyboard.press('Escape')
    await ask(page, 'квартальной премии')
    await options(page).filter({ hasText: 'отсрочку' }).first().click()
    await expect(page).toHaveURL(new RegExp(`/deals/${funnel.deals[0]!.id}`))
    await ask(page, 'Новосельцева Ирина')
    await options(page)
      .filter({
        hasText: text('search.make.contact', { name: 'Новосельцева Ирина' }),
      })
      .click()
    await expect(page.getByLabel('Имя', { exact: true })).toHaveValue('Новосельцева Ирина')
  })

  test('чего нет, того поиск не выдумывает: остаются предложения создать', async ({ desk, server }) => {
    const me = await desk('head')
    await me.page.goto('/board')
    await ask(me.page, 'zzqqxxyy')
    await expect(options(me.page).filter({ hasText: /zzqqxxyy/ })).toHaveCount(4) // only offers to create
    expect(server.people.length).toBeGreaterThan(0)
  })

  test('набранное сразу после Ctrl+K попадает в поиск, даже если он ещё загружается', async ({ desk }) => {
    const { page } = await desk('head')
    await page.route(/Palette-.*\.js/, async (route) => {
      await new Promise((done) => setTimeout(done, 700))
      await route.continue()
    })
    await page.goto('/board')
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('gc') // on the page behind: go to the contacts
    const input = page.getByRole('dialog', { name: text('palette.title') }).getByRole('combobox')
    await expect(input).toHaveValue('gc')
    await expect(page).toHaveURL(/\/board/)
  })
})
