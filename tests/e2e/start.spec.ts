import { expectAccessible } from './a11y'
import { expect, inField, test as base, text } from './harness'
import { Server, voronka } from './server'

const email = 'admin@example.ru'
const password = 'первый день работы 1'
/** An installation on its first day: one administrator and nothing else (R107, R220, R315). */
function firstDay(data: string): void {
  process.env.VORONKA_PASSWORD = password
  voronka([
    ...['user', 'add', '--data', data, '--email', email, '--name', 'Ольга Первая'],
    ...['--role', 'admin', '--locale', 'ru'],
  ])
  delete process.env.VORONKA_PASSWORD
}
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start(firstDay)
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

test('Первый день: администратор проходит первые шаги, доска открывается с этапами набора', async ({
  page,
  server,
  desk,
}) => {
  const seller = await desk('seller')
  await seller.page.goto('/board')
  await expect(seller.page.getByText(text('preset.wait'))).toBeVisible()
  await expect(seller.page.getByRole('button', { name: text('preset.choose') })).toHaveCount(0)

  await page.goto('/')
  await page.getByLabel(text('signin.email')).fill(email)
  await page.getByLabel(text('signin.password')).fill(password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/start/)
  await expect(page.getByRole('heading', { name: text('settings.start.funnels_title') })).toBeVisible()
  const { items } = await server.admin.get<{
    items: {
      title: string
      funnels: { name: string; stages: { name: string; outcome: string }[] }[]
    }[]
  }>('presets')
  await expect(page.getByRole('button', { name: text('preset.choose') })).toHaveCount(items.length)
  await expectAccessible(page, 'первые шаги: воронки')
  const preset = items.find((p) => p.funnels.length === 2)!
  const choose = () =>
    page
      .getByRole('listitem')
      .filter({ has: page.getByRole('heading', { name: preset.title }) })
      .getByRole('button', { name: text('preset.choose') })
      .click()
  await choose()
  await expect(page.getByText(text('preset.done', { title: preset.title }))).toBeVisible()
  await expect(page.getByRole('heading', { name: text('settings.start.company_title') })).toBeVisible()

  // Taken back, the choice stands open again; the second time it stays.
  await page.getByRole('button', { name: text('app.undo') }).click()
  await page.getByRole('button', { name: new RegExp(text('settings.start.funnels')) }).click()
  await choose()
  await expect(page.getByRole('heading', { name: text('settings.start.company_title') })).toBeVisible()
  await expect(page.getByText(text('preset.done', { title: preset.title }))).toBeVisible()
  await expectAccessible(page, 'первые шаги: компания')
  await page.getByLabel(text('settings.company.name')).fill('Первая компания')
  await page.getByRole('button', { name: text('settings.start.next') }).click()
  // Somebody works here already (the seller of this test), so the next thing to do is the data.
  await expect(page.getByRole('heading', { name: text('settings.start.import_title') })).toBeVisible()
  await page.getByRole('button', { name: new RegExp(text('settings.start.people')) }).click()
  await expect(page.getByRole('heading', { name: text('settings.start.people_title') })).toBeVisible()
  await expectAccessible(page, 'первые шаги: люди')

  // Left and opened again, it goes on where it was left.
  await page.goto('/start')
  await expect(page.getByRole('heading', { name: text('settings.start.import_title') })).toBeVisible()
  await expect(page.getByRole('link', { name: text('settings.start.to_import') })).toHaveAttribute(
    'href',
    '/import',
  )
  await expectAccessible(page, 'первые шаги: данные')
  await page.getByRole('button', { name: text('settings.start.skip') }).click()
  await expect(page.getByText(text('settings.start.ready'), { exact: true })).toBeVisible()
  await page.getByRole('button', { name: text('app.to_board') }).click()
  await expect(page).toHaveURL(/\/board\/\d+/)
  const [funnel] = preset.funnels
  await expect(page.getByRole('heading', { level: 1, name: funnel!.name, exact: true })).toBeAttached()
  await expect(seller.page.getByRole('heading', { level: 1, name: funnel!.name, exact: true })).toBeAttached()

  // The board shows the stages at once, in their order, and offers the first deal.
  const stages = funnel!.stages.filter((s) => s.outcome === 'open').map((s) => s.name)
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(stages)
  await expect(page.getByText(text('board.empty'))).toBeVisible()
  await page
    .getByRole('button', { name: text('board.create') })
    .first()
    .click()
  await inField(page)
  await page.keyboard.type('Первая сделка')
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-card]')).toHaveCount(1)
  await expect(page.getByText(text('board.empty'))).toHaveCount(0)
})
