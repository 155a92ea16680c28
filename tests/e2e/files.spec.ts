// Files on a deal: chosen, dropped, pasted; seen, renamed, taken away and brought back.
import { expect, inField, test, text, type Desk, type Page } from './harness'

// A picture of one red pixel.
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)
const part = (page: Page) => page.getByRole('region', { name: text('files.title') })
async function deal(desk: Desk, funnel: { deals: { id: number }[] }): Promise<number> {
  const { id } = funnel.deals[0]!
  await desk.page.goto(`/deals/${id}`)
  await expect(part(desk.page)).toBeVisible()
  return id
}

test.describe('Файлы', () => {
  test('договор приложен, переименован, удалён и возвращён отменой', async ({ seller, server }) => {
    const { page, api } = seller
    const id = await deal(seller, await server.funnel({ deals: 1, owner: seller.person.user_id }))
    await part(page)
      .locator('input[type=file]')
      .setInputFiles({
        name: 'договор.txt',
        mimeType: 'text/plain',
        buffer: Buffer.from('Договор поставки № 7'),
      })
    await expect(part(page).getByText('договор.txt', { exact: true })).toBeVisible()
    // The row is there while the file is still on its way.
    const files = () => api.list<{ id: number; name: string; size: number }>('files', `deal_id = ${id}`)
    await expect.poll(files).toHaveLength(1)
    const [file] = await files()
    expect(file!.size).toBeGreaterThan(10)
    await part(page)
      .getByRole('button', {
        name: text('files.actions', { name: 'договор.txt' }),
      })
      .click()
    await page.getByRole('menuitem', { name: text('files.rename') }).click()
    await inField(page)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('договор подписан.txt')
    await page.keyboard.press('Enter')
    await expect
      .poll(async () => (await api.get<{ name: string }>(`files/${file!.id}`)).name)
      .toBe('договор подписан.txt')
    await part(page)
      .getByRole('button', {
        name: text('files.actions', { name: 'договор подписан.txt' }),
      })
      .click()
    await page.getByRole('menuitem', { name: text('files.remove') }).click()
    await expect(part(page).getByRole('link', { name: 'договор подписан.txt' })).toHaveCount(0)
    await page
      .locator('.toast')
      .filter({
        hasText: text('files.removed', { name: 'договор подписан.txt' }),
      })
      .getByRole('button', { name: text('app.undo') })
      .click()
    await expect(part(page).getByRole('link', { name: 'договор подписан.txt' })).toBeVisible()
  })

  test('картинка показывается на месте, история говорит о файле', async ({ seller, server }) => {
    const { page } = seller
    await deal(seller, await server.funnel({ deals: 1, owner: seller.person.user_id }))
    await part(page)
      .locator('input[type=file]')
      .setInputFiles({ name: 'фасад.png', mimeType: 'image/png', buffer: png })
    await part(page).getByRole('button', { name: 'фасад.png', exact: true }).click()
    const preview = page.getByRole('dialog', { name: 'фасад.png' })
    await expect(preview.getByRole('img', { name: 'фасад.png' })).toBeVisible()
    await expect
      .poll(() => preview.getByRole('img').evaluate((el: HTMLImageElement) => el.naturalWidth))
      .toBe(1)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('region', { name: text('timeline.label') })).toContainText(
      text('timeline.file_created', { name: 'фасад.png' }),
    )
  })

  test('файл бросают на карточку и вставляют из буфера', async ({ seller, server }) => {
    const { page } = seller
    await deal(seller, await server.funnel({ deals: 1, owner: seller.person.user_id }))
    const give = (kind: 'drop' | 'paste', name: string) =>
      page.evaluate(
        ([kind, name]) => {
          const data = new DataTransfer()
          data.items.add(new File(['смета'], name!, { type: 'text/plain' }))
          const event =
            kind === 'drop'
              ? new DragEvent('drop', {
                  dataTransfer: data,
                  bubbles: true,
                  cancelable: true,
                })
              : new ClipboardEvent('paste', {
                  clipboardData: data,
                  bubbles: true,
                  cancelable: true,
                })
          document.querySelector('article')!.dispatchEvent(event)
        },
        [kind, name],
      )
    await give('drop', 'смета.txt')
    await expect(part(page).getByRole('link', { name: 'смета.txt', exact: true })).toBeVisible()
    await give('paste', 'смета 2.txt')
    await expect(part(page).getByRole('link', { name: 'смета 2.txt', exact: true })).toBeVisible()
  })

  test('соисполнитель с ролью виден на сделке', async ({ seller, server }) => {
    const { page, api } = seller
    const id = await deal(seller, await server.funnel({ deals: 1, owner: seller.person.user_id }))
    const colleague = server.people.find((p) => p.role === 'seller')!
    const members = page.getByRole('region', { name: text('members.title') })
    await members.getByRole('button', { name: text('members.add') }).click()
    await inField(page)
    await page.keyboard.type(colleague.name.slice(0, 6))
    await expect(page.getByRole('option', { name: colleague.name }).first()).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(members.getByText(colleague.name, { exact: true })).toBeVisible()
    await expect.poll(() => api.list('deal-members', `deal_id = ${id}`)).toHaveLength(1)
    await members
      .getByRole('button', {
        name: text('members.part_of', { name: colleague.name }),
      })
      .click()
    await inField(page)
    await page.keyboard.type('Техническая консультация')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => api.list<{ part: string }>('deal-members', `deal_id = ${id}`))
      .toMatchObject([{ part: 'Техническая консультация' }])
  })

  test('выигранная без суммы сделка спрашивает сумму; можно и без неё', async ({ seller, server }) => {
    const { page, api } = seller
    const funnel = await server.funnel({
      deals: [{ title: 'Без суммы', value_minor: null }],
      owner: seller.person.user_id,
    })
    const id = await deal(seller, funnel)
    const win = () =>
      page
        .getByRole('article')
        .getByRole('button', { name: text('deal.win'), exact: true })
        .click()
    await win()
    const sheet = page.getByRole('dialog', { name: text('move.winning') })
    await expect(sheet.locator('input').first()).toBeFocused()
    await page.keyboard.type('85 000')
    await page.keyboard.press('Enter')
    await expect(sheet).toHaveCount(0)
    await expect.poll(() => api.get(`deals/${id}`)).toMatchObject({ status: 'won', value_minor: 8_500_000 })
  })
})
