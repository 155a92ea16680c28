// The weekly review: only deals that need a look, decisions in words, and whether they were kept. R386-R388.
import { expect, test, text, type Page } from './harness'

const item = (page: Page, title: string) => page.locator('ol > li').filter({ hasText: title })

test('Разбор недели без мыши: причины, решение, задача, дальше; закрыт — виден в списке', async ({
  desk,
  server,
}) => {
  const { page, person } = await desk('head')
  const team = await server.admin.create<{ id: number }>('teams', {
    name: `Отдел ${Date.now()}`,
  })
  await server.admin.patch(`users/${person.user_id}`, { team_id: team.id })
  const funnel = await server.funnel({
    deals: [{ title: 'Забытая поставка' }, { title: 'Тихий клиент' }],
    owner: person.user_id,
  })
  await page.goto('/reviews')
  await page.getByLabel(text('review.team')).selectOption(String(team.id))
  await page.getByRole('button', { name: text('review.begin') }).click()
  await expect(page).toHaveURL(/\/reviews\/\d+/)
  await expect(item(page, 'Забытая поставка')).toContainText(text('review.why.no_task'))

  await expect(page.locator('ol > li')).toHaveCount(2)
  await expect(page.getByRole('listitem').filter({ hasText: /^без задачи 2$/ })).toBeVisible()
  await expect(page.getByRole('link', { name: text('review.print') })).toHaveAttribute('href', /format=html/)
  const first = await page.locator('ol > li .title').first().textContent()
  await page.keyboard.press('e')
  await expect(page.getByLabel(text('review.decision'), { exact: true })).toBeFocused()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText(text('review.decision_missing'))).toBeVisible()
  await page.keyboard.type('Звоним директору, просим решение до пятницы')
  await page.keyboard.press('Tab')
  await page.keyboard.type('Позвонить директору')
  await page.keyboard.press('Control+Enter')

  // The next deal opens by itself.
  await expect(item(page, first!)).toContainText('Звоним директору')
  await expect(page.getByLabel(text('review.decision'), { exact: true })).toBeFocused()
  await page.keyboard.type('Закрываем: не отвечают')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByLabel(text('review.decision'), { exact: true })).toHaveCount(0)
  const tasks = await server.admin.list<{ title: string; owner_id: number }>(
    'tasks',
    `deal_id in (${funnel.deals.map((d) => d.id).join(', ')})`,
  )
  expect(tasks).toMatchObject([{ title: 'Позвонить директору', owner_id: person.user_id }])

  await page.getByRole('button', { name: text('review.close') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('review.close') })
    .click()
  await expect(page.getByRole('button', { name: text('review.reopen') })).toBeVisible()
  await page
    .getByRole('link', { name: text('nav.reviews') })
    .first()
    .click()
  await expect(page.getByRole('table')).toContainText(/Отдел/)
})
