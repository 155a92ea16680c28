// A day of a sales manager: the queue of tasks, worked from the top.
import { expect, test, text, typeKeys, type Desk, type Locator, type Page } from './harness'
import { Board } from './board'

interface Task {
  id: number
  title: string
  done: boolean
  result: string | null
  due_at: number | null
  owner_id: number
  deal_id: number | null
}
const HOUR = 3_600_000
const DAY = 24 * HOUR
const noon = (days: number) => {
  const d = new Date()
  return new Date(d.getFullYear(), d.getMonth(), d.getDate() + days, 12).getTime()
}
const task = (desk: Desk, title: string, due_at: number | null, more = {}) =>
  desk.api.create<Task>('tasks', {
    title,
    due_at,
    kind: 'call',
    owner_id: desk.person.user_id,
    ...more,
  })
const row = (page: Page, title: string): Locator => page.locator('.all > .row').filter({ hasText: title })
async function open({ page }: Desk, query = ''): Promise<void> {
  await page.goto(`/tasks${query}`)
  await expect(page.getByRole('toolbar', { name: text('task.toolbar') })).toBeVisible()
}

test.describe('Очередь задач', () => {
  test('просроченные сверху, дальше по срокам, без срока внизу', async ({ seller }) => {
    const { page } = seller
    await task(seller, 'Без срока', null)
    await task(seller, 'Через месяц', noon(31))
    await task(seller, 'Завтра', noon(1))
    await task(seller, 'Позавчера', noon(-2))
    await open(seller)
    await expect(row(page, 'Без срока')).toBeVisible()
    const heads = await page.locator('.all > .head button span:nth-of-type(1)').allTextContents()
    expect(heads).toEqual(['overdue', 'tomorrow', 'later', 'none'].map((s) => text(`task.section.${s}`)))
    await expect(page.locator('.all > .row').first()).toContainText('Позавчера')
  })

  test('с клавиатуры: вниз, выполнить с результатом, следующая задача по той же сделке', async ({
    seller,
    server,
  }) => {
    const { page, api } = seller
    const funnel = await server.funnel({
      deals: 1,
      owner: seller.person.user_id,
    })
    const deal = funnel.deals[0]!.id
    const first = await task(seller, 'Позвонить директору', noon(-1), {
      deal_id: deal,
    })
    await task(seller, 'Отправить письмо', noon(1))
    await open(seller)
    await expect(row(page, 'Позвонить директору')).toContainText('Сделка 1')
    await page.keyboard.press('j')
    await page.keyboard.press('Control+Enter')
    await typeKeys(page, 'Согласен, ждёт счёт')
    // No open deal without a next step: one is proposed, and gets its own words here.
    await expect(page.getByRole('checkbox', { name: text('finish.next') })).toBeChecked()
    await page.keyboard.press('Enter')
    await expect(page.getByLabel(text('task.title'))).toBeFocused()
    await typeKeys(page, 'Выставить счёт')
    await page.keyboard.press('Control+Enter')
    await expect(row(page, 'Позвонить директору')).toHaveCount(0)
    await expect(row(page, 'Выставить счёт')).toBeVisible()
    await expect
      .poll(() => api.get<Task>(`tasks/${first.id}`))
      .toMatchObject({ done: true, result: 'Согласен, ждёт счёт' })
    const [next] = await api.list<Task>('tasks', `deal_id = ${deal} and done = false`)
    expect(next).toMatchObject({ title: 'Выставить счёт', deal_id: deal })
  })

  test('последняя задача открытой сделки спрашивает следующую сама; отмена возвращает задачу', async ({
    seller,
    server,
  }) => {
    const { page } = seller
    const funnel = await server.funnel({
      deals: 1,
      owner: seller.person.user_id,
    })
    await task(seller, 'Единственная', noon(-1), {
      deal_id: funnel.deals[0]!.id,
    })
    await open(seller)
    await page
      .getByRole('button', {
        name: text('task.done_mark', { name: 'Единственная' }),
      })
      .click()
    await page.keyboard.type('Дозвонился')
    await expect(page.getByLabel(text('task.title'))).toHaveValue(text('finish.default.call'))
    await page.keyboard.press('Control+Enter')
    await expect(row(page, text('finish.default.call'))).toBeVisible()
    await new Board(page, null as never)
      .toast(text('task.finished'))
      .getByRole('button', { name: text('app.undo') })
      .click()
    await expect(row(page, 'Единственная')).toBeVisible()
  })

  test('J и K ходят по очереди, Enter открывает карточку сделки', async ({ seller, server }) => {
    const { page } = seller
    const funnel = await server.funnel({
      deals: 1,
      owner: seller.person.user_id,
    })
    await task(seller, 'Первая', noon(-2))
    await task(seller, 'Вторая', noon(-1), { deal_id: funnel.deals[0]!.id })
    await open(seller)
    await expect(row(page, 'Вторая')).toBeVisible()
    await page.keyboard.press('j')
    await expect(row(page, 'Первая')).toHaveAttribute('aria-current', 'true')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('j')
    await expect(row(page, 'Вторая')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`/deals/${funnel.deals[0]!.id}$`))
  })

  test('мои, всех, по виду: адрес помнит выбор', async ({ seller, server }) => {
    const { page } = seller
    const other = server.people.find((p) => p.role === 'seller')!
    await task(seller, 'Мой звонок', noon(1))
    await task(seller, 'Моя встреча', noon(1), { kind: 'meeting' })
    await server.admin.create('tasks', {
      title: 'Чужая задача',
      owner_id: other.user_id,
      due_at: noon(-3),
      kind: 'call',
    })
    await open(seller)
    await expect(row(page, 'Мой звонок')).toBeVisible()
    await expect(row(page, 'Чужая задача')).toHaveCount(0)
    await page.getByRole('button', { name: text('task.any_kind'), exact: true }).click()
    await page.getByRole('menuitemradio', { name: text('task.kind.meeting') }).click()
    await expect(row(page, 'Мой звонок')).toHaveCount(0)
    await expect(page).toHaveURL(/kind=meeting/)
    await open(seller, `?who=${other.user_id}`)
    await expect(row(page, 'Чужая задача')).toBeVisible()
  })

  test('задача коллеги, поставленная ему сейчас, появляется у него сама', async ({ seller, server }) => {
    const { page } = seller
    await open(seller)
    await server.admin.create('tasks', {
      title: 'Срочно от начальника',
      owner_id: seller.person.user_id,
      due_at: noon(1),
    })
    await expect(row(page, 'Срочно от начальника')).toBeVisible()
  })

  test('десять тысяч задач листаются: на странице стоят только видимые', async ({ desk }) => {
    test.setTimeout(90_000)
    const head = await desk('head')
    const { page, api } = head
    const many = Array.from({ length: 10_000 }, (_, i) => [
      `Обзвон № ${i}`,
      'call',
      new Date(Date.now() + DAY + i * 60_000).toISOString(),
      head.person.name,
    ])
    await api.importTable('task', ['title', 'kind', 'due_at', 'owner_id'], many)
    await open(head)
    await expect(row(page, 'Обзвон № 0')).toBeVisible()
    const scroller = page.locator('.scroller')
    const toEnd = () => scroller.evaluate((el) => el.scrollTo(0, el.scrollHeight))
    // The queue grows page by page: the last task is there when all of them are.
    await expect(async () => {
      await toEnd()
      await expect(row(page, 'Обзвон № 9999')).toBeVisible({ timeout: 500 })
    }).toPass({ timeout: 30_000 })
    expect(await page.locator('.all > .row').count()).toBeLessThan(60)
  })
})

test.describe('Календарь', () => {
  test('задача переносится мышью на другой день и возвращается отменой', async ({ seller }) => {
    const { page, api } = seller
    const moved = await task(seller, 'Встреча в офисе', noon(0) + 6 * HOUR)
    await open(seller, '?view=month')
    const chip = page.locator(`#task-${moved.id}`)
    await expect(chip).toBeVisible()
    const today = new Date().getDate()
    const target = page.locator('section:not(.other)').filter({
      has: page.locator('.number', {
        hasText: new RegExp(`^${today > 15 ? today - 8 : today + 8}$`),
      }),
    })
    const to = (await target.boundingBox())!
    await chip.hover()
    await page.mouse.down()
    await page.mouse.move(to.x + 40, to.y + 40, { steps: 8 })
    await page.mouse.move(to.x + 44, to.y + 44, { steps: 2 })
    await page.mouse.up()
    const by = today > 15 ? -8 : 8
    await expect
      .poll(async () => new Date((await api.get<Task>(`tasks/${moved.id}`)).due_at!).getDate())
      .toBe(today + by)
    await page.getByRole('button', { name: text('app.undo'), exact: true }).click()
    await expect.poll(async () => (await api.get<Task>(`tasks/${moved.id}`)).due_at).toBe(moved.due_at)
  })

  test('Alt и стрелка переносят на день вперёд, время дня остаётся', async ({ seller }) => {
    const { page, api } = seller
    const moved = await task(seller, 'Созвон', noon(1))
    await open(seller, '?view=week&day=' + new Date(noon(1)).toISOString().slice(0, 10))
    await page.locator(`#task-${moved.id}`).focus()
    await page.keyboard.press('Alt+ArrowRight')
    await expect.poll(async () => (await api.get<Task>(`tasks/${moved.id}`)).due_at).toBe(noon(2))
  })
})

test('на телефоне: очередь помещается, задача выполняется касанием', async ({ desk }) => {
  const me = await desk('seller', {
    viewport: { width: 390, height: 800 },
    hasTouch: true,
  })
  const { page, api } = me
  const made = await task(me, 'Перезвонить с дороги', noon(-1))
  await open(me)
  await page.getByRole('button', { name: text('task.done_mark', { name: made.title }) }).tap()
  await typeKeys(page, 'Договорились')
  await page.getByRole('button', { name: text('task.finish'), exact: true }).tap()
  await expect.poll(async () => (await api.get<Task>(`tasks/${made.id}`)).done).toBe(true)
})
