// Plans: typed cell by cell, copied, spread from above; how they go; pay that is tried before it is kept.
import { expect, test, text, type Page } from './harness'

const two = (n: number) => String(n).padStart(2, '0')
const monthStart = (by = 0) => {
  const d = new Date()
  const first = new Date(d.getFullYear(), d.getMonth() + by, 1)
  return `${first.getFullYear()}-${two(first.getMonth() + 1)}-01`
}
/** The cells of one row of the table. */
const cells = (page: Page, who: string) =>
  page
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: who, exact: true }) })
    .getByRole('textbox')
interface Plan {
  id: number
  target: number
  starts_on: string
  user_id: number | null
}

test('Руководитель вводит планы с клавиатуры; они сохраняются по одному, копируются и отменяются', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  const seller = await server.person('seller')
  const plans = () => api.list<Plan>('plans', `user_id = ${seller.user_id} and measure = "calls"`)
  await page.goto('/plans?view=edit&measure=calls')
  const row = cells(page, seller.name)
  await row.nth(0).fill('40')
  await row.nth(0).press('Enter')
  await expect.poll(plans).toMatchObject([{ target: 40, starts_on: monthStart(-1) }])
  await row.nth(1).fill('много')
  await row.nth(1).press('Enter')
  await expect(page.getByText(text('plans.not_number'))).toBeVisible()
  await row.nth(1).press('Escape')
  await expect(page.getByText(text('plans.not_number'))).toHaveCount(0)

  const copy = page.getByRole('columnheader').nth(2).getByRole('button')
  await copy.click()
  await expect(row.nth(1)).toHaveValue('40')
  await expect.poll(async () => (await plans()).length).toBe(2)
  await page
    .getByRole('button', { name: text('app.undo') })
    .last()
    .click()
  await expect(row.nth(1)).toHaveValue('')
  expect(await plans()).toMatchObject([{ target: 40 }])

  // An empty cell takes the plan away.
  await row.nth(0).fill('')
  await row.nth(0).press('Enter')
  await expect.poll(plans).toEqual([])
})

test('План компании раскладывается по людям: части правят, вместе они сохраняются', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  await server.person('seller')
  const starts_on = monthStart(3)
  const whole = await api.create<Plan>('plans', {
    measure: 'won',
    period: 'month',
    starts_on,
    target: 50,
  })
  await page.goto('/plans?view=edit&measure=won')
  await page.getByRole('button', { name: text('plans.spread') }).click()
  const sheet = page.getByRole('dialog', { name: text('plans.spread') })
  await sheet.getByLabel(text('plans.spread_what')).selectOption(String(whole.id))
  const parts = sheet.getByRole('textbox')
  await expect(parts.first()).toBeVisible()
  await expect(sheet.getByRole('status')).toContainText(text('plans.spread_total', { sum: 50, whole: 50 }))
  const before = Number(await parts.first().inputValue())
  await parts.first().fill(String(before + 5))
  await expect(sheet.getByRole('status')).toContainText(text('plans.spread_over', { n: 5 }))
  await sheet.getByRole('button', { name: text('plans.spread_do') }).click()
  await expect(sheet).toHaveCount(0)
  const made = await api.list<Plan>('plans', `parent_id = ${whole.id}`)
  expect(made.reduce((sum, p) => sum + p.target, 0)).toBe(55)
  expect(made.every((p) => p.starts_on === starts_on && p.user_id !== null)).toBe(true)
})

test('Ход плана говорит словами: сколько сделано, чего не хватает', async ({ desk, server }) => {
  const { page, person, api } = await desk('head')
  const funnel = await server.funnel({ deals: 3, owner: person.user_id })
  await api.create('plans', {
    ...{
      measure: 'created',
      period: 'month',
      starts_on: monthStart(),
      target: 10,
    },
    ...{ user_id: person.user_id, funnel_id: funnel.id },
  })
  await page.goto('/plans')
  const bar = page.getByRole('listitem').filter({ hasText: person.name })
  await expect(bar).toContainText(text('plans.missing', { n: 7 }))
  await expect(bar.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '30')
})

test('Схему оплаты не сохранить, пока её не попробовали на прошлом', async ({ desk }) => {
  const { page, api } = await desk('head')
  const name = `Продажи ${Date.now()}`
  await page.goto('/pay')
  await page.getByRole('button', { name: text('pay.new') }).click()
  await page.getByLabel(text('pay.name')).fill(name)
  await page.getByRole('button', { name: text('pay.save'), exact: true }).click()
  await expect(page.getByRole('alert')).toHaveText(text('pay.try_first'))
  await expect(page.getByRole('img', { name: /80/ })).toBeVisible()
  await page.getByRole('button', { name: text('pay.try') }).click()
  await expect(page.getByRole('table', { name: text('pay.tried') })).toBeVisible()
  await page.getByRole('button', { name: text('pay.save'), exact: true }).click()
  await expect(page.getByText(name, { exact: true })).toBeVisible()
  expect(await api.list('pay-schemes', `name = "${name}"`)).toMatchObject([
    { enabled: false, measure: 'revenue' },
  ])
})
