// The seller's panel: day, week and month, and what is missing until the plan. R143-R145.
import { expectAccessible } from './a11y'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text } from './harness'

const two = (n: number) => String(n).padStart(2, '0')
const today = () => {
  const d = new Date()
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

test('Продавец видит свой план дня и чего не хватает; в «Моём дне» это одна строка', async ({
  desk,
  server,
}) => {
  const { page, person } = await desk('seller')
  await server.admin.create('plans', {
    ...{ measure: 'calls', period: 'day', starts_on: today(), target: 4 },
    user_id: person.user_id,
  })
  await page.goto('/kpi')
  const day = page.getByRole('region', {
    name: new RegExp(`^${text('kpi.day')}`),
  })
  await expect(day.getByRole('progressbar', { name: 'Звонков' })).toHaveAttribute('aria-valuenow', '0')
  await expect(page.getByText(text('kpi.missing'), { exact: true }).first()).toBeVisible()
  await expect(page.getByLabel(text('kpi.who'))).toHaveCount(0)

  await page.goto('/day')
  const strip = page.getByRole('region', { name: text('kpi.mine') })
  await expect(strip).toContainText(text('kpi.missing'))
  await strip.getByRole('button', { name: 'KPI' }).click()
  await expect(strip.getByRole('progressbar').first()).toBeVisible()
  await strip.getByRole('link', { name: text('kpi.open') }).click()
  await expect(page).toHaveURL(/\/kpi$/)
})

test('Руководитель смотрит панель каждого; KPI отдела настраивают в справочнике', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const seller = await server.person('seller')
  await page.goto('/settings/kpis')
  await page
    .getByRole('button', { name: text('settings.add') })
    .first()
    .click()
  const form = page.getByRole('dialog')
  const name = `Конверсия ${Date.now()}`
  await form.getByLabel(text('field.kpi.name')).fill(name)
  await form.getByLabel(text('field.kpi.measure')).selectOption('conversion')
  await form.getByLabel(text('field.kpi.target')).fill('35')
  await form.getByRole('button', { name: text('app.save') }).click()
  await expect(form).toHaveCount(0)
  const [kpi] = await server.admin.list<{ id: number; target: number }>('kpis', `name = "${name}"`)
  expect(kpi?.target).toBeCloseTo(0.35)

  await page.goto('/kpi')
  await page.getByLabel(text('kpi.who')).selectOption(String(seller.user_id))
  await expect(page.getByRole('heading', { name: text('kpi.of', { name: seller.name }) })).toBeVisible()
  await expect(page.getByText(name).first()).toBeVisible()
  await server.admin.remove(`kpis/${kpi!.id}`)
})

for (const [language, colorScheme, width] of [
  ['ru', 'light', 1360],
  ['en', 'dark', 375],
] as const)
  test(`планы, KPI, оплата и перемены чисты по axe: ${language}, ${colorScheme}, ${width}`, async ({
    desk,
    server,
  }) => {
    const { page, person } = await desk('head', {
      ...{ language, colorScheme, locale: language === 'ru' ? 'ru-RU' : 'en-GB' },
      viewport: { width, height: 800 },
    })
    await server.admin.create('plans', {
      ...{ measure: 'created', period: 'month', starts_on: `${today().slice(0, 8)}01`, target: 10 },
      user_id: person.user_id,
    })
    for (const path of ['/findings', '/plans', '/plans?view=edit', '/kpi', '/pay', '/settings/ad-costs']) {
      await page.goto(path)
      await expect(page.locator('main h1').first()).toBeVisible()
      await expect(page.locator('main .skeleton')).toHaveCount(0)
      if (path === '/pay') await page.getByRole('button', { name: text('pay.new', {}, language) }).click()
      expect.soft(await cutOff(page), `texts cut off: ${path}`).toEqual([])
      expect.soft(await outOfReach(page), `out of reach: ${path}`).toEqual([])
      expect.soft(await sideways(page), `moves sideways: ${path}`).toBe(0)
      await expectAccessible(page, path)
    }
  })
