import { expect, inField, test, text, type Page } from './harness'
import { ListPage } from './list'

const deals = (n: number) =>
  Array.from({ length: n }, (_, i) => ({
    title: `Поставка ${String(i + 1).padStart(3, '0')}`,
  }))
const only = (funnel: number) => ({ filter: `funnel_id = ${funnel}` })

test.describe('Списки', () => {
  test('контакты, компании, задачи и продукты открываются по G и букве в русской раскладке', async ({
    seller,
  }) => {
    const { page } = seller
    await page.goto('/board')
    await expect(page.locator('[data-card], .empty').first()).toBeVisible()
    for (const [code, path] of [
      ['KeyC', '/contacts'],
      ['KeyO', '/companies'],
      ['KeyL', '/deals/list'],
      ['KeyU', '/products'],
    ] as const) {
      await physical(page, 'KeyG')
      await physical(page, code)
      await expect(page).toHaveURL(new RegExp(path))
      await expect(page.getByRole('grid')).toBeVisible()
    }
  })

  test('строки, число и сумма такие же, как у сервера; заголовок сортирует, Shift добавляет', async ({
    desk,
    server,
  }) => {
    const me = await desk('head')
    const funnel = await server.funnel({ deals: deals(12) })
    const list = await new ListPage(me.page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
    })
    expect(await list.titles()).toEqual(deals(12).map((d) => d.title))
    const answer = await me.api.get<{
      count: number
      sums: { value_minor: number }
    }>(`deals?limit=1&count=1&sum=value_minor&filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)
    await expect(me.page.locator('.foot')).toContainText(String(answer.count))
    await expect(me.page.locator('.foot [title*="₽"]')).toHaveAttribute(
      'title',
      new RegExp(new Intl.NumberFormat('ru').format(answer.sums.value_minor / 100).replace(/\s/g, '\\s')),
    )
    const value = list.head('Сумма').getByRole('button').first()
    await value.click()
    await expect(list.rows().first()).toContainText('Поставка 001')
    await value.click()
    await expect(list.rows().first()).toContainText('Поставка 012')
    await list
      .head('Ответственный')
      .getByRole('button')
      .first()
      .click({ modifiers: ['Shift'] })
    await expect(me.page).toHaveURL(/sort=-value_minor%2Cowner_id/)
    await me.page.goBack()
    await expect(me.page).toHaveURL(/sort=-value_minor$|sort=-value_minor&/)
  })

  test('условия собираются мышью: поле, сравнение, значение; группа «или»; ссылка открывает такой же список', async ({
    desk,
    server,
  }) => {
    const { page } = await desk('head')
    const funnel = await server.funnel({ deals: deals(6) })
    const list = await new ListPage(page, '/deals/list').open(only(funnel.id))
    await page.getByRole('button', { name: text('list.filter') }).click()
    const panel = page.getByRole('region', { name: text('list.filter') })
    await panel.getByRole('button', { name: text('cond.add'), exact: true }).click()
    const line = panel.getByRole('group', { name: text('cond.new') })
    await line.getByRole('combobox', { name: text('cond.field') }).fill('Сумма')
    await page.getByRole('option', { name: 'Сумма', exact: true }).click()
    const value = panel.getByRole('group', { name: 'Сумма' })
    await value.getByLabel(text('cond.op')).selectOption('>=')
    await value.getByRole('textbox').fill('40 000')
    await expect(list.rows()).toHaveCount(3)
    await expect(page).toHaveURL(/value_minor\+%3E%3D\+4000000/)
    await page.reload()
    await list.settled()
    await expect(list.rows()).toHaveCount(3)
    // The same filter as text; a mistake is explained and the list stays.
    await page.getByRole('button', { name: text('list.filter') }).click()
    await panel.getByRole('button', { name: text('filter.to_text') }).click()
    const raw = panel.getByLabel(text('filter.expert'))
    await raw.fill(`funnel_id = ${funnel.id} and (title ~ "001" or title ~ "002")`)
    await raw.press('Enter')
    await expect(list.rows()).toHaveCount(2)
    await raw.fill(`funnel_id = ${funnel.id} and title ~`)
    await raw.press('Enter')
    await expect(panel.getByRole('alert')).toBeVisible()
    await expect(list.rows()).toHaveCount(2)
  })

  test('правка ячейки с клавиатуры: J, стрелка, E, Enter; Ctrl+Z возвращает', async ({ seller, server }) => {
    const { page, api, person } = seller
    const funnel = await server.funnel({
      deals: deals(3),
      owner: person.user_id,
    })
    const list = await new ListPage(page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
      columns: 'title,value_minor,owner_id',
    })
    await page.keyboard.press('j')
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('e')
    await expect(page.getByRole('grid').getByRole('textbox')).toBeFocused() // the editor comes when it is needed
    await page.keyboard.press('Control+a')
    await page.keyboard.type('77 000,50')
    await page.keyboard.press('Enter')
    const second = funnel.deals[1]!
    await expect(list.row(second.id)).toContainText('77 000,50')
    await expect
      .poll(async () => (await api.get<{ value_minor: number }>(`deals/${second.id}`)).value_minor)
      .toBe(7_700_050)
    await page.keyboard.press('Control+z')
    await expect
      .poll(async () => (await api.get<{ value_minor: number }>(`deals/${second.id}`)).value_minor)
      .toBe(2_000_000)
    await expect(list.row(second.id)).toContainText('20 000')
    // Escape leaves the value alone.
    await page.keyboard.press('e')
    await inField(page)
    await page.keyboard.type('1')
    await page.keyboard.press('Escape')
    await expect(list.row(second.id)).toContainText('20 000')
  })

  test('клиент передан прямо в списке: лист спрашивает причину, без неё не отпускает (R181)', async ({
    desk,
    server,
  }) => {
    const { page, api, person } = await desk('head')
    const other = server.people.find((p) => p.role === 'seller')!
    const { id } = await api.create<{ id: number }>('contacts', {
      name: 'Клиент переезжает',
      owner_id: person.user_id,
    })
    const clients = await new ListPage(page, '/contacts').open({
      filter: `id = ${id}`,
      columns: 'name,owner_id',
    })
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('e')
    await inField(page)
    await page.keyboard.type(other.name)
    await expect(page.getByRole('option', { name: other.name }).first()).toBeVisible()
    await page.keyboard.press('Enter')
    const sheet = page.getByRole('dialog')
    const why = sheet.getByLabel(text('field.contact.owner_reason'))
    await expect(why).toBeVisible()
    await sheet.getByRole('button', { name: text('move.go_on') }).click()
    await expect(sheet.getByRole('alert')).toBeVisible()
    await why.fill('Переехал в другой регион')
    await sheet.getByRole('button', { name: text('move.go_on') }).click()
    await expect(sheet).toHaveCount(0)
    await expect(clients.row(id)).toContainText(other.name)
    const kept = await api.get<{ owner_id: number; owner_reason: string }>(`contacts/${id}`)
    expect(kept).toMatchObject({ owner_id: other.user_id, owner_reason: 'Переехал в другой регион' })
  })

  test('выбранным сделкам — по задаче, выбранным клиентам — другой ответственный с причиной (R181)', async ({
    desk,
    server,
  }) => {
    const { page, api, person } = await desk('head')
    const funnel = await server.funnel({ deals: deals(2) })
    const list = await new ListPage(page, '/deals/list').open(only(funnel.id))
    for (const row of await list.rows().all()) await row.getByRole('checkbox').click({ force: true })
    await list
      .bulk()
      .getByRole('button', { name: text('bulk.task') })
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(text('task.title')).fill('Разобрать на планёрке')
    await dialog.getByRole('button', { name: text('bulk.check') }).click()
    await expect(dialog).toContainText(text('bulk.would_task.few', { n: 2, of: 2 }))
    await dialog.getByRole('button', { name: /2/ }).click()
    const tasks = () =>
      api.list('tasks', `title = "Разобрать на планёрке" and deal_id.funnel_id = ${funnel.id}`)
    await expect.poll(tasks).toHaveLength(2)

    const { id } = await api.create<{ id: number }>('contacts', {
      name: 'Передаваемый Клиент',
      owner_id: person.user_id,
    })
    const other = server.people.find((p) => p.role === 'seller')!
    const clients = await new ListPage(page, '/contacts').open({ filter: `id = ${id}` })
    await clients.rows().first().getByRole('checkbox').click({ force: true })
    await clients
      .bulk()
      .getByRole('button', { name: text('bulk.owner') })
      .click()
    await page.getByRole('menuitem', { name: other.name, exact: true }).first().click()
    const check = dialog.getByRole('button', { name: text('bulk.check') })
    await expect(check).toBeDisabled()
    await dialog.getByLabel(text('owners.why_needed')).fill('Отпуск')
    await check.click()
    await dialog.getByRole('button', { name: /1/ }).click()
    await expect
      .poll(async () => (await api.get<{ owner_reason: string }>(`contacts/${id}`)).owner_reason)
      .toBe('Отпуск')
  })

  test('все по условиям: проба считает, исполнение меняет, отмена возвращает всё', async ({
    desk,
    server,
  }) => {
    const { page, api, person } = await desk('head')
    const funnel = await server.funnel({ deals: deals(120) })
    const list = await new ListPage(page, '/deals/list').open(only(funnel.id))
    await list.rows().first().getByRole('checkbox').click({ force: true })
    await list
      .bulk()
      .getByRole('button', { name: text('bulk.all', { n: 120 }) })
      .click()
    await expect(list.bulk()).toContainText('120')
    await list
      .bulk()
      .getByRole('button', { name: text('bulk.owner') })
      .click()
    await page.getByRole('menuitem', { name: person.name }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText('120')
    const owned = async () =>
      (
        await api.get<{ count: number }>(
          `deals?limit=1&count=1&filter=${encodeURIComponent(`funnel_id = ${funnel.id} and owner_id = ${person.user_id}`)}`,
        )
      ).count
    const before = await owned()
    await dialog.getByRole('button', { name: /120/ }).click()
    await expect(dialog).toHaveCount(0, { timeout: 15_000 })
    expect(await owned()).toBe(120)
    await list.toast(text('app.undo')).click()
    await expect.poll(owned, { timeout: 15_000 }).toBe(before)
  })

  test('удаление выбранных спрашивает и говорит, скольких', async ({ desk, server }) => {
    const { page, api } = await desk('head')
    const funnel = await server.funnel({ deals: deals(5) })
    const list = await new ListPage(page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
    })
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Shift+X')
    await expect(list.bulk()).toContainText('3')
    await list
      .bulk()
      .getByRole('button', { name: text('bulk.delete') })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: /3/ }).click()
    await expect(list.rows()).toHaveCount(2)
    await expect.poll(async () => (await api.list('deals', `funnel_id = ${funnel.id}`)).length).toBe(2)
  })

  test('вид для всех: сохранил руководитель, открыл коллега; изменение видно и сбрасывается', async ({
    desk,
    server,
  }) => {
    const me = await desk('head')
    const funnel = await server.funnel({ deals: deals(4) })
    const list = await new ListPage(me.page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
      columns: 'title,value_minor',
    })
    await me.page.getByRole('button', { name: text('view.save_as') }).click()
    await me.page.getByRole('dialog').getByLabel(text('view.name')).fill('Поставки недели')
    await me.page.getByLabel(text('view.sharing.everyone')).check()
    await me.page
      .getByRole('dialog')
      .getByRole('button', { name: text('app.save') })
      .click()
    await expect(me.page.getByRole('navigation', { name: text('view.tabs') })).toContainText(
      'Поставки недели',
    )
    const other = await desk('seller')
    const theirs = await new ListPage(other.page, '/deals/list').open()
    await other.page.getByRole('button', { name: 'Поставки недели' }).click()
    await theirs.settled()
    await expect(theirs.rows()).toHaveCount(4)
    await expect(theirs.grid.getByRole('columnheader')).toHaveCount(3) // the box, the title, the sum
    await theirs.head('Название').getByRole('button').first().click()
    await expect(other.page.getByText(text('view.changed')).first()).toBeAttached()
    await list.settled()
  })

  test('группы по ответственному: число и сумма в заголовке, раскрытая показывает свои строки', async ({
    desk,
    server,
  }) => {
    const me = await desk('head')
    const other = await desk('seller')
    const funnel = await server.funnel({
      deals: [
        { title: 'Моя', owner_id: me.person.user_id, value_minor: 100_00 },
        {
          title: 'Чужая 1',
          owner_id: other.person.user_id,
          value_minor: 200_00,
        },
        {
          title: 'Чужая 2',
          owner_id: other.person.user_id,
          value_minor: 300_00,
        },
      ],
    })
    const list = await new ListPage(me.page, '/deals/list').open({
      ...only(funnel.id),
      group: 'owner_id',
    })
    const head = list.grid.getByRole('row').filter({ hasText: other.person.name })
    await expect(head).toContainText(/500/)
    await expect(list.rows()).toHaveCount(0)
    await head.getByRole('button').click()
    await expect(list.rows()).toHaveCount(2)
    await expect(list.rows().first()).toContainText('Чужая')
  })

  test('тысяча строк прокручивается до последней, в памяти только те, что видны', async ({
    desk,
    server,
  }) => {
    const { page, api } = await desk('head')
    const count = (await api.get<{ count: number }>('contacts?limit=1&count=1')).count
    const list = await new ListPage(page, '/contacts').open()
    expect(count).toBeGreaterThan(200)
    await list.grid.focus()
    await page.keyboard.press('End')
    await list.settled()
    await expect(list.grid.locator(`[aria-rowindex="${count + 1}"]`)).toBeVisible()
    const [last] = (await api.get<{ items: { name: string }[] }>('contacts?limit=1&sort=-name')).items
    await expect(list.rows().last()).toContainText(last!.name)
    expect(await list.rows().count()).toBeLessThan(60)
    await page.keyboard.press('Home')
    await expect(list.grid.locator('[aria-rowindex="2"]')).toBeVisible()
    expect(server.people.length).toBeGreaterThan(0)
  })

  test('изменение коллеги появляется само', async ({ desk, server }) => {
    const { page } = await desk('head')
    const funnel = await server.funnel({ deals: deals(2) })
    const list = await new ListPage(page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
    })
    await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
      title: 'Поставка 001 (переименована)',
    })
    await expect(list.rows().first()).toContainText('переименована')
    await server.admin.create('deals', {
      title: 'Поставка 000',
      funnel_id: funnel.id,
      stage_id: funnel.stages[0]!.id,
    })
    await expect(list.rows()).toHaveCount(3)
  })

  test('выгрузка отдаёт то, что на экране: те же столбцы и строки', async ({ desk, server }) => {
    const { page } = await desk('head')
    const funnel = await server.funnel({
      deals: [{ title: '=1+2' }, { title: 'Обычная' }],
    })
    await new ListPage(page, '/deals/list').open({
      ...only(funnel.id),
      sort: 'title',
      columns: 'title,value_minor',
    })
    await page.getByRole('button', { name: text('list.more') }).click()
    const waiting = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: text('list.export_csv') }).click()
    const download = await waiting
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    const lines = Buffer.concat(chunks).toString('utf8').trim().split(/\r?\n/)
    expect(lines).toHaveLength(3)
    expect(lines[0]).toContain('Название')
    expect(lines.join('\n')).toContain('Обычная')
    // A spreadsheet must not take a title for a formula.
    expect(lines.some((l) => /^"?=1\+2/.test(l))).toBe(false)
  })

  test('an observer reads the list in English and may change nothing', async ({ desk, server }) => {
    const { page } = await desk('observer', {
      language: 'en',
      locale: 'en-GB',
    })
    const funnel = await server.funnel({ deals: deals(2) })
    const list = await new ListPage(page, '/deals/list', 'en').open(only(funnel.id))
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(text('list.deals', {}, 'en'))
    await expect(page.getByRole('button', { name: text('list.create_deal', {}, 'en') })).toHaveCount(0)
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('e')
    await expect(list.grid.locator('.editor')).toHaveCount(0)
    await page.keyboard.press('x')
    await expect(list.bulk().getByRole('button', { name: text('bulk.set', {}, 'en') })).toHaveCount(0)
  })

  test('на телефоне строки становятся карточками', async ({ desk, server }) => {
    const { page } = await desk('seller', {
      viewport: { width: 390, height: 800 },
    })
    const funnel = await server.funnel({ deals: deals(3) })
    await page.goto(`/deals/list?filter=${encodeURIComponent(`funnel_id = ${funnel.id}`)}`)
    await expect(page.locator('.card')).toHaveCount(3)
    await expect(page.getByRole('grid')).toHaveCount(0)
    await page.locator('.card').first().click()
    await expect(page).toHaveURL(/deal=/)
  })
})

/** A key by its place on the keyboard, whatever it types: here the Russian letter. */
async function physical(page: Page, code: string): Promise<void> {
  const letters: Record<string, string> = {
    KeyG: 'п',
    KeyC: 'с',
    KeyO: 'щ',
    KeyL: 'д',
    KeyU: 'г',
  }
  await page.evaluate(
    ([c, k]) => {
      const target = document.activeElement ?? document.body
      target.dispatchEvent(
        new KeyboardEvent('keydown', {
          code: c,
          key: k,
          bubbles: true,
          cancelable: true,
        }),
      )
    },
    [code, letters[code] ?? ''],
  )
}
