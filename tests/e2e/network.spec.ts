import { Board } from './board'
import { expect, inField, test, text, type Deal } from './harness'

test.describe('Сеть и другие люди', () => {
  test('без сети перенос и новая сделка ждут, о них сказано; сеть вернулась, и всё отправлено', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 3 })
    const board = await new Board(seller.page, funnel).open()
    const { page, api } = seller
    const [, second] = funnel.stages
    await page.context().setOffline(true)
    await board.card('Сделка 1').focus()
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(second!, 'Сделка 1')).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: text('app.offline') })).toContainText(
      text('app.unsent.one', { n: 1 }),
    )
    await page.keyboard.press('c')
    await inField(page)
    await page.keyboard.type('Записана в поезде')
    await page.keyboard.press('Enter')
    await expect(board.in(second!, 'Записана в поезде')).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: text('app.offline') })).toContainText(
      text('app.unsent.few', { n: 2 }),
    )
    expect(await api.list('deals', `stage_id = ${second!.id}`)).toHaveLength(0)
    await page.context().setOffline(false)
    await expect
      .poll(async () =>
        (await api.list<Deal>('deals', `stage_id = ${second!.id}`)).map((d) => d.title).sort(),
      )
      .toEqual(['Записана в поезде', 'Сделка 1'])
    await expect(page.getByText(text('app.offline'))).toHaveCount(0)
    await page.reload()
    await expect(board.in(second!, 'Записана в поезде')).toHaveCount(1)
    await expect(board.in(second!, 'Сделка 1')).toHaveCount(1)
  })

  test('неотправленное переживает перезагрузку страницы и уходит ровно один раз', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 1 })
    const board = await new Board(seller.page, funnel).open()
    const { page, api } = seller
    const writes = '**/api/deals**'
    await page.route(writes, (route) =>
      route.request().method() === 'GET' ? route.fallback() : route.abort('internetdisconnected'),
    )
    await page.keyboard.press('c')
    await inField(page)
    await page.keyboard.type('Не потеряйте меня')
    await page.keyboard.press('Enter')
    const bar = page.getByRole('status').filter({ hasText: text('app.offline') })
    await expect(bar).toContainText(text('app.unsent.one', { n: 1 }))
    await page.reload()
    await board.ready()
    await expect(bar).toContainText(text('app.unsent.one', { n: 1 }))
    await page.unroute(writes)
    await bar.getByRole('button', { name: text('app.retry') }).click()
    await expect(board.card('Не потеряйте меня')).toBeVisible()
    await page.reload()
    await board.ready()
    await expect(board.card('Не потеряйте меня')).toHaveCount(1)
    await expect
      .poll(() => api.list('deals', `funnel_id = ${funnel.id} and title = "Не потеряйте меня"`))
      .toHaveLength(1)
  })

  test('ответ потерялся по дороге: повтор не делает вторую сделку', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 1 })
    const board = await new Board(seller.page, funnel).open()
    const { page, api } = seller
    let lost = 0
    await page.route('**/api/deals', async (route) => {
      if (route.request().method() !== 'POST' || lost++ > 0) return route.fallback()
      await route.fetch() // the server has it, the browser never hears of it
      await route.abort('connectionreset')
    })
    await page.keyboard.press('c')
    await inField(page)
    await page.keyboard.type('Одна на всех')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: text('app.retry') }).click()
    await expect(page.getByText(text('app.offline'))).toHaveCount(0)
    await expect(board.card('Одна на всех')).toHaveCount(1)
    expect(lost).toBe(2)
    await expect
      .poll(() => api.list('deals', `funnel_id = ${funnel.id} and title = "Одна на всех"`))
      .toHaveLength(1)
  })

  test('двое за одной доской: один переносит, создаёт и закрывает, другой видит без перезагрузки', async ({
    desk,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 4 })
    const anna = await desk('seller')
    const chief = await desk('head')
    const hers = await new Board(anna.page, funnel).open()
    const his = await new Board(chief.page, funnel).open()
    const to = funnel.stages[2]!
    await hers.drag(hers.card('Сделка 2'), hers.column(to))
    await expect(his.in(to, 'Сделка 2')).toBeVisible()
    await expect(his.column(funnel.stages[0]!).locator('header p > span').first()).toHaveText('3')
    await anna.page.keyboard.press('c')
    await anna.page.keyboard.type('Только что позвонили')
    await anna.page.keyboard.press('Enter')
    await expect(his.card('Только что позвонили')).toBeVisible()
    await his.drag(his.card('Сделка 3'), chief.page.locator('.zone.won'))
    await expect(hers.card('Сделка 3')).toHaveCount(0)
    await expect
      .poll(async () => await hers.titles(funnel.stages[0]!))
      .toEqual(await his.titles(funnel.stages[0]!))
  })

  test('двое правят одну сделку: этап одного и сумма другого остаются оба', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 1 })
    const board = await new Board(seller.page, funnel).open()
    await seller.page.route('**/api/events*', (route) => route.abort())
    await seller.page.reload()
    await board.ready()
    const { id } = funnel.deals[0]!
    await server.admin.patch(`deals/${id}`, { value_minor: 77_000_000 })
    await board.card('Сделка 1').focus()
    await seller.page.keyboard.press('Alt+ArrowRight')
    await expect
      .poll(() => seller.api.get<Deal>(`deals/${id}`))
      .toMatchObject({ stage_id: funnel.stages[1]!.id, value_minor: 77_000_000 })
  })

  test('двое перенесли одну сделку в разные стороны: побеждает первый, второму сказано', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 1 })
    const board = await new Board(seller.page, funnel).open()
    await seller.page.route('**/api/events*', (route) => route.abort())
    await seller.page.reload()
    await board.ready()
    const { id } = funnel.deals[0]!
    await server.admin.patch(`deals/${id}`, { stage_id: funnel.stages[3]!.id })
    await board.card('Сделка 1').focus()
    await seller.page.keyboard.press('Alt+ArrowRight')
    await expect(seller.page.getByRole('alert').filter({ hasText: /\S/ }).first()).toBeVisible()
    await expect(board.in(funnel.stages[1]!, 'Сделка 1')).toHaveCount(0)
    expect((await seller.api.get<Deal>(`deals/${id}`)).stage_id).toBe(funnel.stages[3]!.id)
  })
})
