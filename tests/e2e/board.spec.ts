import { Board } from './board'
import { expect, test, text } from './harness'

interface Columnar {
  n: number
  cols: { id: number[]; stage_id: number[]; value_minor: (number | null)[]; title: string[] }
}
const digits = (s: string | null) => Number((s ?? '').replace(/\D/g, ''))

test.describe('Доска', () => {
  test('показывает воронку: этапы по порядку, число и сумма каждого этапа как у сервера', async ({
    desk,
  }) => {
    const { page, api } = await desk('head')
    const boot = await api.get<{
      funnels: { id: number; name: string; stages: { id: number; name: string; outcome: string }[] }[]
    }>('boot')
    const funnel = boot.funnels.find((f) => f.name === 'Курсы: Россия')!
    const board = await api.get<Columnar>(`board/${funnel.id}`)
    await page.goto(`/board/${funnel.id}`)
    const open = funnel.stages.filter((s) => s.outcome === 'open')
    await expect(page.getByRole('heading', { level: 2 })).toHaveText(open.map((s) => s.name))
    let all = 0
    for (const stage of open) {
      const mine = board.cols.id.map((_, i) => i).filter((i) => board.cols.stage_id[i] === stage.id)
      const value = mine.reduce((sum, i) => sum + (board.cols.value_minor[i] ?? 0), 0)
      all += value
      const head = page.getByRole('region', { name: stage.name, exact: true }).locator('header p > span')
      await expect(head.nth(0)).toHaveText(String(mine.length))
      expect(digits(await head.nth(2).getAttribute('title'))).toBe(Math.round(value / 100))
    }
    const total = page.locator('.total')
    await expect(total.locator('strong')).toHaveText(String(board.n))
    expect(digits(await total.locator('.sum [title]').getAttribute('title'))).toBe(Math.round(all / 100))
    // The list of deals, asked separately, says the same.
    const list = await api.get<{ count: number; sums: { value_minor: number } }>(
      `deals?limit=1&count=1&sum=value_minor&filter=${encodeURIComponent(`funnel_id = ${funnel.id} and status = "open"`)}`,
    )
    expect([list.count, list.sums.value_minor]).toEqual([board.n, all])
  })

  test('воронка переключается из списка и запоминается', async ({ seller, server }) => {
    const first = await server.funnel({ deals: 1 })
    const second = await server.funnel({ deals: [{ title: 'Из второй воронки' }] })
    const board = await new Board(seller.page, first).open()
    await seller.page.getByRole('button', { name: first.name }).click()
    await seller.page.getByRole('menuitemradio', { name: second.name }).click()
    await expect(board.card('Из второй воронки')).toBeVisible()
    await expect(seller.page).toHaveURL(new RegExp(`/board/${second.id}`))
    await seller.page.goto('/board')
    await expect(board.card('Из второй воронки')).toBeVisible()
  })

  test('быстрое создание: название и сумма, Enter, и сделка стоит на этапе у продавца', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 2 })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const stage = funnel.stages[1]!
    await page.getByRole('button', { name: text('board.create_in', { stage: stage.name }) }).click()
    await page.getByLabel(text('board.new_title')).fill('Курс для бухгалтерии')
    await page.getByLabel(text('board.new_value')).fill('125 000,50')
    await page.getByLabel(text('board.new_value')).press('Enter')
    await expect(board.in(stage, 'Курс для бухгалтерии')).toContainText('125 000')
    await expect(board.toast('Курс для бухгалтерии')).toBeVisible()
    await expect(page.getByLabel(text('board.new_title'))).toBeFocused() // the form stays for the next one
    const [made] = await seller.api.list<Record<string, unknown>>(
      'deals',
      `funnel_id = ${funnel.id} and title = "Курс для бухгалтерии"`,
    )
    expect(made).toMatchObject({
      value_minor: 12_500_050,
      stage_id: stage.id,
      owner_id: seller.person.user_id,
      status: 'open',
    })
    await page.reload()
    await expect(board.in(stage, 'Курс для бухгалтерии')).toBeVisible()
  })

  test('сумма словами не принимается, и об этом сказано у поля', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 1 })
    await new Board(seller.page, funnel).open()
    await seller.page.keyboard.press('c')
    await seller.page.getByLabel(text('board.new_title')).fill('Сделка без чисел')
    await seller.page.getByLabel(text('board.new_value')).fill('сто тысяч')
    await seller.page.getByLabel(text('board.new_value')).press('Enter')
    await expect(seller.page.getByRole('alert').filter({ hasText: text('field.number') })).toBeVisible()
    expect(await seller.api.list('deals', `funnel_id = ${funnel.id}`)).toHaveLength(1)
  })

  test('пустая воронка зовёт создать первую сделку', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 0 })
    const board = await new Board(seller.page, funnel).open()
    await expect(seller.page.getByText(text('board.empty'))).toBeVisible()
    await seller.page
      .getByRole('button', { name: text('board.create') })
      .first()
      .click()
    await seller.page.getByLabel(text('board.new_title')).fill('Самая первая')
    await seller.page.keyboard.press('Enter')
    await expect(board.in(funnel.stages[0]!, 'Самая первая')).toBeVisible()
  })

  test('чужая ссылка на несуществующую страницу объясняет это и ведёт к сделкам', async ({ seller }) => {
    await seller.page.goto('/nowhere/at/all')
    await expect(seller.page.getByText(text('app.no_page'), { exact: true })).toBeVisible()
    await seller.page.getByRole('button', { name: text('app.to_board') }).click()
    await expect(seller.page).toHaveURL(/\/board\/\d+/)
  })
})

test.describe('Фильтры живут в адресе', () => {
  const deals = [
    { title: 'Лицензия на чтение', value_minor: 5_000_000 },
    { title: 'Обучение продавцов', value_minor: 50_000_000 },
    { title: 'Лицензия большая', value_minor: 90_000_000 },
  ]
  test('поиск по названию: счёт и колонки сразу, адрес хранит фильтр, перезагрузка его помнит', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    await page.locator('#board-filter').fill('лицензия')
    await expect(board.card('Обучение продавцов')).toHaveCount(0)
    expect(await board.titles(funnel.stages[0]!)).toEqual(['Лицензия на чтение', 'Лицензия большая'])
    await expect(page.locator('.total strong')).toHaveText('2')
    expect(new URL(page.url()).searchParams.get('filter')).toContain('лицензия')
    await page.reload()
    await board.ready()
    await expect(page.locator('#board-filter')).toHaveValue('лицензия')
    await expect(page.locator('.total strong')).toHaveText('2')
    await page.getByRole('button', { name: text('filter.clear') }).click()
    await expect(page.locator('.total strong')).toHaveText('3')
    expect(new URL(page.url()).searchParams.get('filter')).toBeNull()
  })

  test('сумма от и только мои: щелчками, ссылка открывает то же у другого', async ({
    seller,
    desk,
    server,
  }) => {
    const funnel = await server.funnel({
      deals: [...deals, { title: 'Моя большая', value_minor: 70_000_000, owner_id: seller.person.user_id }],
    })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    await page.getByRole('button', { name: text('filter.value'), exact: true }).click()
    await page.getByLabel(text('filter.from')).fill('400 000')
    await page.keyboard.press('Enter')
    await expect(page.locator('.total strong')).toHaveText('3')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: text('filter.owner'), exact: true }).click()
    await page.getByRole('checkbox', { name: text('filter.mine') }).check()
    await expect(page.locator('.total strong')).toHaveText('1')
    await expect(board.card('Моя большая')).toBeVisible()
    const link = page.url()
    const other = await desk('head')
    await other.page.goto(link)
    // "Mine" belongs to whoever looks: the head of sales has no deal here.
    await expect(other.page.locator('.total strong')).toHaveText('0')
    await expect(other.page.getByRole('button', { name: text('filter.mine') })).toBeVisible()
  })

  test('Назад возвращает прежний фильтр', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals })
    const { page } = seller
    const board = await new Board(page, funnel).open()
    const filter = encodeURIComponent('value_minor >= 40000000')
    await page.goto(`/board/${funnel.id}?filter=${filter}`)
    await board.ready()
    await expect(page.locator('.total strong')).toHaveText('2')
    await page.goBack()
    await expect(page.locator('.total strong')).toHaveText('3')
    await page.goForward()
    await expect(page.locator('.total strong')).toHaveText('2')
  })

  test('фильтр текстом отвечает сервер, ошибка в нём объяснена', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals })
    const { page } = seller
    await new Board(page, funnel).open()
    await page
      .getByRole('search')
      .getByRole('button', { name: text('filter.to_text') })
      .click()
    const field = page.getByLabel(text('filter.expert'))
    await field.fill('title ~ "лицензия" and not value_minor < 10000000')
    await field.press('Enter')
    await expect(page.locator('.total strong')).toHaveText('1')
    await field.fill('title ~ and')
    await field.press('Enter')
    await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
    await expect(field).toHaveAttribute('aria-invalid', 'true')
  })
})
