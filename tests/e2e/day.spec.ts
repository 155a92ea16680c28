// My day: the queue is worked from the top with the keyboard, and no deal stays without a next step. R020-R027, R141, R293-R298, R303-R305, R332.
import { expect, test, text, type Deal, type Desk, type Page } from './harness'

interface Task {
  id: number
  title: string
  done: boolean
  result: string | null
  due_at: number | null
  deal_id: number | null
  priority: string
  asked_due_at: number | null
  [field: string]: unknown
}
const HOUR = 3_600_000
const add = ({ api, person }: Desk, title: string, due_at: number | null, more = {}) =>
  api.create<Task>('tasks', { title, kind: 'call', owner_id: person.user_id, due_at, ...more })
const row = (page: Page, title: string) =>
  page.getByRole('list', { name: text('day.queue') }).getByRole('button', { name: title })
async function open({ page }: Desk, more = ''): Promise<void> {
  await page.goto(`/day${more}`)
  await expect(page.getByRole('heading', { level: 1, name: text('nav.day') })).toBeAttached()
}

test('рабочий день без мыши: пять задач подряд, у каждой результат, у сделок следующий шаг', async ({
  seller,
  server,
}) => {
  const { page, api, person } = seller
  const funnel = await server.funnel({ deals: 5, owner: person.user_id })
  const [first, second] = funnel.stages
  await server.admin.create('goals', {
    ...{ stage_id: first!.id, name: 'Договорились', kind: 'positive', position: 1 },
    actions: [{ do: 'move', stage_id: second!.id }],
  })
  for (const [i, deal] of funnel.deals.entries())
    await add(seller, `Звонок ${i + 1}`, Date.now() - (10 - i) * HOUR, { deal_id: deal.id })
  await open(seller)
  await expect(page.getByRole('list', { name: text('day.queue') }).locator('button[id^=queue-]')).toHaveCount(
    5,
  )
  await page.keyboard.press('Control+Enter')
  for (let i = 0; i < 5; i++) {
    const result = page.getByLabel(text('task.result'))
    await expect(result).toBeFocused()
    await expect(page.getByRole('checkbox', { name: text('finish.next') })).toBeChecked()
    await page.keyboard.type(`Поговорили, раз ${i + 1}`)
    if (i === 1) {
      // One of them reaches the goal: Enter leads to it, its number picks it.
      await page.keyboard.press('Enter')
      await page.keyboard.press('1')
      await expect(page.getByRole('button', { name: /Договорились/ })).toHaveAttribute('aria-pressed', 'true')
    }
    await page.keyboard.press('Control+Enter')
    await expect(page.getByText(text('day.done', { n: i + 1 }))).toBeVisible()
  }
  const tasks = await api.list<Task>('tasks', `owner_id = ${person.user_id}`)
  expect(tasks.filter((x) => x.done)).toHaveLength(5)
  expect(tasks.filter((x) => x.done).every((x) => x.result?.startsWith('Поговорили'))).toBe(true)
  const deals = await api.list<Deal>('deals', `funnel_id = ${funnel.id}`)
  expect(deals.every((d) => Number(d.open_tasks) >= 1)).toBe(true)
  expect(deals.filter((d) => d.stage_id === second!.id)).toHaveLength(1)
})

test('новая заявка стоит в очереди раньше просроченного и показывает, сколько осталось', async ({
  seller,
  server,
}) => {
  const { page, api, person } = seller
  const funnel = await server.funnel({ deals: 0 })
  await server.admin.patch(`funnels/${funnel.id}`, { response_hours: 4 })
  await add(seller, 'Старая просрочка', Date.now() - 30 * HOUR)
  await api.create('deals', { title: 'Заявка с сайта', funnel_id: funnel.id, owner_id: person.user_id })
  await open(seller)
  const titles = page.getByRole('list', { name: text('day.queue') }).locator('button[id^=queue-]')
  await expect(titles.first()).toContainText('Заявка с сайта')
  await expect(titles.nth(1)).toContainText('Старая просрочка')
  const timer = page.getByRole('timer').first()
  const before = await timer.textContent()
  await expect.poll(() => timer.textContent(), { timeout: 4000 }).not.toBe(before)
})

test('J, K, пауза, важность, отложить: всё с клавиатуры', async ({ seller, server }) => {
  const { page, api, person } = seller
  const funnel = await server.funnel({ deals: 1, owner: person.user_id })
  const one = await add(seller, 'Первая', Date.now() - 2 * HOUR, { deal_id: funnel.deals[0]!.id })
  const two = await add(seller, 'Вторая', Date.now() - HOUR)
  await open(seller)
  await expect(row(page, 'Вторая')).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  const at = page.locator('[id^=queue-][aria-current=true]')
  const id = Number((await at.getAttribute('id'))!.slice(6))
  await page.keyboard.press('s')
  await expect.poll(async () => (await api.get<Task>(`tasks/${id}`)).started_at).not.toBe(null)
  await row(page, 'Первая').click()
  await page.keyboard.press('d')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('move.defer_do') })
    .click()
  await expect
    .poll(async () => (await api.get<Deal>(`deals/${funnel.deals[0]!.id}`)).deferred_until)
    .not.toBe(null)
  await row(page, 'Вторая').click()
  await page.getByRole('button', { name: text('task.actions', { name: 'Вторая' }) }).click()
  await page.getByRole('menuitemradio', { name: text('day.priority.urgent') }).click()
  await expect.poll(async () => (await api.get<Task>(`tasks/${two.id}`)).priority).toBe('urgent')
  expect((await api.get<Task>(`tasks/${one.id}`)).done).toBe(false)
})

test('просьба о переносе срока приходит автору, он разрешает', async ({ desk }) => {
  const head = await desk('head')
  const seller = await desk('seller')
  const due = Date.now() + HOUR
  const { id } = await head.api.create<Task>('tasks', {
    ...{ title: 'Подготовить отчёт', kind: 'todo', owner_id: seller.person.user_id, due_at: due },
  })
  await open(seller)
  await row(seller.page, 'Подготовить отчёт').click()
  await seller.page.getByRole('button', { name: text('task.actions', { name: 'Подготовить отчёт' }) }).click()
  await seller.page.getByRole('menuitem', { name: text('day.ask') }).click()
  await seller.page.getByLabel(text('day.ask_why')).fill('Жду цифры от склада')
  await seller.page.keyboard.press('Control+Enter')
  await expect.poll(async () => (await seller.api.get<Task>(`tasks/${id}`)).asked_due_at).not.toBe(null)
  await open(head)
  await head.page
    .getByRole('region', { name: text('day.asks') })
    .getByRole('button')
    .first()
    .click()
  await expect(head.page.getByText('Жду цифры от склада')).toBeVisible()
  await head.page
    .getByRole('button', { name: text('day.allow') })
    .first()
    .click()
  await expect.poll(async () => Number((await head.api.get<Task>(`tasks/${id}`)).due_at) > due).toBe(true)
})

test('на карточке последнюю задачу нельзя закрыть без следующей: предлагается дата', async ({
  seller,
  server,
}) => {
  const { page, api, person } = seller
  const funnel = await server.funnel({ deals: 1, owner: person.user_id })
  await server.admin.patch(`funnels/${funnel.id}`, { task_rule: 'refuse' })
  const [one] = funnel.deals
  await add(seller, 'Единственная', Date.now() - HOUR, { deal_id: one!.id })
  await page.goto(`/deals/${one!.id}`)
  await page.getByRole('button', { name: text('task.done_mark', { name: 'Единственная' }) }).click()
  await page.keyboard.type('Дозвонился')
  const planned = page.getByRole('checkbox', { name: text('finish.next') })
  await expect(planned).toBeChecked()
  await planned.uncheck()
  await page.keyboard.press('Control+Enter')
  await expect(planned).toBeChecked() // refused: the next step is proposed
  await expect(page.getByLabel(text('task.title'))).not.toHaveValue('')
  await page.keyboard.press('Control+Enter')
  // The count of open tasks is one before and after: what tells the next task from the finished one is when it is due.
  await expect
    .poll(async () => {
      const open = await api.list<Task>('tasks', `deal_id = ${one!.id} and done = false`)
      return open.length === 1 && Number(open[0]!.due_at) > Date.now()
    })
    .toBe(true)
  await expect.poll(async () => (await api.get<Deal>(`deals/${one!.id}`)).open_tasks).toBe(1)
})

test('десять тысяч задач: на странице стоят только видимые, листается до конца', async ({ desk }) => {
  test.setTimeout(90_000)
  const head = await desk('head')
  const { page, api } = head
  const many = Array.from({ length: 10_000 }, (_, i) => [
    `Обзвон № ${i}`,
    'call',
    new Date(Date.now() + 86_400_000 + i * 60_000).toISOString(),
    head.person.name,
  ])
  await api.importTable('task', ['title', 'kind', 'due_at', 'owner_id'], many)
  await open(head)
  await expect(row(page, 'Обзвон № 0')).toBeVisible()
  const scroller = page.locator('.scroller')
  await expect(async () => {
    await scroller.evaluate((el) => el.scrollTo(0, el.scrollHeight))
    await expect(row(page, 'Обзвон № 9999')).toBeVisible({ timeout: 500 })
  }).toPass({ timeout: 40_000 })
  expect(await page.locator('button[id^=queue-]').count()).toBeLessThan(60)
})

test('на телефоне: задача открывается поверх очереди и выполняется касанием', async ({ desk }) => {
  const me = await desk('seller', { viewport: { width: 390, height: 800 }, hasTouch: true })
  const { page, api } = me
  const made = await add(me, 'Перезвонить с дороги', Date.now() - HOUR)
  await open(me)
  await row(page, 'Перезвонить с дороги').tap()
  await page.getByRole('button', { name: text('task.finish'), exact: true }).tap()
  await expect(page.getByLabel(text('task.result'), { exact: true })).toBeFocused()
  await page.keyboard.type('Договорились')
  await page.getByRole('button', { name: text('day.finish_next') }).tap()
  await expect.poll(async () => (await api.get<Task>(`tasks/${made.id}`)).done).toBe(true)
})
