// Plans: typed cell by cell, copied, spread from above; how they go; pay that is tried before it is kept.
import { expect, test, text, undo, type Page } from './harness'

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
  await undo(page, text('plans.copied.one', { n: 1 }))
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
  await expect
    .poll(() => api.list('pay-schemes', `name = "${name}"`))
    .toMatchObject([{ enabled: false, measure: 'revenue' }])
})

test('Схему оплаты пробуют на прошлых месяцах до того, как по ней платят: видно, сколько кому и за что', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  const seller = await server.person('seller')
  const funnel = await server.funnel({ deals: 0 })
  // Sold in the month before last one and a half times the plan, in the last month half of it.
  const sold = (title: string, value: number, by: number) => [
    ...[title, funnel.name, funnel.won.name, value, seller.name],
    ...[`${monthStart(by).slice(0, 8)}15T09:00:00Z`, `${monthStart(by).slice(0, 8)}15T12:00:00Z`],
  ]
  await server.admin.importTable(
    'deal',
    ['title', 'funnel_id', 'stage_id', 'value_minor', 'owner_id', 'created_at', 'closed_at'],
    [sold('Крупный заказ', 300_000, -2), sold('Малый заказ', 100_000, -1)],
  )
  for (const by of [-2, -1])
    await api.create('plans', {
      ...{ measure: 'revenue', period: 'month', starts_on: monthStart(by) },
      ...{ target: 20_000_000, user_id: seller.user_id },
    })

  const name = `Ступени ${Date.now()}`
  await page.goto('/pay')
  await page.getByRole('button', { name: text('pay.new') }).click()
  await page.getByLabel(text('pay.name')).fill(name)
  await page.getByLabel(text('pay.whose')).selectOption(`u${seller.user_id}`)
  const base = page.getByLabel(text('pay.base'))
  await base.fill('20 000')
  await base.press('Tab')
  await page.getByRole('button', { name: text('pay.try') }).click()
  const tried = page.getByRole('table', { name: text('pay.tried') })
  const paid = tried.getByRole('row').filter({ hasText: seller.name }).getByRole('cell')
  const month = (by: number) => paid.nth(6 + by)
  // 2 % of what lies between 80 and 100 % of the plan, 10 000 and 5 % up to 110, 10 % of the rest, and the base.
  await expect(month(-2)).toContainText(/39\s800\s₽/)
  await expect(month(-2)).toContainText(/150\s%/)
  await expect(month(-1)).toContainText(/20\s000\s₽/)
  await expect(month(-1)).toContainText(/50\s%/)

  // Another step is another scheme: it is tried anew before it is kept, and nobody is paid by it until it is put in force.
  const step = page.getByRole('group', { name: text('pay.step', { n: 3 }) })
  const share = step.getByLabel(text('pay.percent'))
  await share.fill('20')
  await share.press('Tab')
  await expect(tried).toHaveCount(0)
  await page.getByRole('button', { name: text('pay.save'), exact: true }).click()
  await expect(page.getByRole('alert')).toHaveText(text('pay.try_first'))
  await page.getByRole('button', { name: text('pay.try') }).click()
  await expect(month(-2)).toContainText(/47\s800\s₽/)
  await page.getByRole('button', { name: text('pay.save'), exact: true }).click()
  await expect(page.getByText(name, { exact: true })).toBeVisible()
  await expect.poll(() => api.list('pay-schemes', `name = "${name}"`)).toMatchObject([{ enabled: false }])

  // Who made it, with which steps, stands in its history.
  await page.getByRole('button', { name: text('plans.history') }).click()
  const made = page.getByRole('dialog').getByRole('listitem').filter({ hasText: name }).first()
  await expect(made).toContainText(text('field.pay-scheme.steps'))
  await expect(made).toContainText(/20\s%/)
})

test('Кто и когда переправил план, с какого числа на какое: видно в истории, оттуда же и возвращается', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  const seller = await server.person('seller')
  const plans = () => api.list<Plan>('plans', `user_id = ${seller.user_id} and measure = "meetings"`)
  const { id } = await api.create<Plan>('plans', {
    ...{ measure: 'meetings', period: 'month', starts_on: monthStart() },
    ...{ target: 31, user_id: seller.user_id },
  })
  await page.goto('/plans?view=edit&measure=meetings')
  const cell = cells(page, seller.name).nth(1)
  await expect(cell).toHaveValue('31')
  await cell.fill('57')
  await cell.press('Enter')
  await expect.poll(plans).toMatchObject([{ id, target: 57 }])
  await page.getByRole('button', { name: text('plans.history') }).click()
  const step = page
    .getByRole('dialog')
    .getByRole('listitem')
    .filter({ hasText: seller.name })
    .filter({ has: page.locator('s', { hasText: '31' }) })
    .first()
  await expect(step).toContainText('57')
  await step.getByRole('button', { name: text('app.undo') }).click()
  await expect.poll(plans).toMatchObject([{ id, target: 31 }])
  await page.keyboard.press('Escape')
  await expect(cell).toHaveValue('31')
})
