// The client as a sales manager has it before the eyes: how to reach, what was bought, who else is this.
import { Board } from './board'
import { expect, inField, test, text, type Desk, type Locator, type Page } from './harness'

interface Contact {
  id: number
  name: string
  phone: string | null
  email: string | null
  consent: string
  restricted: boolean
  erased_at: number | null
  owner_id: number | null
}
async function open({ page }: Desk, path: string): Promise<Locator> {
  await page.goto(path)
  const card = page.getByRole('article')
  await expect(card.getByRole('region', { name: text('points.title') })).toBeVisible()
  return card
}
const field = (page: Page, name: string) => page.locator(`[data-field="${name}"]`)
async function type(page: Page, name: string, value: string): Promise<void> {
  await field(page, name).getByRole('button').click()
  const input = field(page, name).locator('input, textarea').or(page.locator(':focus'))
  await input.first().fill(value)
  await page.keyboard.press('Enter')
}
const toast = (page: Page, words: string) => new Board(page, null as never).toast(words)
let made = 0
const own = (desk: Desk, more: Record<string, unknown> = {}) =>
  desk.api.create<Contact>('contacts', {
    ...{
      name: `Ирина Лаврова ${++made}`,
      phone: `+7 905 555-0${100 + made}`,
      owner_id: desk.person.user_id,
    },
    ...more,
  })

test.describe('Карточка контакта', () => {
  test('второй телефон добавлен и стал основным; отмена возвращает всё', async ({ seller }) => {
    const { page, api } = seller
    const contact = await own(seller)
    const before = (await api.get<Contact>(`contacts/${contact.id}`)).phone
    const card = await open(seller, `/contacts/${contact.id}`)
    const points = card.getByRole('region', { name: text('points.title') })
    await points.getByRole('button', { name: text('points.add'), exact: true }).click()
    await page.getByRole('menuitem', { name: text('points.add_phone') }).click()
    await page.getByLabel(text('points.kind.phone'), { exact: true }).fill('8 (912) 345-67-89')
    await page.getByLabel(text('points.label'), { exact: true }).fill('рабочий')
    await page.keyboard.press('Enter')
    await expect(points.getByRole('listitem')).toContainText('рабочий')
    await points.getByRole('listitem').getByRole('button').click()
    await page.getByRole('menuitem', { name: text('points.make_main') }).click()
    await expect
      .poll(async () => (await api.get<Contact>(`contacts/${contact.id}`)).phone)
      .toMatch(/9123456789/)
    await toast(page, text('points.main_now', { value: '' }).trim())
      .getByRole('button', { name: text('app.undo') })
      .click()
    await expect.poll(async () => (await api.get<Contact>(`contacts/${contact.id}`)).phone).toBe(before)
    await expect(points.getByRole('listitem')).toContainText('рабочий')
  })

  test('поля правятся на месте и остаются после перезагрузки', async ({ seller }) => {
    const { page, api } = seller
    const { id } = await own(seller)
    await open(seller, `/contacts/${id}`)
    await type(page, 'name', 'Ирина Лаврова-Седова')
    await type(page, 'position', 'Главный инженер')
    await expect
      .poll(() => api.get(`contacts/${id}`))
      .toMatchObject({
        name: 'Ирина Лаврова-Седова',
        position: 'Главный инженер',
      })
    await page.reload()
    await expect(field(page, 'position')).toContainText('Главный инженер')
    await expect(page).toHaveTitle(/Ирина Лаврова-Седова/)
  })

  test('все сделки клиента с суммами; новая сделка сразу с ним', async ({ seller, server }) => {
    const { page, api } = seller
    const contact = await own(seller)
    const funnel = await server.funnel({
      deals: [
        {
          title: 'Поставка весной',
          contact_id: contact.id,
          value_minor: 12_000_000,
        },
        {
          title: 'Поставка осенью',
          contact_id: contact.id,
          value_minor: 3_000_000,
        },
      ],
    })
    await server.admin.patch(`deals/${funnel.deals[0]!.id}`, {
      stage_id: funnel.won.id,
    })
    const card = await open(seller, `/contacts/${contact.id}`)
    const deals = card.getByRole('region', {
      name: new RegExp(text('client.deals')),
    })
    await expect(deals.getByRole('listitem')).toHaveCount(2)
    await expect(deals).toContainText(/выиграно 120.000/)
    await expect(deals.getByRole('listitem').first()).toContainText('Поставка осенью')
    await page.keyboard.press('c')
    const sheet = page.getByRole('dialog', { name: text('create.deal') })
    await sheet.locator('[data-new=title] input').fill('Ещё одна поставка')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/deals\/\d+$/)
    await expect
      .poll(() => api.list('deals', `contact_id = ${contact.id} and title = "Ещё одна поставка"`))
      .toHaveLength(1)
  })

  test('заметка и задача по контакту остаются в его истории', async ({ seller }) => {
    const { page, api } = seller
    const { id } = await own(seller)
    const card = await open(seller, `/contacts/${id}`)
    await page.keyboard.press('n')
    await inField(page)
    await page.keyboard.type('Просит звонить после обеда')
    await page.keyboard.press('Control+Enter')
    const history = card.getByRole('region', { name: text('timeline.label') })
    await expect(history.getByText('Просит звонить после обеда')).toBeVisible()
    await history.click({ position: { x: 2, y: 2 } })
    await page.keyboard.press('t')
    await page.getByLabel(text('task.title')).fill('Поздравить с днём рождения')
    await page.keyboard.press('Enter')
    await expect(card.getByRole('region', { name: text('task.open') })).toContainText('Поздравить')
    await expect.poll(() => api.list('tasks', `contact_id = ${id}`)).toHaveLength(1)
  })

  test('список имён за @ уходит вместе с курсором: Enter не портит текст', async ({ seller, server }) => {
    const { page } = seller
    const { id } = await own(seller)
    const card = await open(seller, `/contacts/${id}`)
    const colleague = server.people.find((p) => p.role === 'seller')!
    const note = page.getByLabel(text('task.note_text'))
    const names = card.getByRole('listbox', { name: text('task.note_people') })
    const begun = `Спросить @${colleague.name.slice(0, 4)}`
    await page.keyboard.press('n')
    await inField(page)
    await page.keyboard.type(begun)
    await expect(names.getByRole('option').first()).toBeVisible()
    await page.keyboard.press('Home')
    await expect(names).toHaveCount(0)
    await page.keyboard.press('Enter')
    await expect(note).toHaveValue(`\n${begun}`)
    await page.keyboard.press('End')
    await page.keyboard.type(colleague.name.slice(4, 5))
    await expect(names.getByRole('option').first()).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(note).toHaveValue(/^\nСпросить @\S+ \S.* $/)
  })

  test('новый ответственный с причиной виден в истории владельцев', async ({ seller, server }) => {
    const { page } = seller
    const { id } = await own(seller)
    const colleague = server.people.find((p) => p.role === 'seller')!
    const card = await open(seller, `/contacts/${id}`)
    await field(page, 'owner_id').getByRole('button').click()
    await inField(page)
    await page.keyboard.type(colleague.name.slice(0, 6))
    await expect(page.getByRole('option', { name: colleague.name }).first()).toBeVisible()
    await page.keyboard.press('Enter')
    await page.getByLabel(text('owners.why_needed')).fill('Клиент переехал в другой регион')
    await page.keyboard.press('Enter')
    await expect(field(page, 'owner_id')).toContainText(colleague.name)
    await card
      .locator('summary')
      .filter({ hasText: text('owners.title') })
      .click()
    await expect(card.locator('details').getByText('Клиент переехал в другой регион')).toBeVisible()
  })

  test('удалённый контакт возвращается отменой', async ({ seller }) => {
    const { page, api } = seller
    const { id } = await own(seller)
    await open(seller, `/contacts/${id}`)
    await page.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('client.contact_delete') }).click()
    await expect(page).toHaveURL(/\/contacts$/)
    await page.getByRole('button', { name: text('app.undo'), exact: true }).click()
    await expect.poll(async () => (await api.list<Contact>('contacts', `id = ${id}`)).length).toBe(1)
  })
})

test.describe('Дубли', () => {
  test('при вводе нового контакта видно, что такой телефон уже есть', async ({ seller }) => {
    const { page } = seller
    const twin = await own(seller, {
      name: 'Олег Давний',
      phone: '+7 901 222-33-44',
    })
    await page.goto('/contacts')
    await page.getByRole('button', { name: text('create.label') }).click()
    await page.getByRole('menuitem', { name: text('create.contact') }).click()
    const sheet = page.getByRole('dialog', { name: text('create.contact') })
    await sheet.locator('[data-new=name] input').fill('О. Давний')
    await sheet.locator('[data-new=phone] input').fill('8 901 2223344')
    await expect(sheet.getByRole('link', { name: twin.name })).toBeVisible()
    await expect(sheet.getByText(text('duplicates.why.phone'), { exact: true })).toBeVisible()
  })

  test('два контакта становятся одним поле за полем; отмена разъединяет', async ({ desk }) => {
    const head = await desk('head')
    const { page, api } = head
    const phone = `+7 903 777-1${100 + ++made}`
    const a = await own(head, {
      name: `Пётр Семёнов ${made}`,
      phone,
      email: 'petr@firma.example',
    })
    const b = await own(head, {
      name: `Семенов Петр ${made}`,
      phone: null,
      email: null,
    })
    await api.create('notes', {
      contact_id: b.id,
      text: 'Берёт только со скидкой',
    })
    await api.patch(`contacts/${b.id}`, { phone, position: 'Закупщик' })
    const card = await open(head, `/contacts/${a.id}`)
    await card.getByRole('button', { name: text('duplicates.merge') }).click()
    const sheet = page.getByRole('dialog', { name: text('merge.title') })
    await sheet.getByRole('radio', { name: new RegExp(b.name) }).check()
    await sheet.getByRole('button', { name: text('merge.do') }).click()
    await expect(page.locator('h1')).toContainText(b.name)
    await expect(card.getByRole('region', { name: text('timeline.label') })).toContainText(
      'Берёт только со скидкой',
    )
    await expect
      .poll(() => api.get<Contact>(`contacts/${a.id}`))
      .toMatchObject({
        name: b.name,
        position: 'Закупщик',
      })
    await toast(page, text('merge.done', { n: 1 }))
      .getByRole('button', { name: text('app.undo') })
      .click()
    await expect.poll(async () => (await api.get<Contact>(`contacts/${a.id}`)).name).toBe(a.name)
    await expect.poll(async () => (await api.get<Contact>(`contacts/${b.id}`)).name).toBe(b.name)
  })

  test('список всех дублей: пара с одним телефоном объединяется и уходит из списка', async ({ desk }) => {
    const head = await desk('head')
    const { page } = head
    const phone = `+7 904 888-2${100 + ++made}`
    const first = await own(head, { name: `Алла Громова ${made}`, phone })
    await own(head, { name: `Громова Алла ${made}`, phone })
    await page.goto('/duplicates')
    const group = page
      .getByRole('region', { name: first.name })
      .or(page.getByRole('region', { name: `Громова Алла ${made}` }))
    await expect(group).toBeVisible()
    await group.getByRole('button', { name: text('duplicates.merge') }).click()
    await page
      .getByRole('dialog', { name: text('merge.title') })
      .getByRole('button', { name: text('merge.do') })
      .click()
    await expect(group).toHaveCount(0)
  })
})

test.describe('Персональные данные', () => {
  test('ограничение обработки закрывает карточку, снятие открывает', async ({ desk }) => {
    const head = await desk('admin')
    const { page, api } = head
    const { id } = await own(head)
    await open(head, `/contacts/${id}`)
    await page.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('client.restrict') }).click()
    await page.getByLabel(text('client.reason')).fill('Спор о согласии')
    await page.getByRole('button', { name: text('client.restrict_do') }).click()
    await expect(page.getByText(text('client.restricted'))).toBeVisible()
    await expect
      .poll(() => api.get<Contact>(`contacts/${id}`))
      .toMatchObject({
        restricted: true,
      })
    await page.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('client.unrestrict') }).click()
    await expect.poll(async () => (await api.get<Contact>(`contacts/${id}`)).restricted).toBe(false)
  })

  test('стирание: без имени не стирает, с именем стирает навсегда', async ({ desk }) => {
    const admin = await desk('admin')
    const { page, api } = admin
    const contact = await own(admin)
    await open(admin, `/contacts/${contact.id}`)
    await page.getByRole('button', { name: text('deal.more') }).click()
    await page.getByRole('menuitem', { name: text('client.erase') }).click()
    const sheet = page.getByRole('dialog', { name: text('client.erase') })
    await sheet.getByLabel(text('client.reason')).fill('Заявление от 3 марта')
    await sheet.getByRole('button', { name: text('client.erase_do') }).click()
    await expect(sheet.getByRole('alert')).toHaveText(text('client.erase_name'))
    expect((await api.get<Contact>(`contacts/${contact.id}`)).erased_at).toBeNull()
    await sheet.getByLabel(text('client.erase_type', { name: contact.name })).fill(contact.name)
    await sheet.getByRole('button', { name: text('client.erase_do') }).click()
    await expect(page.getByText(text('client.erased'))).toBeVisible()
    const after = await api.get<Contact>(`contacts/${contact.id}`)
    expect(after.erased_at).not.toBeNull()
    expect(after.name).not.toBe(contact.name)
    expect(after.phone).toBeNull()
  })
})

test.describe('Карточка компании', () => {
  test('люди, сделки и реквизиты; новый человек сразу в компании', async ({ seller }) => {
    const { page, api } = seller
    const company = await api.create<{ id: number }>('companies', {
      name: `ООО «Ромашка ${++made}»`,
      inn: '7707083893',
    })
    const person = await own(seller, { company_id: company.id })
    const card = await open(seller, `/companies/${company.id}`)
    const people = card.getByRole('region', {
      name: new RegExp(text('client.people')),
    })
    await expect(people.getByRole('link', { name: person.name })).toBeVisible()
    await people.getByRole('button', { name: text('client.person_add') }).click()
    const sheet = page.getByRole('dialog', { name: text('create.contact') })
    await sheet.locator('[data-new=name] input').fill('Новый директор')
    await page.keyboard.press('Enter')
    await expect(people.getByRole('link', { name: 'Новый директор' })).toBeVisible()
    await people.getByRole('link', { name: person.name }).click()
    await expect(page.locator('h1')).toContainText(person.name)
  })
})
