// Who is quicker than the line types on: a form that is still being fetched gets what was typed, and no letter of it
// works as a shortcut of the page behind.
import { expect, test, text, typeKeys, type Page } from './harness'

async function slowly(page: Page, form: string): Promise<void> {
  await page.route(`**/assets/${form}-*.js`, async (route) => {
    await new Promise((go) => setTimeout(go, 1500))
    await route.continue()
  })
}

test.describe('Набранное, пока форма ещё едет', () => {
  test('задача: итог попадает в форму целиком и с Enter идёт дальше', async ({ seller, server }) => {
    const { page, api } = seller
    const funnel = await server.funnel({ deals: 1, owner: seller.person.user_id })
    const { id } = await api.create<{ id: number }>('tasks', {
      ...{ title: 'Позвонить директору', kind: 'call', due_at: Date.now() + 3_600_000 },
      ...{ owner_id: seller.person.user_id, deal_id: funnel.deals[0]!.id },
    })
    await slowly(page, 'FinishForm')
    await page.goto('/tasks')
    await expect(page.getByRole('listitem').filter({ hasText: 'Позвонить директору' })).toBeVisible()
    await page.keyboard.press('j')
    await page.keyboard.press('Control+Enter')
    await expect(page.getByLabel(text('task.result'))).toHaveCount(0)
    await typeKeys(page, 'Согласен, ждёт счётт')
    await page.keyboard.press('Backspace')
    const result = page.getByLabel(text('task.result'))
    await expect(result).toBeFocused()
    await expect(result).toHaveValue('Согласен, ждёт счёт')
    await expect(page).toHaveURL(/\/tasks$/)
    await page.keyboard.press('Control+Enter')
    await expect
      .poll(() => api.get(`tasks/${id}`))
      .toMatchObject({ done: true, result: 'Согласен, ждёт счёт' })
  })

  test('выигрыш без суммы: сумма, набранная сразу, записана', async ({ seller, server }) => {
    const { page, api } = seller
    const funnel = await server.funnel({
      deals: [{ title: 'Без суммы', value_minor: null }],
      owner: seller.person.user_id,
    })
    const { id } = funnel.deals[0]!
    await slowly(page, 'MoveSheet')
    await page.goto(`/deals/${id}`)
    await page
      .getByRole('article')
      .getByRole('button', { name: text('deal.win'), exact: true })
      .click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.keyboard.type('85 000')
    await expect(
      page
        .getByRole('dialog', { name: text('move.winning') })
        .locator('input')
        .first(),
    ).toHaveValue(/85.000/)
    await page.keyboard.press('Enter')
    await expect.poll(() => api.get(`deals/${id}`)).toMatchObject({ status: 'won', value_minor: 8_500_000 })
  })
})
