import { Board } from './board'
import { expect, test, text, type Deal, type Desk } from './harness'

const deal = ({ api }: Desk, id: number) => api.get<Deal>(`deals/${id}`)

test.describe('Перенос сделки', () => {
  test('мышью на другой этап: стоит там и после перезагрузки, счёт колонок верен', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    const [from, , to] = funnel.stages as [never, never, (typeof funnel.stages)[0]]
    await board.drag(board.card('Сделка 3'), board.column(to))
    await expect(board.in(to, 'Сделка 3')).toBeVisible()
    await expect(board.toast(text('board.moved', { stage: to.name }))).toBeVisible()
    await expect(board.column(from).locator('header p > span').first()).toHaveText('5')
    await expect.poll(async () => (await deal(seller, funnel.deals[2]!.id)).stage_id).toBe(to.id)
    await seller.page.reload()
    await expect(board.in(to, 'Сделка 3')).toBeVisible()
    await expect(board.in(from, 'Сделка 3')).toHaveCount(0)
  })

  test('мышью внутри колонки: порядок остаётся', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 3 })
    const board = await new Board(seller.page, funnel).open()
    const stage = funnel.stages[0]!
    const box = (await board.card('Сделка 1').boundingBox())!
    await seller.page.mouse.move(box.x + 60, box.y + 30)
    await seller.page.mouse.down()
    await seller.page.mouse.move(box.x + 70, box.y + 60, { steps: 3 })
    await seller.page.mouse.move(box.x + 70, box.y + 296, { steps: 6 })
    await seller.page.mouse.move(box.x + 72, box.y + 298)
    await seller.page.mouse.up()
    await expect.poll(() => board.titles(stage)).toEqual(['Сделка 2', 'Сделка 3', 'Сделка 1'])
    await expect(seller.page.getByText(text('app.saving'))).toHaveCount(0)
    await seller.page.reload()
    await expect.poll(() => board.titles(stage)).toEqual(['Сделка 2', 'Сделка 3', 'Сделка 1'])
  })

  test('только Alt и стрелки: вперёд, назад, выше и ниже в колонке', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 3 })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const [first, second] = funnel.stages as [(typeof funnel.stages)[0], (typeof funnel.stages)[0]]
    await page.keyboard.press('ArrowDown')
    await expect(board.card('Сделка 1')).toBeFocused()
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(second, 'Сделка 1')).toBeFocused()
    await expect(
      page
        .locator('[aria-live=polite]')
        .filter({ hasText: text('board.moved', { stage: second.name }) })
        .first(),
    ).toBeAttached()
    await page.keyboard.press('Alt+ArrowLeft')
    // A step back says why.
    await expect(page.getByLabel(text('move.back_reason'))).toBeFocused()
    await page.keyboard.type('Поторопились')
    await page.keyboard.press('Enter')
    await expect(board.in(first, 'Сделка 1')).toBeFocused()
    await page.keyboard.press('Alt+ArrowDown')
    await expect.poll(async () => (await board.titles(first)).indexOf('Сделка 1')).toBeGreaterThan(0)
    await expect(board.card('Сделка 1')).toBeFocused()
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(second, 'Сделка 1')).toBeFocused()
    await expect.poll(async () => (await deal(seller, funnel.deals[0]!.id)).stage_id).toBe(second.id)
    await page.reload()
    await expect(board.in(second, 'Сделка 1')).toBeVisible()
  })

  test('проигрыш спрашивает причину; отмена оставляет сделку на месте; без причины не отпускает', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const zone = page.locator('.zone.lost')
    await board.drag(board.card('Сделка 2'), zone)
    const sheet = page.getByRole('dialog', { name: text('move.losing') })
    await expect(sheet).toBeVisible()
    await expect(sheet.getByText('Сделка 2')).toBeVisible()
    await sheet.getByRole('button', { name: text('app.cancel') }).click()
    await expect(sheet).toHaveCount(0)
    await expect(board.in(funnel.stages[0]!, 'Сделка 2')).toBeVisible()
    expect((await deal(seller, funnel.deals[1]!.id)).status).toBe('open')

    await board.drag(board.card('Сделка 2'), zone)
    await sheet.getByRole('button', { name: text('board.lose') }).click()
    await expect(sheet.getByRole('alert')).toHaveText(text('board.loss_reason_missing'))
    await sheet.getByRole('radio', { name: 'Заморозили бюджет' }).check()
    await sheet.getByLabel(text('board.loss_comment')).fill('Бюджет только в следующем году')
    await sheet.getByRole('button', { name: text('board.lose') }).click()
    await expect(board.card('Сделка 2')).toHaveCount(0)
    await expect
      .poll(async () => await deal(seller, funnel.deals[1]!.id))
      .toMatchObject({
        status: 'lost',
        stage_id: funnel.lost.id,
        loss_comment: 'Бюджет только в следующем году',
      })
  })

  test('выигрыш мышью: сделка уходит с доски закрытой', async ({ seller, server }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    await board.drag(board.card('Сделка 1'), seller.page.locator('.zone.won'))
    await expect(board.card('Сделка 1')).toHaveCount(0)
    await expect.poll(async () => (await deal(seller, funnel.deals[0]!.id)).status).toBe('won')
    await expect(seller.page.locator('.total strong')).toHaveText('5')
  })

  test('«Отменить» в сообщении возвращает сделку, Ctrl+Z возвращает и ту, что до неё', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    const [first, second, third] = funnel.stages
    await board.drag(board.card('Сделка 4'), board.column(second!))
    await expect(board.toast(text('board.moved', { stage: second!.name }))).toBeVisible()
    await board.drag(board.card('Сделка 5'), board.column(third!))
    const toast = board.toast(text('board.moved', { stage: third!.name }))
    await toast.getByRole('button', { name: text('app.undo') }).click()
    await expect(board.in(first!, 'Сделка 5')).toBeVisible()
    await expect(board.toast(text('app.undone'))).toBeVisible()
    await seller.page.keyboard.press('Control+z')
    await expect(board.in(first!, 'Сделка 4')).toBeVisible()
    await expect.poll(async () => (await deal(seller, funnel.deals[3]!.id)).stage_id).toBe(first!.id)
    await expect.poll(async () => (await deal(seller, funnel.deals[4]!.id)).stage_id).toBe(first!.id)
  })

  test('отмена проигрыша возвращает сделку на доску', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 2 })
    const board = await new Board(seller.page, funnel).open()
    await board.drag(board.card('Сделка 1'), seller.page.locator('.zone.lost'))
    await seller.page.getByRole('radio', { name: 'Ушли к соседям' }).check()
    await seller.page.getByRole('button', { name: text('board.lose') }).click()
    await expect(board.card('Сделка 1')).toHaveCount(0)
    await board
      .toast(text('board.moved', { stage: funnel.lost.name }))
      .getByRole('button', { name: text('app.undo') })
      .click()
    await expect(board.in(funnel.stages[0]!, 'Сделка 1')).toBeVisible()
    await expect
      .poll(() => deal(seller, funnel.deals[0]!.id))
      .toMatchObject({ status: 'open', loss_reason_id: null })
  })

  test('сервер отказал: этап тем временем убрали в архив, карточка возвращается и сказано почему', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    const to = funnel.stages[2]!
    // The page must not hear of it before the move: what is tested is the refusal.
    await seller.page.route('**/api/events*', (route) => route.abort())
    await seller.page.reload()
    await board.ready()
    await server.admin.patch(`stages/${to.id}`, { archived: true })
    await board.drag(board.card('Сделка 2'), board.column(to))
    await expect(seller.page.getByRole('alert').filter({ hasText: /архив/i })).toBeVisible()
    await expect(board.in(funnel.stages[0]!, 'Сделка 2')).toBeVisible()
    await expect(board.in(to, 'Сделка 2')).toHaveCount(0)
    expect((await deal(seller, funnel.deals[1]!.id)).stage_id).toBe(funnel.stages[0]!.id)
  })

  test('несколько выбранных переходят вместе и вместе возвращаются', async ({ seller, server }) => {
    const funnel = await server.funnel()
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const to = funnel.stages[3]!
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('x')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+X')
    const bar = page.getByRole('region', { name: text('board.selection') })
    await expect(bar).toContainText(text('board.selected.few', { n: 3 }))
    await bar.getByRole('button', { name: text('board.move_to') }).click()
    await page.getByRole('menuitem', { name: to.name }).click()
    await expect
      .poll(async () => (await board.titles(to)).sort())
      .toEqual(['Сделка 1', 'Сделка 2', 'Сделка 3'])
    await page.getByRole('button', { name: text('app.undo') }).click()
    await expect.poll(() => board.titles(to)).toEqual([])
    await expect.poll(() => seller.api.list('deals', `stage_id = ${funnel.stages[0]!.id}`)).toHaveLength(6)
  })

  test('наблюдатель смотрит, но не переносит: ни мышью, ни клавишами', async ({ desk, server }) => {
    const funnel = await server.funnel({ deals: 2 })
    const observer = await desk('observer')
    const board = await new Board(observer.page, funnel).open()
    await board.drag(board.card('Сделка 1'), board.column(funnel.stages[1]!))
    await expect(board.in(funnel.stages[0]!, 'Сделка 1')).toBeVisible()
    await board.card('Сделка 1').focus()
    await observer.page.keyboard.press('Alt+ArrowRight')
    await observer.page.keyboard.press('c')
    await expect(observer.page.getByLabel(text('board.new_title'))).toHaveCount(0)
    await expect(board.in(funnel.stages[0]!, 'Сделка 1')).toBeVisible()
    expect((await deal(observer, funnel.deals[0]!.id)).stage_id).toBe(funnel.stages[0]!.id)
  })
})
