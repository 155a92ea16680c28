// What is new for a sales manager: the bell, its list, the tab of the browser.
import { expect, test, text, type Page } from './harness'

const bell = (page: Page) => page.locator('header .bell')
async function list(page: Page) {
  await bell(page).click()
  return page.getByRole('dialog', { name: text('notices.title') })
}

test.describe('Уведомления', () => {
  test('начальник передал сделку: колокольчик считает, список ведёт на сделку, прочитанное гаснет', async ({
    seller,
    server,
  }) => {
    const { page } = seller
    const funnel = await server.funnel({ deals: 1 })
    await page.goto('/tasks')
    await expect(bell(page)).toBeVisible()
    await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
      owner_id: seller.person.user_id,
    })
    await expect(bell(page).locator('.count')).toHaveText('1')
    await expect(page).toHaveTitle(/^\(1\) /)
    const open = await list(page)
    await open.getByRole('button').filter({ hasText: 'Сделка 1' }).click()
    await expect(page).toHaveURL(new RegExp(`/deals/${funnel.deals[0]!.id}$`))
    await expect(bell(page).locator('.count')).toHaveCount(0)
    await expect(page).not.toHaveTitle(/^\(/)
  })

  test('«прочитать все» гасит счётчик и после перезагрузки', async ({ seller, server }) => {
    const { page } = seller
    const funnel = await server.funnel({ deals: 2 })
    for (const { id } of funnel.deals)
      await server.admin.patch(`deals/${id}`, {
        owner_id: seller.person.user_id,
      })
    await page.goto('/tasks')
    await expect(bell(page).locator('.count')).toHaveText('2')
    const open = await list(page)
    await open.getByRole('button', { name: text('notices.read_all') }).click()
    await expect(bell(page).locator('.count')).toHaveCount(0)
    await page.reload()
    await expect(page.getByRole('toolbar')).toBeVisible()
    await expect(bell(page).locator('.count')).toHaveCount(0)
  })

  test('моя задача подошла к сроку: запись в колокольчике', async ({ seller }) => {
    const { page, api } = seller
    await api.create('tasks', {
      title: 'Позвонить в два',
      due_at: Date.now() - 60_000,
      owner_id: seller.person.user_id,
    })
    await page.goto('/board')
    await expect(bell(page).locator('.count')).toHaveText('1')
    const open = await list(page)
    await expect(open).toContainText(text('notices.due', { name: 'Позвонить в два' }))
  })

  test('в заметке зовут коллегу через @: выбрали из списка с клавиатуры, он узнаёт и попадает в сделку (R239)', async ({
    seller,
    desk,
    server,
  }) => {
    const { page } = seller
    const colleague = await desk('head')
    const funnel = await server.funnel({ deals: 1 })
    const { id } = funnel.deals[0]!
    await colleague.page.goto('/tasks')
    await expect(bell(colleague.page)).toBeVisible()
    await page.goto(`/deals/${id}`)
    const note = page.getByLabel(text('task.note_text'))
    const people = page.getByRole('listbox', { name: text('task.note_people') })
    await note.click()
    await note.pressSequentially(`Смету посмотрит @${colleague.person.name.slice(0, -1)}`)
    await expect(people.getByRole('option', { name: colleague.person.name, exact: true })).toBeVisible()
    await note.press('Escape')
    await expect(people).toHaveCount(0)
    await expect(note).toBeFocused()
    await note.press('Backspace')
    await people.getByRole('option', { name: colleague.person.name, exact: true }).hover()
    while ((await people.locator('.at').textContent())?.trim() !== colleague.person.name)
      await note.press('ArrowDown')
    await note.press('Enter')
    await expect(note).toHaveValue(`Смету посмотрит @${colleague.person.name} `)
    await note.pressSequentially('до среды')
    await note.press('Control+Enter')
    await expect(page.locator('.body b')).toHaveText(`@${colleague.person.name}`)
    await expect(bell(colleague.page).locator('.count')).toHaveText('1')
    const open = await list(colleague.page)
    await open.getByRole('button').filter({ hasText: 'Сделка 1' }).click()
    await expect(colleague.page).toHaveURL(new RegExp(`/deals/${id}$`))
    await expect(colleague.page.getByText('Смету посмотрит')).toBeVisible()
  })

  test('всплывающие сообщения можно выключить, счёт остаётся', async ({ seller, server }) => {
    const { page } = seller
    const funnel = await server.funnel({ deals: 1 })
    await page.goto('/tasks')
    const open = await list(page)
    await open.getByLabel(text('notices.pop_up')).uncheck()
    await page.keyboard.press('Escape')
    await page.reload()
    await expect(page.getByRole('toolbar')).toBeVisible()
    await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
      owner_id: seller.person.user_id,
    })
    await expect(bell(page).locator('.count')).toHaveText('1')
    await expect(page.locator('.toast')).toHaveCount(0)
  })
})
