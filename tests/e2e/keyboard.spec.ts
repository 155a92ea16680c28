import { Board } from './board'
import { expect, inField, test, text, type Deal, type Page } from './harness'

/** A key as a keyboard with the Russian layout sends it: its place stays, its letter is another. */
async function russian(
  page: Page,
  code: string,
  key: string,
  held: { ctrlKey?: boolean; shiftKey?: boolean } = {},
): Promise<void> {
  await page.evaluate(
    ([code, key, held]) => {
      const at = document.activeElement ?? document.body
      const how = { code, key, bubbles: true, cancelable: true, ...held }
      at.dispatchEvent(new KeyboardEvent('keydown', how))
      at.dispatchEvent(new KeyboardEvent('keyup', how))
    },
    [code, key, held] as const,
  )
}

test.describe('Только клавиатура', () => {
  test('рабочее утро без мыши: найти, заглянуть, создать, перенести, передумать', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({
      deals: [{ title: 'Курс охраны труда' }, { title: 'Курс английского' }, { title: 'Аудит' }],
    })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    const [first, second] = funnel.stages
    await page.keyboard.press('/')
    await expect(page.locator('#board-filter')).toBeFocused()
    await page.keyboard.type('курс')
    await expect(page.locator('.total strong')).toHaveText('2')
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await expect(board.card('Курс охраны труда')).toBeFocused()
    await page.keyboard.press('j')
    await expect(board.card('Курс английского')).toBeFocused()
    await page.keyboard.press('Space')
    const peek = page.getByRole('complementary', { name: text('board.peek') })
    await expect(peek.getByRole('heading', { name: 'Курс английского' })).toBeVisible()
    await page.keyboard.press('k')
    await expect(peek.getByRole('heading', { name: 'Курс охраны труда' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(peek).toHaveCount(0)
    await expect(board.card('Курс охраны труда')).toBeFocused()
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(second!, 'Курс охраны труда')).toBeFocused()
    await page.keyboard.press('c')
    await inField(page)
    await page.keyboard.type('Курс продаж')
    await page.keyboard.press('Tab')
    await page.keyboard.type('90000')
    await page.keyboard.press('Enter')
    await expect(board.in(second!, 'Курс продаж')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByLabel(text('board.new_title'))).toHaveCount(0)
    await page.keyboard.press('Control+z') // the new deal
    await expect(board.card('Курс продаж')).toHaveCount(0)
    await page.keyboard.press('Control+z') // the move
    await expect(board.in(first!, 'Курс охраны труда')).toBeVisible()
    await expect.poll(() => seller.api.list<Deal>('deals', `funnel_id = ${funnel.id}`)).toHaveLength(3)
  })

  test('Tab доходит до карточек, в колонке одна остановка, стрелки ходят между колонками', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 3 })
    await server.admin.patch(`deals/${funnel.deals[2]!.id}`, { stage_id: funnel.stages[2]!.id })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    await expect(board.column(funnel.stages[0]!).locator('[data-card][tabindex="0"]')).toHaveCount(1)
    await page.keyboard.press('Tab')
    await expect(page.getByRole('link', { name: text('app.skip') })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page.locator('#main')).toBeFocused()
    await page.keyboard.press('ArrowDown')
    await expect(board.card('Сделка 1')).toBeFocused()
    await page.keyboard.press('ArrowRight') // over the empty second column
    await expect(board.card('Сделка 3')).toBeFocused()
    await page.keyboard.press('ArrowLeft')
    await expect(board.card('Сделка 1')).toBeFocused()
  })

  test('на русской раскладке те же клавиши: создать, палитра, вниз по колонке, отменить', async ({
    seller,
    server,
  }) => {
    const funnel = await server.funnel({ deals: 2 })
    const board = await new Board(seller.page, funnel).open()
    const { page } = seller
    await russian(page, 'KeyC', 'с')
    await expect(page.getByLabel(text('board.new_title'))).toBeFocused()
    await page.keyboard.press('Escape')
    await russian(page, 'KeyJ', 'о')
    await expect(board.card('Сделка 1')).toBeFocused()
    await russian(page, 'KeyJ', 'о')
    await expect(board.card('Сделка 2')).toBeFocused()
    await russian(page, 'KeyX', 'ч')
    await expect(page.getByRole('region', { name: text('board.selection') })).toBeVisible()
    await russian(page, 'Escape', 'Escape')
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.in(funnel.stages[1]!, 'Сделка 2')).toBeVisible()
    await expect(board.toast(text('board.moved', { stage: funnel.stages[1]!.name }))).toBeVisible()
    await russian(page, 'KeyZ', 'я', { ctrlKey: true })
    await expect(board.in(funnel.stages[0]!, 'Сделка 2')).toBeVisible()
    await russian(page, 'KeyK', 'л', { ctrlKey: true })
    await expect(page.getByRole('dialog', { name: text('palette.title') })).toBeVisible()
    await page.keyboard.press('Escape')
    await russian(page, 'Slash', ',', { shiftKey: true })
    await expect(page.getByRole('dialog', { name: text('help.title') })).toBeVisible()
  })

  test('палитра находит действие и сделку по словам, Enter исполняет', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: [{ title: 'Поставка тренажёров' }] })
    await new Board(seller.page, funnel).open()
    const { page } = seller
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: text('palette.title') })
    await expect(palette.getByRole('combobox')).toBeFocused()
    await page.keyboard.type('новая сд')
    await expect(palette.getByRole('option').first()).toContainText(text('board.create'))
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog').getByRole('textbox').first()).toBeFocused()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await expect(palette.getByRole('combobox')).toBeFocused()
    await page.keyboard.type('тренажеров') // without ё
    await expect(palette.getByRole('option', { name: /Поставка тренажёров/ })).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`/deals/${funnel.deals[0]!.id}`))
  })

  test('буквы в поле ввода остаются буквами', async ({ seller, server }) => {
    const funnel = await server.funnel({ deals: 1 })
    await new Board(seller.page, funnel).open()
    const { page } = seller
    await page.locator('#board-filter').click()
    await page.keyboard.type('cxjk gb')
    await expect(page.locator('#board-filter')).toHaveValue('cxjk gb')
    await expect(page.getByLabel(text('board.new_title'))).toHaveCount(0)
    await expect(page).toHaveURL(new RegExp(`/board/${funnel.id}`))
  })
})
