import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, text, type Page } from './harness'

/** Windows-1251, as Excel in Russia writes CSV. */
function cp1251(s: string): Buffer {
  return Buffer.from(
    [...s].map((c) => {
      const code = c.codePointAt(0)!
      if (code < 128) return code
      if (c === 'Ё') return 0xa8
      if (c === 'ё') return 0xb8
      if (c === '№') return 0xb9
      return code - 0x410 + 0xc0
    }),
  )
}
function file(name: string, body: Buffer): string {
  const path = join(tmpdir(), `${Date.now()}-${Math.random().toString(36).slice(2)}-${name}`)
  writeFileSync(path, body)
  return path
}
async function send(page: Page, path: string): Promise<void> {
  await expect(page.getByText(text('import.drop'))).toBeVisible()
  await page.locator('input[type=file]').setInputFiles(path)
  await expect(page.getByRole('columnheader', { name: text('import.becomes') })).toBeVisible()
}
const target = (page: Page, column: string) =>
  page.getByRole('combobox', { name: text('import.becomes_of', { name: column }) })

test.describe('Загрузка из файла', () => {
  test('CSV из Excel в Windows-1251: столбцы угаданы, проба называет плохую строку, загрузка отменяется целиком', async ({
    desk,
  }) => {
    const { page, api } = await desk('head')
    const mark = `Загрузкин${Date.now()}`
    const csv = [
      'ФИО;Телефон;E-mail;Любимый цвет',
      `${mark} Пётр;8 (916) 111-22-33;petr-${mark.length}@example.ru;синий`,
      `${mark} Анна;+7 916 111-22-44;anna@example.ru;`,
      `${mark} Борис;;это не почта;зелёный`,
    ]
    await page.goto('/import?object=contact')
    await send(page, file('контакты.csv', cp1251(csv.join('\r\n'))))
    await expect(page.getByLabel(text('import.encoding'))).toHaveValue('windows-1251')
    await expect(page.getByLabel(text('import.delimiter'))).toHaveValue(';')
    await expect(target(page, 'ФИО')).toHaveValue('Имя')
    await expect(target(page, 'Телефон')).toHaveValue('Телефон')
    await expect(target(page, 'E-mail')).toHaveValue('Почта')
    await expect(page.getByRole('cell', { name: /Пётр/ })).toBeVisible()
    await page.getByRole('button', { name: text('import.check'), exact: true }).click()
    const result = page.getByRole('region', { name: text('import.result') })
    await expect(result).toContainText(text('import.would'), {
      timeout: 15_000,
    })
    await expect(
      page.getByRole('group', { name: text('import.problems') }).locator('tbody tr'),
    ).toContainText('4Почта')
    const found = () => api.list('contacts', `name ~ "${mark}"`)
    expect(await found()).toHaveLength(0) // a trial writes nothing
    await page.getByRole('button', { name: /Загрузить 2/ }).click()
    await expect(result).toContainText(text('import.done'), {
      timeout: 15_000,
    })
    expect(await found()).toHaveLength(2)
    await page.getByRole('button', { name: text('import.undo') }).click()
    await expect(result).toContainText(text('import.undone'), {
      timeout: 15_000,
    })
    expect(await found()).toHaveLength(0)
  })

  test('столбец, для которого поля нет, становится новым полем', async ({ desk }) => {
    const { page, api } = await desk('admin')
    const mark = `Полёв${Date.now()}`
    await page.goto('/import?object=contact')
    await send(page, file('поля.csv', Buffer.from(`Имя,Размер обуви\n${mark},43\n`)))
    const row = page.getByRole('row').filter({ hasText: 'Размер обуви' })
    await row.getByRole('button', { name: text('import.new_field') }).click()
    const dialog = page.getByRole('dialog', { name: text('import.new_field') })
    await expect(dialog.getByLabel(text('import.type'))).toHaveValue('number')
    await dialog.getByRole('button', { name: text('board.add') }).click()
    await expect(target(page, 'Размер обуви')).toHaveValue('Размер обуви')
    await page.getByRole('button', { name: text('import.check'), exact: true }).click()
    await page.getByRole('button', { name: /Загрузить 1/ }).click({ timeout: 15_000 })
    await expect(page.getByRole('region', { name: text('import.result') })).toContainText(
      text('import.done'),
      { timeout: 15_000 },
    )
    const [made] = await api.list<Record<string, unknown>>('contacts', `name = "${mark}"`)
    const [field] = await api.list<{ id: number }>('custom-fields', 'label = "Размер обуви"')
    expect(made![`cf_${field!.id}`]).toBe(43)
  })

  test('те же люди во второй раз узнаются по почте и не двоятся', async ({ desk }) => {
    const { page, api } = await desk('head')
    const mail = `twice${Date.now()}@example.ru`
    await api.create('contacts', { name: 'Дважды Дарья', email: mail })
    await page.goto('/import?object=contact')
    await send(page, file('снова.csv', Buffer.from(`Имя;Почта;Должность\nДважды Дарья;${mail};директор\n`)))
    await expect(page.getByRole('checkbox', { name: 'Почта' })).toBeVisible()
    await page.getByRole('checkbox', { name: 'Почта' }).check()
    await page.getByRole('button', { name: text('import.check'), exact: true }).click()
    await page.getByRole('button', { name: /Загрузить 1/ }).click({ timeout: 15_000 })
    await expect(page.getByRole('region', { name: text('import.result') })).toContainText(
      text('import.done'),
      { timeout: 15_000 },
    )
    const found = await api.list<{ position: string }>('contacts', `email = "${mail}"`)
    expect(found).toHaveLength(1)
    expect(found[0]!.position).toBe('директор')
  })

  test('выгрузка сделок узнаётся по столбцам, и её можно прочитать иначе', async ({ desk }) => {
    const { page, api } = await desk('head')
    const title = `Поставка станков ${Date.now()}`
    const head = 'ID;Название сделки;Стадия сделки;Сумма;Контакт;Компания;Ответственный'
    await page.goto('/import')
    await send(
      page,
      file('сделки.csv', cp1251(`${head}\r\n7;${title};;250000,00;Пётр Сидоров;ООО Станки;\r\n`)),
    )
    const what = page.getByLabel(text('import.what'), { exact: true })
    await expect(what).toHaveValue('deal')
    await expect(target(page, 'Название сделки')).toHaveValue('Название')
    await what.selectOption('contact')
    await expect(target(page, 'Название сделки')).toHaveValue('')
    await expect(target(page, 'Контакт')).toHaveValue('Имя')
    await what.selectOption('deal')
    await expect(target(page, 'Название сделки')).toHaveValue('Название')
    await page.getByRole('button', { name: text('import.check'), exact: true }).click()
    await page.getByRole('button', { name: /Загрузить 1/ }).click({ timeout: 15_000 })
    await expect(page.getByRole('region', { name: text('import.result') })).toContainText(
      text('import.done'),
      { timeout: 15_000 },
    )
    const [deal] = await api.list<{ value_minor: number }>('deals', `title = "${title}"`)
    expect(deal!.value_minor).toBe(25_000_000)
  })

  test('наблюдателю загрузка не открыта', async ({ desk }) => {
    const { page } = await desk('observer')
    await page.goto('/import')
    await expect(page.getByText(text('import.not_yours'), { exact: true })).toBeVisible()
  })
})
