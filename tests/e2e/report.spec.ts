import { expect, test, text, type Page } from './harness'
import { asOf, voronka, type Server } from './server'

interface Report {
  summary: Record<string, number> & {
    steps: {
      stage: string
      deals: number
      went_on_rate: number | null
      outcome: string
    }[]
    groups: {
      group: string
      deals: number
      won: number
      mature_deals: number
      mature_rate: number | null
    }[]
  }
  columns: { id: string }[]
  rows: (number | string | null)[][]
  notes: { text: string }[]
}
const funnel = 'Курсы: Россия'
const percent = (share: unknown, locale = 'ru') =>
  typeof share !== 'number'
    ? '–'
    : new Intl.NumberFormat(locale, {
        style: 'percent',
        minimumFractionDigits: 1,
        maximumFractionDigits: 1,
      }).format(share)
const number = (n: unknown) => new Intl.NumberFormat('ru').format(Number(n))
/** The same report by the command line: another way to the same numbers. */
function told(server: Server, more: string[] = []): Report {
  return JSON.parse(
    voronka([
      'report',
      'conversion',
      '--data',
      server.data,
      '--funnel',
      funnel,
      '--as-of',
      asOf,
      '--json',
      ...more,
    ]),
  )
}
async function idOf(server: Server): Promise<number> {
  const { funnels } = await server.admin.get<{
    funnels: { id: number; name: string }[]
  }>('boot')
  return funnels.find((f) => f.name === funnel)!.id
}
async function ready(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: text('report.page.curve'), exact: true })).toBeVisible()
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
}
const table = (page: Page, name: string) => page.getByRole('table', { name: text(name), exact: true })

test.describe('Отчёт о конверсии', () => {
  test('из раздела «Отчёты» и по G R; числа на экране те же, что в командной строке', async ({
    desk,
    server,
  }) => {
    const { page } = await desk('head')
    await page.goto('/board')
    await page
      .getByRole('navigation', { name: text('nav.label') })
      .getByRole('link', { name: text('nav.reports') })
      .click()
    await expect(page).toHaveURL(/\/reports$/)
    await page.getByRole('link', { name: text('report.page.all') }).click()
    await page.getByRole('link', { name: text('report.conversion.question') }).click()
    await ready(page)
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await expect(page).toHaveURL(/\/reports$/)
    await page.goto(`/reports/conversion?funnel_id=${await idOf(server)}&as_of=${asOf}`)
    await ready(page)
    const said = told(server)
    const s = said.summary
    const main = page.getByRole('region', {
      name: text('report.page.summary'),
    })
    expect(s.deals).toBeGreaterThan(50)
    await expect(main.locator('.tile').nth(0)).toContainText(percent(s.naive_rate))
    await expect(main.locator('.tile').nth(0)).toContainText(
      text('report.page.of', { n: number(s.won), of: number(s.deals) }),
    )
    await expect(main.locator('.tile').nth(1)).toContainText(percent(s.mature_rate))
    await expect(main.locator('.tile').nth(1)).toContainText(
      text('report.page.ci', {
        low: percent(s.mature_low),
        high: percent(s.mature_high),
      }),
    )
    await expect(main.locator('.tile').nth(1)).toContainText(
      text('report.page.of', {
        n: number(s.mature_won),
        of: number(s.mature_deals),
      }),
    )
    for (const [key, value] of [
      ['deals', s.deals],
      ['won', s.won],
      ['lost', s.lost],
      ['open', s.open],
    ] as const)
      await expect(
        main
          .locator('dl > div')
          .filter({
            has: page.getByText(text(`report.summary.${key}`), { exact: true }),
          })
          .locator('dd'),
      ).toHaveText(number(value))

    const at = (id: string) => said.columns.findIndex((c) => c.id === id)
    const rows = table(page, 'report.page.curve').locator('tbody tr')
    await expect(rows).toHaveCount(said.rows.length)
    for (const [i, row] of said.rows.entries())
      await expect(rows.nth(i).getByRole('cell')).toHaveText([
        number(row[at('horizon_days')]),
        percent(row[at('won_rate')]),
        `${percent(row[at('won_low')])} – ${percent(row[at('won_high')])}`,
        percent(row[at('lost_rate')]),
        row[at('at_risk')] === null ? '–' : number(row[at('at_risk')]),
      ])
    const steps = table(page, 'report.page.funnel').locator('tbody tr')
    await expect(steps).toHaveCount(s.steps.length)
    for (const [i, step] of s.steps.entries()) {
      await expect(steps.nth(i)).toContainText(step.stage)
      await expect(steps.nth(i).locator('.count')).toContainText(number(step.deals))
    }
    await expect(page.locator('.notes li')).toHaveCount(said.notes.length)
    await expect(
      page.getByRole('img', {
        name: text('report.page.curve_label', { text: '' }).trim(),
      }),
    ).toBeVisible()
  })

  test('разбивка по менеджерам: те же группы, самый сильный виден; адрес хранит вопрос, Назад возвращает прежний', async ({
    desk,
    server,
  }) => {
    const { page } = await desk('head')
    await page.goto(`/reports/conversion?funnel_id=${await idOf(server)}&as_of=${asOf}`)
    await ready(page)
    const by = page.getByRole('combobox', { name: text('report.param.by') })
    await by.click()
    await page.getByRole('option', { name: text('report.by.owner'), exact: true }).click()
    const groups = table(page, 'report.table.groups').locator('tbody tr')
    const said = told(server, ['--by', 'owner']).summary.groups
    await expect(groups).toHaveCount(said.length)
    for (const [i, g] of said.entries()) {
      await expect(groups.nth(i).getByRole('rowheader')).toHaveText(g.group)
      await expect(groups.nth(i).getByRole('cell').nth(0)).toHaveText(number(g.deals))
      await expect(groups.nth(i).getByRole('cell').nth(6)).toHaveText(percent(g.mature_rate))
    }
    await expect(page).toHaveURL(/by=owner/)
    await page.reload()
    await expect(groups).toHaveCount(said.length)
    await expect(by).toHaveValue(text('report.by.owner'))
    await page.goBack()
    await expect(table(page, 'report.table.groups')).toHaveCount(0)
    await expect(page).not.toHaveURL(/by=owner/)
  })

  test('период и фильтр меняют числа так же, как в командной строке; ошибка в фильтре объяснена', async ({
    desk,
    server,
  }) => {
    const { page } = await desk('head')
    await page.goto(
      `/reports/conversion?funnel_id=${await idOf(server)}&as_of=${asOf}&from=2024-01-01&to=2025-01-01`,
    )
    await ready(page)
    const deals = page
      .getByRole('region', { name: text('report.page.summary') })
      .locator('dl dd')
      .first()
    const year = ['--from', '2024-01-01', '--to', '2025-01-01']
    await expect(deals).toHaveText(number(told(server, year).summary.deals))
    const filter = 'value_minor >= 1000000'
    await page.getByRole('button', { name: text('report.param.filter'), exact: true }).click()
    await page.getByRole('button', { name: text('filter.to_text') }).click()
    const typed = page.getByLabel(text('filter.expert'))
    await typed.fill(filter)
    await page.keyboard.press('Enter')
    const fewer = told(server, [...year, '--filter', filter]).summary.deals
    expect(fewer).toBeLessThan(told(server, year).summary.deals!)
    await expect(deals).toHaveText(number(fewer))
    await typed.fill('value_minor >=')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
    await typed.fill('value_minor > 99999999999')
    await page.keyboard.press('Enter')
    await expect(page.getByText(text('report.page.empty'), { exact: true })).toBeVisible()
    await page.getByRole('button', { name: text('report.page.reset') }).click()
    await ready(page)
  })

  test('an observer reads the report in English', async ({ desk, server }) => {
    const { page } = await desk('observer', {
      language: 'en',
      locale: 'en-GB',
    })
    await page.goto(`/reports/conversion?funnel_id=${await idOf(server)}&as_of=${asOf}&by=owner`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      text('report.conversion.title', {}, 'en'),
    )
    const said = told(server)
    await expect(page.locator('.tile').nth(1)).toContainText(percent(said.summary.mature_rate, 'en'))
  })
})
