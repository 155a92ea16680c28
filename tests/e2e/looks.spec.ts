import { Board } from './board'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text, type Page } from './harness'
import { inEach, wide } from './look'

const phone = { width: 360, height: 740 }
const widths = [{ viewport: phone }, { viewport: { width: 768, height: 900 } }, { viewport: wide }]
async function everythingFits(page: Page): Promise<void> {
  const where = `${new URL(page.url()).pathname}, ${page.viewportSize()?.width}`
  expect.soft(await cutOff(page), `texts cut off: ${where}`).toEqual([])
  expect.soft(await outOfReach(page), `controls out of reach: ${where}`).toEqual([])
  expect.soft(await sideways(page), `the page moves sideways: ${where}`).toBe(0)
}
const fitsAnywhere = (page: Page) => inEach(page, widths, () => everythingFits(page))

test.describe('Язык и тема', () => {
  test('язык меняется на лету, остаётся после входа и у сервера', async ({ seller }) => {
    const { page } = seller
    await page.goto('/board')
    await page.getByRole('button', { name: seller.person.name }).click()
    await page.getByRole('menuitemradio', { name: 'English' }).click()
    await expect(page.getByRole('navigation', { name: text('nav.label', {}, 'en') })).toContainText(
      text('nav.deals', {}, 'en'),
    )
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
    await page.reload()
    await expect(page.getByRole('button', { name: text('board.create', {}, 'en') }).first()).toBeVisible()
    const session = await seller.api.get<{ user: { locale: string } }>('session')
    expect(session.user.locale).toBe('en')
  })

  test('тёмная тема включается и остаётся, фон и вправду тёмный', async ({ seller }) => {
    const { page } = seller
    await page.goto('/board')
    const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    await page.getByRole('button', { name: seller.person.name }).click()
    await page.getByRole('menuitemradio', { name: text('theme.dark') }).click()
    const brightness = () =>
      page.evaluate(() => {
        const ctx = document.createElement('canvas').getContext('2d')!
        ctx.fillStyle = getComputedStyle(document.body).backgroundColor
        ctx.fillRect(0, 0, 1, 1)
        const [r, g, b] = ctx.getImageData(0, 0, 1, 1).data
        return (r! + g! + b!) / 3
      })
    await expect.poll(brightness).toBeLessThan(60)
    await page.reload()
    await expect.poll(brightness).toBeLessThan(60)
    expect(light).not.toBe(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
  })

  test('a seller works in English: keys, messages, errors of the server', async ({ desk, server }) => {
    const funnel = await server.funnel({
      stages: ['Request', 'Contacted', 'Offer'],
      deals: [{ title: 'Forklift course' }],
    })
    const { page } = await desk('seller', { language: 'en', locale: 'en-GB' })
    const board = await new Board(page, funnel).open()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Alt+ArrowRight')
    await expect(board.toast(text('board.moved', { stage: 'Contacted' }, 'en'))).toBeVisible()
    await page.getByRole('button', { name: text('app.undo', {}, 'en'), exact: true }).click()
    await expect(board.in(funnel.stages[0]!, 'Forklift course')).toBeVisible()
    await page.getByRole('button', { name: text('filter.to_text', {}, 'en') }).click()
    await page.getByLabel(text('filter.expert', {}, 'en')).fill('title ~ and')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('alert').filter({ hasText: /[a-z]{4}/ })).toBeVisible()
    await expect(page.getByText(/[а-яё]{4}/i).filter({ visible: true })).toHaveText([
      funnel.name,
      funnel.name,
    ])
  })
})

test.describe('Телефон', () => {
  test('доска в одну колонку: этапы вкладками, перенос из меню выбора, ничего не уезжает вбок', async ({
    desk,
    server,
  }) => {
    const { page } = await desk('seller', { viewport: phone, hasTouch: true, isMobile: true })
    const funnel = await server.funnel({ deals: 4 })
    const board = await new Board(page, funnel).open()
    const tabs = page.getByRole('navigation', { name: text('board.stages') })
    await expect(tabs.getByRole('button')).toHaveCount(funnel.stages.length)
    await expect(page.getByRole('region', { name: funnel.stages[0]!.name, exact: true })).toBeVisible()
    await expect(page.getByRole('region', { name: funnel.stages[1]!.name, exact: true })).toHaveCount(0)
    await tabs.getByRole('button', { name: funnel.stages[1]!.name }).tap()
    await expect(page.getByText(text('board.column_empty'))).toBeVisible()
    await tabs.getByRole('button', { name: funnel.stages[0]!.name }).tap()
    await expect(board.card('Сделка 1')).toBeVisible()
    await everythingFits(page)
    for (const target of await page.locator('button:visible, a[href]:visible').all()) {
      const box = await target.boundingBox()
      if (box && box.y >= 0)
        expect
          .soft(
            Math.min(box.width, box.height),
            `${await target.getAttribute('aria-label')} ${await target.innerText()}`,
          )
          .toBeGreaterThanOrEqual(24)
    }
  })

  for (const language of ['ru', 'en'] as const)
    test(`всё помещается: ${language}`, async ({ desk, server }) => {
      const { page } = await desk('head', { language, viewport: phone })
      const boot = await server.admin.get<{ funnels: { id: number }[] }>('boot')
      for (const { id } of boot.funnels.slice(0, 3)) {
        await page.goto(`/board/${id}`)
        await expect(page.locator('[data-card]').first()).toBeVisible()
        await fitsAnywhere(page)
      }
      await page.goto(
        '/board?filter=' +
          encodeURIComponent('owner_id in (4, 5) and value_minor >= 100 and value_minor <= 99999999999'),
      )
      await expect(page.locator('.total')).toBeVisible()
      await fitsAnywhere(page)
    })

  for (const language of ['ru', 'en'] as const)
    test(`сделка и отчёты помещаются: ${language}`, async ({ desk, server }) => {
      const { page } = await desk('head', { language, viewport: phone })
      const [deal] = await server.admin.list<{ id: number; funnel_id: number }>(
        'deals',
        'status = "open" and not company_id is null and not next_task_at is null',
      )
      await page.goto(`/deals/${deal!.id}`)
      await expect(page.getByRole('article').getByRole('listitem').first()).toBeVisible()
      await fitsAnywhere(page)
      await page.setViewportSize(phone)
      await page.getByRole('button', { name: text('deal.tab.data', {}, language) }).click()
      await everythingFits(page)
      await page.goto(`/board/${deal!.funnel_id}?deal=${deal!.id}`)
      await expect(page.getByRole('complementary').getByRole('listitem').first()).toBeAttached()
      await fitsAnywhere(page)
      await page.goto('/reports')
      await expect(page.locator('main').getByRole('link').first()).toBeVisible()
      await fitsAnywhere(page)
      await page.goto('/reports/conversion?by=owner')
      await expect(page.getByRole('table').first()).toBeVisible()
      await fitsAnywhere(page)
    })

  for (const language of ['ru', 'en'] as const)
    test(`мой день помещается: ${language}`, async ({ desk, server }) => {
      const { page, api, person } = await desk('head', { language, viewport: phone })
      const funnel = await server.funnel({ deals: 1, owner: person.user_id })
      const about = { deal_id: funnel.deals[0]!.id, owner_id: person.user_id, kind: 'call' }
      for (const [i, priority] of ['normal', 'high', 'urgent'].entries())
        await api.create('tasks', {
          ...about,
          priority,
          title: 'Перезвонить и уточнить удобные даты выездного занятия для всей смены',
          due_at: Date.now() + (i - 1) * 86_400_000,
        })
      await page.goto('/day')
      await expect(page.locator('button[id^=queue-]').first()).toBeVisible()
      await fitsAnywhere(page)
      await page.setViewportSize(phone)
      await page.locator('button[id^=queue-]').first().click()
      await page.getByRole('button', { name: text('task.finish', {}, language), exact: true }).click()
      await expect(page.getByLabel(text('task.result', {}, language))).toBeFocused()
      await fitsAnywhere(page)
    })

  for (const viewport of [phone, wide])
    test(`вход помещается и по-русски, и по-английски, ширина ${viewport.width}`, async ({ page }) => {
      await page.setViewportSize(viewport)
      await page.goto('/')
      for (const language of ['Русский', 'English']) {
        await page.getByRole('button', { name: language }).click()
        await expect(page.getByRole('button', { name: language })).toHaveAttribute('aria-pressed', 'true')
        await everythingFits(page)
      }
    })
})
