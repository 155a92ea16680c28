// The client in short: classifiers, the sales ladder, competitors with their offers. R098, R137, R139, R150, R156, R160.
import { expect, test, text } from './harness'

interface Client {
  id: number
  depth_id: number | null
  next_contact_on: string | null
}

test('классификатор меняется одним выбором, отмена возвращает', async ({ seller, server }) => {
  const { page, api, person } = seller
  const { id } = await api.create<Client>('contacts', { name: 'Павел Ступенчатый', owner_id: person.user_id })
  const [depth] = await server.admin.list<{ id: number; name: string }>(
    'classifiers',
    'kind = "depth" and archived = false',
    '&sort=position',
  )
  await page.goto(`/contacts/${id}`)
  const portrait = page.getByRole('region', { name: text('classifiers.title') })
  await portrait.getByRole('button', { name: new RegExp(`^${text('field.contact.depth_id')}`) }).click()
  await page.getByRole('menuitemradio', { name: depth!.name }).click()
  await expect.poll(async () => (await api.get<Client>(`contacts/${id}`)).depth_id).toBe(depth!.id)
  await page.getByRole('button', { name: text('app.undo'), exact: true }).click()
  await expect.poll(async () => (await api.get<Client>(`contacts/${id}`)).depth_id).toBe(null)
})

test('лестница показывает подъёмы и спады, таблица говорит то же словами', async ({ seller, server }) => {
  const { page, api, person } = seller
  const { id } = await api.create<Client>('contacts', { name: 'Ольга Лестничная', owner_id: person.user_id })
  const levels = await server.admin.list<{ id: number; name: string }>(
    'classifiers',
    'kind = "development" and archived = false',
    '&sort=position',
  )
  for (const i of [0, 2, 1]) await api.patch(`contacts/${id}`, { development_id: levels[i]!.id })
  await page.goto(`/contacts/${id}`)
  const ladder = page.getByRole('region', { name: text('ladder.title') })
  await expect(ladder.getByRole('img', { name: text('ladder.label') })).toBeVisible()
  await ladder.locator('summary').click()
  await expect(ladder.getByRole('row').nth(1)).toContainText(text('ladder.down'))
  await expect(ladder.getByRole('row').nth(1)).toContainText(levels[1]!.name)
})

test('предложение конкурента записывается на компанию и удаляется', async ({ seller, server }) => {
  const { page, api, person } = seller
  const { id } = await api.create<Client>('companies', { name: 'ООО «Сравнение»', owner_id: person.user_id })
  await server.admin.create('competitors', { name: 'Школа «Щит»' })
  await page.goto(`/companies/${id}`)
  const offers = page.getByRole('region', { name: text('offers.title') })
  await offers.getByRole('button', { name: text('offers.add') }).click()
  await offers.getByRole('combobox').first().fill('Щит')
  await page.getByRole('option', { name: 'Школа «Щит»' }).click()
  await offers.getByRole('textbox', { name: 'Предложение' }).fill('Два дня без выезда')
  await offers.getByRole('button', { name: text('app.save') }).click()
  await expect(offers.getByText('Два дня без выезда')).toBeVisible()
  await expect.poll(() => api.list('competitor-offers', `company_id = ${id}`)).toHaveLength(1)
  await offers.getByRole('button', { name: text('offers.remove', { name: 'Школа «Щит»' }) }).click()
  await expect.poll(() => api.list('competitor-offers', `company_id = ${id}`)).toHaveLength(0)
})
