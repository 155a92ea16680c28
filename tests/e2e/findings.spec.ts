// What the detectors found: read, followed to the deals, marked. R184, R326, R334, R360.
import { expect, test, text } from './harness'
import type { Server } from './server'

interface Finding {
  id: number
  state: string
}
/** The company of the tests sells nothing for a year: that is noticed soon after the server has begun. */
const found = (server: Server) =>
  expect
    .poll(async () => (await server.admin.list<Finding>('findings', 'id > 0')).length, { timeout: 40_000 })
    .toBeGreaterThan(0)

test('Лента перемен: что, с каких пор, насколько уверены; отметка сохраняется и отменяется', async ({
  desk,
  server,
}) => {
  await found(server)
  const { page, api } = await desk('head')
  await page.goto('/findings')
  const first = page.getByRole('article').first()
  await expect(first).toContainText(text('findings.state.new'))
  await expect(first.getByRole('heading').first()).not.toHaveText('')
  await expect(first).toContainText(text('findings.before'))
  const fresh = async () => (await api.list<Finding>('findings', 'state = "new"')).length
  const before = await fresh()
  await page.keyboard.press('j')
  await expect(first).toBeFocused()
  await page.keyboard.press('2')
  await expect(first).toContainText(text('findings.state.acted'))
  await expect.poll(fresh).toBe(before - 1)
  await page.getByRole('button', { name: text('app.undo') }).click()
  await expect(first).toContainText(text('findings.state.new'))
  await expect.poll(fresh).toBe(before)
})

test('От перемены идут к сделкам и к отчёту; новые считаются на вкладке', async ({ desk, server }) => {
  await found(server)
  const { page } = await desk('head')
  await page.goto('/reports/all')
  const tab = page.getByRole('link', {
    name: new RegExp(`^${text('nav.findings')}\\s*\\d+$`),
  })
  await tab.click()
  await expect(page).toHaveURL(/\/findings$/)
  await page.getByLabel(text('findings.show')).selectOption('false_alarm')
  await expect(page.getByText(text('findings.none_of'))).toBeVisible()
  await page.getByLabel(text('findings.show')).selectOption('')
  const link = page
    .getByRole('article')
    .first()
    .getByRole('link', { name: text('findings.open_deals') })
  await expect(link).toHaveAttribute('href', /^\/deals\/list\?filter=/)
  await link.click()
  await expect(page).toHaveURL(/\/deals\/list\?filter=/)
  await expect(page.getByRole('alert')).toHaveCount(0)
})
