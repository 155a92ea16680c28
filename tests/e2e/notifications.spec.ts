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
