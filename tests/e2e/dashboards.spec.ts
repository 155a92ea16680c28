// Dashboards: the first one is there by itself, the others are composed, moved by mouse and keyboard, shared. R003, R182.
import { expectAccessible } from './a11y'
import { expect, test, text, type Page } from './harness'

interface Dashboard {
  id: number
  name: string
  sharing: string
  items: {
    report: string
    show: string
    w: number
    h: number
    params: Record<string, string>
  }[]
}
const tiles = (page: Page) => page.locator('main ul.grid > li')
const named = (name: string) => text('dashboard.handle', { name })

test('начальный дашборд собран сам; правка делает его своим; порядок, размер и вид — с клавиатуры; отмена возвращает', async ({
  desk,
}) => {
  const { page, api } = await desk('head')
  await page.goto('/reports')
  await expect(tiles(page).first()).toBeVisible()
  expect(await tiles(page).count()).toBeGreaterThanOrEqual(4)
  await expect(page.locator('main .big').first()).not.toBeEmpty()
  await page.getByRole('button', { name: text('dashboard.edit') }).click()
  const first = (await tiles(page).nth(0).getByRole('heading').textContent())!.trim()
  const second = (await tiles(page).nth(1).getByRole('heading').textContent())!.trim()
  await page
    .getByRole('button', { name: named(first) })
    .first()
    .focus()
  await page.keyboard.press('ArrowRight')
  await expect(tiles(page).nth(0).getByRole('heading')).toHaveText(second)
  await expect(
    tiles(page)
      .nth(1)
      .getByRole('button', { name: named(first) }),
  ).toBeFocused()
  await page.keyboard.press('Shift+ArrowRight')
  await expect(tiles(page).nth(1)).toHaveClass(/w2/)
  await tiles(page).nth(1).getByLabel(text('dashboard.show')).selectOption('table')
  await page.getByRole('button', { name: text('app.save') }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel(text('view.name')).fill('Мой утренний')
  await sheet.getByLabel(text('view.sharing.everyone')).check()
  await sheet.getByRole('button', { name: text('app.save') }).click()
  await expect(page).toHaveURL(/dashboard=\d+/)
  await expect(page.getByRole('link', { name: 'Мой утренний' })).toHaveAttribute('aria-current', 'page')
  const made = (await api.list<Dashboard>('dashboards', 'name = "Мой утренний"'))[0]!
  expect(made.sharing).toBe('everyone')
  expect(made.items[1]).toMatchObject({ show: 'table', w: 2 })

  const guest = await desk('seller')
  await guest.page.goto('/reports')
  await expect(guest.page.getByRole('link', { name: 'Мой утренний' })).toBeVisible()
  await expect(guest.page.getByRole('button', { name: text('dashboard.edit') })).toHaveCount(0)

  await page.getByRole('button', { name: text('dashboard.menu') }).click()
  await page.getByRole('menuitem', { name: text('dashboard.remove') }).click()
  await expect(page.getByRole('link', { name: 'Мой утренний' })).toHaveCount(0)
  await page
    .getByRole('region', { name: text('app.messages') })
    .locator('.toast')
    .filter({ hasText: text('dashboard.removed', { name: 'Мой утренний' }) })
    .getByRole('button', { name: text('app.undo') })
    .first()
    .click()

  await expect(page.getByRole('link', { name: 'Мой утренний' })).toBeVisible()
  await api.remove(`dashboards/${made.id}`)
})

test('отчёт с его условиями кладётся на дашборд; период «этот год» остаётся этим годом; плитка ведёт обратно', async ({
  desk,
}) => {
  const { page, api } = await desk('seller')
  await page.goto('/reports/funnel')
  await page
    .getByRole('combobox', { name: text('report.page.period'), exact: true })
    .selectOption('this_year')
  await expect(page).toHaveURL(/from=/)
  await page.getByRole('button', { name: text('dashboard.add') }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel(text('dashboard.which')).selectOption('')
  await sheet.getByLabel(text('dashboard.show')).selectOption('number')
  await sheet.getByLabel(text('dashboard.title')).fill('Сделки года')
  await sheet.getByRole('button', { name: text('dashboard.put') }).click()
  await expect(sheet).toHaveCount(0)
  const made = (await api.list<Dashboard>('dashboards', 'owner_id = me'))[0]!
  expect(made.items).toEqual([
    {
      report: 'funnel',
      params: { period: 'this_year' },
      show: 'number',
      title: 'Сделки года',
      w: 1,
      h: 1,
    },
  ])
  await page.goto('/reports')
  await page.getByRole('link', { name: made.name }).click()
  await page.getByRole('link', { name: 'Сделки года' }).click()
  await expect(page).toHaveURL(new RegExp(`/reports/funnel\\?from=${new Date().getFullYear()}-01-01`))
})

test('плитка перетаскивается мышью', async ({ desk }) => {
  const { page } = await desk('head')
  await page.goto('/reports?dashboard=0')
  await expect(tiles(page).nth(2)).toBeVisible()
  await page.getByRole('button', { name: text('dashboard.edit') }).click()
  const title = (await tiles(page).nth(0).getByRole('heading').textContent())!.trim()
  await tiles(page).nth(0).locator('.handle').dragTo(tiles(page).nth(2))
  await expect(tiles(page).nth(2).getByRole('heading')).toHaveText(title)
  await page.getByRole('button', { name: text('app.cancel') }).click()
  await expect(tiles(page).nth(0).getByRole('heading')).toHaveText(title)
})

for (const [language, colorScheme, width] of [
  ['ru', 'dark', 375],
  ['en', 'light', 1360],
] as const)
  test(`дашборд чист по axe: ${language}, ${colorScheme}, ${width}`, async ({ desk }) => {
    const { page } = await desk('head', {
      ...{ language, colorScheme, viewport: { width, height: 800 } },
      locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    })
    await page.goto('/reports')
    await expect(page.locator('main .big').first()).toBeVisible()
    await expectAccessible(page, 'dashboard')
    await page.getByRole('button', { name: text('dashboard.edit', {}, language) }).click()
    await expectAccessible(page, 'dashboard being edited')
  })
