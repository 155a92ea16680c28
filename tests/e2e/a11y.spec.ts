// Every screen and everything that opens over it: in Russian wide, in English on a phone, light and dark in both.
import { expectAccessibleLightAndDark as expectAccessible } from './a11y'
import { Board } from './board'
import { expect, test, text, type Desk, type Funnel, type Locator } from './harness'
import { phone, wide } from './look'
import type { Server } from './server'

const looks = [
  { language: 'ru', colorScheme: 'light', viewport: wide },
  { language: 'en', colorScheme: 'dark', viewport: phone },
] as const
const called = (l: (typeof looks)[number]) => `${l.language}, ${l.viewport.width}`

/** A deal with everything that a card can show. */
async function furnish(server: Server, funnel: Funnel, desk: Desk): Promise<number> {
  const { id } = funnel.deals[0]!
  const [product] = await server.admin.list<{ id: number }>('products', 'active = true')
  const [contact] = await server.admin.list<{ id: number }>('contacts', 'not phone is null')
  const [company] = await server.admin.list<{ id: number }>('companies')
  await server.admin.patch(`deals/${id}`, {
    contact_id: contact!.id,
    company_id: company!.id,
    owner_id: desk.person.user_id,
  })
  await server.admin.create('deal-products', {
    deal_id: id,
    product_id: product!.id,
    quantity: 2,
    price_minor: 1_500_000,
  })
  await desk.api.create('notes', { deal_id: id, text: 'Просят рассрочку на три месяца' })
  await desk.api.create('tasks', {
    deal_id: id,
    title: 'Позвонить',
    kind: 'call',
    due_at: Date.now() - 86_400_000 * 3,
  })
  await desk.api.create('tasks', {
    deal_id: id,
    title: 'Отправить договор',
    kind: 'mail',
    due_at: Date.now() + 86_400_000 * 2,
  })
  await desk.api.patch(`deals/${id}`, { stage_id: funnel.stages[1]!.id })
  return id
}

test.describe.configure({ timeout: 90_000 })
for (const look of looks) {
  test.describe(called(look), () => {
    test('вход: пустой и с ошибкой', async ({ browser, server }) => {
      const context = await browser.newContext({
        baseURL: server.url,
        ...look,
        locale: look.language === 'ru' ? 'ru-RU' : 'en-GB',
      })
      const page = await context.newPage()
      await page.goto('/')
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.getByRole('list')).toBeVisible() // the people of the demo
      await expectAccessible(page, 'sign-in')
      await page.locator('#email').fill('nobody@example.ru')
      await page.locator('#password').fill('no')
      await page.keyboard.press('Enter')
      await expect(page.getByRole('alert')).toBeVisible()
      await expectAccessible(page, 'sign-in refused')
      await context.close()
    })

    test('доска и всё, что над ней открывается', async ({ desk, server }) => {
      const { page } = await desk('head', look)
      const say = (key: string, params = {}) => text(key, params, look.language)
      const funnel = (
        await server.admin.get<{ funnels: { id: number; name: string }[] }>('boot')
      ).funnels.find((f) => f.name === 'Курсы: Россия')!
      await page.goto(`/board/${funnel.id}`)
      await expect(page.locator('[data-card]').first()).toBeVisible()
      await expectAccessible(page, 'board')
      const menu = async (opener: Locator, what: string) => {
        await opener.click()
        await expect(page.getByRole('menu')).toBeVisible()
        await expectAccessible(page, what)
        await page.keyboard.press('Escape')
      }
      await menu(page.locator('.toolbar [aria-haspopup=menu]').first(), 'funnels')
      await menu(page.locator('.toolbar [aria-haspopup=menu]').nth(1), 'order and density')
      await menu(page.locator('header [aria-haspopup=menu]').last(), 'own menu')
      for (const key of ['filter.owner', 'filter.value'])
        if (look.viewport === wide) {
          await page.getByRole('button', { name: say(key), exact: true }).click()
          await expect(page.getByRole('dialog', { name: say(key) })).toBeVisible()
          await expectAccessible(page, key)
          await page.keyboard.press('Escape')
        }
      await page.locator('[data-card]').first().focus()
      await page.keyboard.press('Space')
      await expect(page.getByRole('complementary', { name: say('board.peek') })).toBeVisible()
      await page.keyboard.press('x')
      await expect(page.getByRole('region', { name: say('board.selection') })).toBeVisible()
      await expectAccessible(page, 'peek and selection')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.keyboard.press('c')
      await expect(page.getByLabel(say('board.new_title'))).toBeFocused()
      await expectAccessible(page, 'quick create')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+k')
      await expect(page.getByRole('dialog', { name: say('palette.title') })).toBeVisible()
      await expectAccessible(page, 'palette')
      await page.keyboard.press('Escape')
      await page.locator('[data-card]').first().focus()
      await page.keyboard.press('Shift+?')
      await expect(page.getByRole('dialog', { name: say('help.title') })).toBeVisible()
      await expectAccessible(page, 'help')
    })

    test('доска: причина проигрыша, сообщение с отменой, без сети, фильтр текстом, пустая', async ({
      desk,
      server,
    }) => {
      const { page } = await desk('seller', look)
      const say = (key: string, params = {}) => text(key, params, look.language)
      const funnel = await server.funnel({ deals: 3 })
      const board = await new Board(page, funnel).open()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Control+k')
      await expect(
        page.getByRole('dialog', { name: say('palette.title') }).getByRole('combobox'),
      ).toBeFocused()
      await page.keyboard.type(say('board.lose'))
      await page.keyboard.press('Enter')
      const sheet = page.getByRole('dialog', { name: say('move.losing') })
      await sheet.getByRole('button', { name: say('board.lose') }).click()
      await expect(sheet.getByRole('alert')).toBeVisible()
      await expectAccessible(page, 'reason of the loss')
      await page.keyboard.press('Escape')
      await expect(sheet).toHaveCount(0)
      await board.card('Сделка 1').focus()
      await page.keyboard.press('Alt+ArrowRight')
      await expect(board.toast(say('app.undo'))).toBeVisible()
      await expectAccessible(page, 'toast')
      await page.context().setOffline(true)
      await page.keyboard.press('Alt+ArrowRight')
      await expect(page.getByRole('status').filter({ hasText: say('app.offline') })).toBeVisible()
      await expectAccessible(page, 'offline')
      await page.context().setOffline(false)
      await page.goto(
        `/board/${funnel.id}?filter=${encodeURIComponent('title ~ "нет такой" or title ~ and')}`,
      )
      await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
      await expectAccessible(page, 'filter as text with a mistake')
      const empty = await server.funnel({ deals: 0 })
      await page.goto(`/board/${empty.id}`)
      await expect(page.getByText(say('board.empty'))).toBeVisible()
      await expectAccessible(page, 'empty board')
      await page.goto('/no/such/page')
      await expect(page.getByText(say('app.no_page'), { exact: true })).toBeVisible()
      await expectAccessible(page, 'no such page')
    })

    test('карточка сделки: страница, панель, задача, причина, меню', async ({ desk, server }) => {
      const me = await desk('seller', look)
      const { page } = me
      const say = (key: string, params = {}) => text(key, params, look.language)
      const funnel = await server.funnel({ deals: 2 })
      const id = await furnish(server, funnel, me)
      await page.goto(`/deals/${id}`)
      await expect(page.getByRole('article')).toBeVisible()
      await expect(page.getByText('Просят рассрочку на три месяца').first()).toBeVisible()
      await expectAccessible(page, 'deal')
      if (look.viewport === phone) {
        await page.getByRole('button', { name: say('deal.tab.data') }).click()
        await expectAccessible(page, 'deal, data')
      }
      await page.locator('[data-field=value_minor] button').click()
      await expect(page.locator('[data-field=value_minor] input')).toBeFocused()
      await expectAccessible(page, 'a field being edited')
      await page.keyboard.press('Escape')
      await page.locator('[data-field=owner_id] button').click()
      await expect(page.getByRole('listbox').filter({ visible: true })).toBeVisible()
      await expectAccessible(page, 'a choice being edited')
      await page.keyboard.press('Escape')
      await page.keyboard.press('t')
      await expect(page.getByLabel(say('task.title'))).toBeFocused()
      await expectAccessible(page, 'a new task')
      await page.getByRole('button', { name: say('task.done_mark', { name: 'Позвонить' }) }).click()
      await expect(page.getByLabel(say('task.result'), { exact: true })).toBeFocused()
      await page.keyboard.press('Enter')
      await expect(page.getByText(say('task.result_missing'))).toBeVisible()
      await expectAccessible(page, 'a task being finished')
      await page.keyboard.press('Escape')
      await page
        .getByRole('article')
        .getByRole('button', { name: say('deal.lose'), exact: true })
        .click()
      await expect(page.getByRole('dialog', { name: say('move.losing') })).toBeVisible()
      await expectAccessible(page, 'reason of the loss on the card')
      await page.keyboard.press('Escape')
      await page.goto(`/board/${funnel.id}?deal=${id}`)
      await expect(
        page.getByRole('complementary').getByText('Просят рассрочку на три месяца').first(),
      ).toBeVisible()
      await expectAccessible(page, 'deal over the board')
      await page.goto('/deals/99999999')
      await expect(page.getByText(say('deal.missing'), { exact: true })).toBeVisible()
      await expectAccessible(page, 'no such deal')
    })

    test('списки и всё, что над ними открывается; поиск; загрузка из файла', async ({ desk }) => {
      const { page } = await desk('head', look)
      const say = (key: string, params = {}) => text(key, params, look.language)
      const wideLook = look.viewport === wide
      for (const path of ['/deals/list', '/contacts', '/companies', '/products', '/tasks/list']) {
        await page.goto(path)
        await expect(page.locator(wideLook ? '[data-row]' : '.card').first()).toBeVisible()
        await expectAccessible(page, path)
      }
      await page.goto('/deals/list?group=owner_id')
      await expect(page.locator('[aria-expanded=false]').first()).toBeVisible()
      await expectAccessible(page, 'groups')
      const filter = 'value_minor >= 100 and (owner_id in (me) or created_at >= today - 30d)'
      await page.goto(`/deals/list?filter=${encodeURIComponent(filter)}`)
      await page.getByRole('button', { name: say('list.filter') }).click()
      await expect(page.getByRole('region', { name: say('list.filter') })).toBeVisible()
      await expectAccessible(page, 'filter builder')
      await page.goto('/contacts')
      await page.getByRole('button', { name: say('list.columns') }).click()
      await expect(page.getByRole('dialog', { name: say('list.columns') })).toBeVisible()
      await expectAccessible(page, 'columns')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: say('view.save_as') }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await expectAccessible(page, 'a new view')
      await page.keyboard.press('Escape')
      if (wideLook) {
        await page.keyboard.press('j')
        await page.keyboard.press('x')
        await page.keyboard.press('Space')
        await expect(
          page.getByRole('complementary', { name: say('board.peek') }).locator('.fields'),
        ).toBeVisible()
      } else await page.getByRole('checkbox').first().check()
      await expect(page.getByRole('region', { name: say('bulk.bar') })).toBeVisible()
      await expectAccessible(page, 'selection')
      await page.getByRole('button', { name: say('bulk.delete') }).click()
      await expect(page.getByRole('dialog').getByText(say('bulk.can_undo'))).toBeVisible()
      await expectAccessible(page, 'dry run')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog').getByRole('combobox').fill('анна')
      await expect(page.getByRole('option').filter({ hasText: /Анна/ }).first()).toBeVisible()
      await expectAccessible(page, 'search')
      await page.goto('/import')
      await expect(page.getByText(say('import.drop'))).toBeVisible()
      await expectAccessible(page, 'import, file')
      await page.locator('input[type=file]').setInputFiles({
        name: 'contacts.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('Имя;Почта;Обувь\nАнна;не почта;38\nБорис;b@example.ru;43\n'),
      })
      await expect(page.getByRole('columnheader', { name: say('import.becomes') })).toBeVisible()
      await expectAccessible(page, 'import, columns')
      await page.getByRole('button', { name: say('import.check'), exact: true }).click()
      await expect(page.getByText(say('import.would'))).toBeVisible({ timeout: 15_000 })
      await expectAccessible(page, 'import, trial')
    })

    test('задачи: список, выполнение, календарь, всех и ничьи; новая задача; колокольчик', async ({
      desk,
    }) => {
      const me = await desk('seller', look)
      const { page, api } = me
      const say = (key: string, params = {}) => text(key, params, look.language)
      const own = { owner_id: me.person.user_id, kind: 'call' }
      await api.create('tasks', { ...own, title: 'Позвонить', due_at: Date.now() - 60_000 })
      await api.create('tasks', { ...own, title: 'Без срока' })
      await page.goto('/tasks')
      await expect(page.locator('.all > .row').first()).toBeVisible()
      await expectAccessible(page, 'tasks')
      await page.getByRole('button', { name: say('task.done_mark', { name: 'Позвонить' }) }).click()
      await expect(page.getByLabel(say('task.result'))).toBeFocused()
      await expectAccessible(page, 'a task being finished in the queue')
      await page.keyboard.press('Escape')
      for (const view of ['week', 'month']) {
        await page.goto(`/tasks?view=${view}`)
        await expect(page.locator('.calendar')).toBeVisible()
        await expectAccessible(page, `tasks, ${view}`)
      }
      await page.goto('/tasks?done')
      await expect(page.getByText(say('task.nothing_done'))).toBeVisible()
      await expectAccessible(page, 'nothing done')
      await page.locator('header .bell').click()
      await expect(page.getByRole('dialog', { name: say('notices.title') })).toBeVisible()
      await expectAccessible(page, 'notifications')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: say('create.label'), exact: true }).click()
      await page.getByRole('menuitem', { name: say('create.task') }).click()
      await expect(page.getByRole('dialog', { name: say('create.task') })).toBeVisible()
      await expectAccessible(page, 'a new task from anywhere')
    })

    test('мой день: очередь, выполнение, отложить; лист переноса; регламент этапа', async ({
      desk,
      server,
    }) => {
      const me = await desk('head', look)
      const { page, api } = me
      const say = (key: string, params = {}) => text(key, params, look.language)
      const funnel = await server.funnel({ deals: 2, owner: me.person.user_id })
      const [first, second] = funnel.stages
      const words = { entry_result: 'Клиент ответил', aim: 'Узнать, кто решает', steps: '1. Позвонить' }
      await server.admin.patch(`stages/${first!.id}`, words)
      await server.admin.patch(`stages/${second!.id}`, words)
      for (const [i, kind] of ['positive', 'deferral', 'refusal'].entries())
        await server.admin.create('goals', {
          ...{ stage_id: first!.id, name: `Цель ${i + 1}`, kind, position: i },
          actions: [{ do: 'note', text: 'Так и было' }],
        })
      const gate = (more: object) =>
        server.admin.create('gates', { stage_id: second!.id, at: 'enter', ...more })
      await gate({ kind: 'check', name: 'Узнал, кто решает' })
      await gate({ kind: 'field', field: 'expected_close_on' })
      await gate({ kind: 'artefact', artefact: 'offer' })
      const deal = { deal_id: funnel.deals[0]!.id, owner_id: me.person.user_id, kind: 'call' }
      await api.create('tasks', { ...deal, title: 'Перезвонить', due_at: Date.now() - 3_600_000 })
      await page.goto('/day')
      await expect(page.locator('button[id^=queue-]').first()).toBeVisible()
      await expectAccessible(page, 'my day')
      await page.locator('button[id^=queue-]').first().click()
      await page.getByRole('button', { name: say('task.finish'), exact: true }).click()
      await expect(page.getByLabel(say('task.result'))).toBeFocused()
      await expect(page.getByRole('button', { name: 'Цель 1' })).toBeVisible()
      await expectAccessible(page, 'a task being finished in the day')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: say('day.defer'), exact: true }).click()
      await expect(page.getByRole('dialog', { name: say('move.defer') })).toBeVisible()
      await expectAccessible(page, 'a deal being put off')
      await page.goto(`/deals/${funnel.deals[0]!.id}`)
      await expect(page.getByRole('group', { name: say('work.goals') })).toBeVisible()
      await expectAccessible(page, 'a deal with regulation and goals')
      await page.keyboard.press('Alt+ArrowRight')
      const sheet = page.getByRole('dialog', { name: say('move.title') })
      await expect(sheet.getByRole('checkbox').first()).toBeVisible()
      await sheet.getByRole('button', { name: say('move.override') }).click()
      await expectAccessible(page, 'the sheet of a move')
      await page.keyboard.press('Escape')
      await page.goto(`/board/${funnel.id}`)
      await page
        .getByRole('button', { name: say('board.stage_info', { stage: first!.name }) })
        .first()
        .click()
      await expect(page.getByRole('dialog', { name: first!.name })).toBeVisible()
      await expectAccessible(page, 'regulation of a stage')
    })

    test('контакт и компания: карточка, телефоны, объединение, стирание, дубли, новый контакт', async ({
      desk,
    }) => {
      const me = await desk('admin', look)
      const { page, api } = me
      const say = (key: string, params = {}) => text(key, params, look.language)
      const company = await api.create<{ id: number }>('companies', { name: 'ООО «Доступность»' })
      const number = '+7 912 000-11-22'
      const contact = {
        name: 'Анна Доступная',
        phone: number,
        email: 'anna@firma.example',
        company_id: company.id,
      }
      const { id } = await api.create<{ id: number }>('contacts', contact)
      await api.create('contact-points', {
        contact_id: id,
        kind: 'messenger',
        value: '@anna',
        label: 'Telegram',
      })
      await api.create('notes', { contact_id: id, text: 'Звонить после обеда' })
      await page.goto(`/contacts/${id}`)
      await expect(page.getByText('Звонить после обеда').first()).toBeVisible()
      await expectAccessible(page, 'contact')
      if (look.viewport === phone) {
        await page.getByRole('button', { name: say('deal.tab.data') }).click()
        await expectAccessible(page, 'contact, data')
      }
      await page.getByRole('button', { name: say('deal.more'), exact: true }).click()
      await page.getByRole('menuitem', { name: say('client.merge') }).click()
      await expect(page.getByRole('dialog', { name: say('merge.title') })).toBeVisible()
      await expectAccessible(page, 'whom to merge with')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: say('deal.more'), exact: true }).click()
      await page.getByRole('menuitem', { name: say('client.erase') }).click()
      await expect(page.getByRole('dialog', { name: say('client.erase') })).toBeVisible()
      await expectAccessible(page, 'erasure')
      await page.goto(`/companies/${company.id}`)
      if (look.viewport === phone) await page.getByRole('button', { name: say('deal.tab.data') }).click()
      await expect(page.getByRole('link', { name: 'Анна Доступная' })).toBeVisible()
      await expectAccessible(page, 'company')
      await page.goto('/duplicates')
      await expect(page.getByRole('button', { name: say('duplicates.merge') }).first()).toBeVisible()
      await expectAccessible(page, 'duplicates')
      await page
        .getByRole('button', { name: say('duplicates.merge') })
        .first()
        .click()
      await expect(page.getByRole('table')).toBeVisible()
      await expectAccessible(page, 'merging')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: say('create.label'), exact: true }).click()
      await page.getByRole('menuitem', { name: say('create.contact') }).click()
      const sheet = page.getByRole('dialog', { name: say('create.contact') })
      await sheet.locator('[data-new=phone] input').fill(number)
      await expect(sheet.getByRole('link', { name: 'Анна Доступная' }).first()).toBeVisible()
      await expectAccessible(page, 'a new contact with a duplicate')
    })

    test('отчёты: список, конверсия с разбивкой, ошибка в фильтре, пусто', async ({ desk }) => {
      const { page } = await desk('head', look)
      const say = (key: string) => text(key, {}, look.language)
      await page.goto('/reports')
      await expect(page.locator('main').getByRole('link').first()).toBeVisible()
      await expectAccessible(page, 'reports')
      await page.goto('/reports/conversion')
      await expect(page.getByRole('table').first()).toBeVisible()
      await expectAccessible(page, 'conversion')
      await page.goto('/reports/conversion?by=owner')
      await expect(page.getByRole('table', { name: say('report.table.groups') })).toBeVisible()
      await expectAccessible(page, 'conversion by owner')
      await page.goto(`/reports/conversion?filter=${encodeURIComponent('title ~')}`)
      await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
      await expectAccessible(page, 'conversion with a mistake in the filter')
      await page.goto(`/reports/conversion?filter=${encodeURIComponent('value_minor > 99999999999')}`)
      await expect(page.getByText(say('report.page.empty'), { exact: true })).toBeVisible()
      await expectAccessible(page, 'conversion of nothing')
    })
  })
}
