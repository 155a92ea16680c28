// Any report of the catalogue: words, tiles, a picture, tables; from every number to its deals. R100, R179, R180, R183-R185, R232, R347.
import { readFileSync } from 'node:fs'
import { expectAccessible } from './a11y'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text, type Page } from './harness'
import { asOf, type Server } from './server'

interface Info {
  id: string
  title: string
  question: string
  group: string
  chart?: { kind: string }
}
interface Figures {
  verdict?: string
  columns: { id: string; title: string; drill?: boolean }[]
  rows: (number | string | null)[][]
  keys: number[]
  summary: Record<string, number>
}
const funnel = 'Курсы: Россия'
const number = (n: number) => new Intl.NumberFormat('ru').format(n)
const dialog = (page: Page) => page.getByRole('dialog')

async function funnelId(server: Server): Promise<number> {
  const { funnels } = await server.admin.get<{
    funnels: { id: number; name: string }[]
  }>('boot')
  return funnels.find((f) => f.name === funnel)!.id
}
async function opened(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: text('report.page.table'), exact: true })).toBeVisible()
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
}

test('галерея: по группам, картинка из своих цифр, поиск по вопросу, карточка ведёт в отчёт', async ({
  desk,
}) => {
  const { page, api } = await desk('head')
  const list = await api.get<Info[]>('reports')
  await page.goto('/reports/all')
  const card = (r: Info) => page.locator(`main a[href="/reports/${r.id}"]`)
  for (const r of list) await expect(card(r)).toContainText(r.question)
  const drawn = list.find((r) => r.id === 'funnel')!
  await expect(card(drawn).locator('svg rect').first()).toBeAttached()
  await expect(card(drawn).locator('.verdict, b')).not.toBeEmpty()
  await page.getByRole('searchbox', { name: text('report.page.search') }).fill('ПЕРЕСКОЧИЛО')
  await expect(page.locator('main ul a')).toHaveCount(1)
  await expect(page).toHaveURL(/q=/)
  await card(drawn).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(drawn.title)
  await page.goBack()
  await expect(page.locator('main ul a')).toHaveCount(1)
})

test('каждый отчёт каталога открывается: заголовок, вопрос, таблица или честное «пусто»', async ({
  desk,
}) => {
  test.setTimeout(120_000)
  const { page, api } = await desk('head')
  for (const r of await api.get<Info[]>('reports')) {
    await page.goto(`/reports/${r.id}`)
    await expect(page.getByRole('heading', { level: 1 }), r.id).toHaveText(r.title)
    await expect(
      page
        .getByRole('table')
        .first()
        .or(page.getByText(text('report.page.empty'), { exact: true }))
        .first(),
      r.id,
    ).toBeVisible()
    await expect(page.getByText(text('report.page.failed'), { exact: true }), r.id).toHaveCount(0)
  }
})

test('от числа к его сделкам и к карточке; то же списком; стрелками по диаграмме', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  const asked = `funnel_id=${await funnelId(server)}&as_of=${asOf}`
  const said = await api.get<Figures>(`reports/funnel?${asked}`)
  const reached = said.columns.findIndex((c) => c.id === 'reached')
  const count = said.rows[0]![reached] as number
  await page.goto(`/reports/funnel?${asked}`)
  await opened(page)
  await expect(page.getByText(said.verdict!, { exact: true })).toBeVisible()
  await page
    .getByRole('table')
    .first()
    .getByRole('button', { name: text('report.page.open_deals') })
    .first()
    .click()
  await expect(dialog(page).getByRole('status')).toContainText(number(count))
  await expect(dialog(page).getByRole('listitem')).toHaveCount(Math.min(count, 50))
  await dialog(page)
    .getByRole('button', { name: text('report.page.open_list') })
    .click()
  await expect(page).toHaveURL(/\/deals\/list\?filter=id/)
  await expect(page.getByText(new RegExp(`(^|\\D)${count}(\\D|$)`)).first()).toBeVisible()
  await page.goBack()
  await opened(page)

  const chart = page.getByRole('application')
  await chart.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(chart.locator('[aria-live]')).toContainText(String(said.rows[1]![0]))
  await expect(chart.locator('[aria-live]')).toContainText(number(said.rows[1]![reached] as number))
  await page.keyboard.press('Enter')
  await expect(dialog(page).getByRole('status')).toContainText(number(said.rows[1]![reached] as number))
  await dialog(page).getByRole('link').first().click()
  await expect(page).toHaveURL(/\/deals\/\d+$/)
})

test('число объясняет себя: что считается, как, среди кого; закрывается и возвращает фокус', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  await page.goto(`/reports/funnel?funnel_id=${await funnelId(server)}&as_of=${asOf}`)
  await opened(page)
  const why = page
    .getByRole('columnheader', { name: text('report.column.went_on_rate') })
    .getByRole('button', {
      name: text('report.page.explain_of', {
        name: text('report.column.went_on_rate'),
      }),
    })
  await why.click()
  await expect(dialog(page)).toContainText(text('report.page.method'))
  await expect(dialog(page)).toContainText(funnel)
  await page.keyboard.press('Escape')
  await expect(dialog(page)).toHaveCount(0)
  await expect(why).toBeFocused()
  await page
    .getByRole('table')
    .first()
    .getByRole('button', { name: text('report.page.open_deals') })
    .first()
    .focus()
  await page.keyboard.press('i')
  await expect(dialog(page)).toContainText(text('report.page.population'))
})

test('период, сравнение, срез и сортировка стоят в адресе; Назад возвращает; сравнение показывает, что было', async ({
  desk,
  server,
}) => {
  const { page, api } = await desk('head')
  const id = await funnelId(server)
  await page.goto(`/reports/funnel?funnel_id=${id}&from=2025-01-01&to=2025-06-30`)
  await opened(page)
  await page.getByLabel(text('report.param.compare')).selectOption('previous')
  await expect(page).toHaveURL(/compare=previous/)
  const said = await api.get<Figures & { comparison: Figures }>(
    `reports/funnel?funnel_id=${id}&from=2025-01-01&to=2025-06-30&compare=previous`,
  )
  const was = text('report.page.was', {
    value: number(said.comparison.summary.deals!),
  })
  await expect(page.getByRole('region', { name: text('report.page.summary') })).toContainText(was)
  await page.getByRole('combobox', { name: text('report.param.by') }).click()
  await page.getByRole('option', { name: text('report.by.owner'), exact: true }).click()
  await expect(page).toHaveURL(/by=owner/)
  await opened(page)
  const head = page
    .getByRole('table')
    .first()
    .getByRole('columnheader', { name: text('report.column.reached') })
  await head.getByRole('button').first().click()
  await expect(head).toHaveAttribute('aria-sort', 'descending')
  await expect(page).toHaveURL(/sort=-reached/)
  await page.reload()
  await opened(page)
  await expect(head).toHaveAttribute('aria-sort', 'descending')
  await page.goto(`/reports/funnel?compare=bad`)
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
})

test('скачать CSV, XLSX и PDF; ссылка; подписка приходит в список и снимается', async ({ desk, server }) => {
  const { page, api } = await desk('head')
  await page.goto(`/reports/funnel?funnel_id=${await funnelId(server)}`)
  await opened(page)
  for (const [item, begins] of [
    ['csv', '\ufeff'],
    ['xlsx', 'PK'],
    ['pdf', '%PDF-'],
  ] as const) {
    await page.getByRole('button', { name: text('report.page.file') }).click()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: text(`report.page.${item}`) }).click(),
    ])
    expect(file.suggestedFilename()).toMatch(new RegExp(`^funnel-.*\\.${item}$`))
    expect(readFileSync(await file.path(), 'utf8').startsWith(begins), item).toBe(true)
  }
  await page.getByRole('button', { name: text('report.page.subscribe') }).click()
  await dialog(page).getByLabel(text('report.page.every')).selectOption('day')
  await dialog(page)
    .getByRole('combobox', { name: text('report.page.hour'), exact: true })
    .selectOption('7')
  await dialog(page)
    .getByRole('button', { name: text('report.page.subscribe') })
    .click()
  await expect(dialog(page).getByRole('listitem')).toContainText(
    text('report.page.comes.day', { hour: '07:00' }),
  )
  const [made] = await api.list<{
    report: string
    every: string
    hour: number
  }>('subscriptions', 'owner_id = me')
  expect(made).toMatchObject({ report: 'funnel', every: 'day', hour: 7 })
  await dialog(page).getByRole('listitem').getByRole('button').click()
  await expect(dialog(page).getByRole('listitem')).toHaveCount(0)
})

for (const language of ['ru', 'en'] as const)
  test(`отчёты читаются с телефона и без мыши, чисто по axe: ${language}`, async ({ desk, server }) => {
    test.setTimeout(90_000)
    const { page } = await desk('head', {
      language,
      locale: language === 'ru' ? 'ru-RU' : 'en-GB',
      colorScheme: language === 'ru' ? 'light' : 'dark',
      viewport: { width: 375, height: 780 },
    })
    const id = await funnelId(server)
    for (const path of [
      '/reports/all',
      `/reports/funnel?funnel_id=${id}&from=2025-01-01&to=2025-06-30&compare=year&by=owner`,
      `/reports/cohorts?funnel_id=${id}`,
      `/reports/dwell?funnel_id=${id}`,
      `/reports/sources`,
      `/reports/forecast`,
    ]) {
      await page.goto(path)
      if (path === '/reports/all') await expect(page.locator('main ul a').first()).toBeVisible()
      else await expect(page.getByRole('table').first()).toBeVisible()
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
      expect.soft(await cutOff(page), `texts cut off: ${path}`).toEqual([])
      expect.soft(await outOfReach(page), `out of reach: ${path}`).toEqual([])
      expect.soft(await sideways(page), `moves sideways: ${path}`).toBe(0)
      await expectAccessible(page, path)
    }
  })
