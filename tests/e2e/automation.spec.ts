// What happens by itself, as a head of sales sets it up and asks why. R234, R266, R267, R276, R309, R312.
import { expect, test, text, undo } from './harness'

interface Trigger {
  id: number
  name: string
  enabled: boolean
  condition: string | null
}

test('Руководитель собирает триггер словами: когда, если, что; включает; видит в журнале, что он сделал', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const funnel = await server.funnel({ deals: 1 })
  await page.goto(`/automation/new?funnel=${funnel.id}&stage=${funnel.stages[1]!.id}`)
  const name = `Крупная сделка ${funnel.id}`
  await page.getByLabel(text('rules.name')).fill(name)
  await page
    .getByRole('button', { name: text('cond.add'), exact: true })
    .first()
    .click()
  await page.getByRole('combobox', { name: text('cond.field') }).fill('Сумма')
  await page.keyboard.press('Enter')
  await page.getByLabel(text('cond.op')).selectOption('>=')
  await page.getByRole('textbox', { name: text('field.deal.value_minor') }).fill('100')
  await page.getByRole('combobox', { name: text('rules.add_action') }).fill(text('rules.do.note'))
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: text('rules.part.text') }).fill('Проверить кредитный лимит')
  const said = page.locator('.sentence')
  await expect(said).toContainText('сделка вошла на этап «Связались»')
  await expect(said).toContainText('если Сумма')
  await expect(said).toContainText('добавить заметку «Проверить кредитный лимит»')
  await page.getByRole('switch', { name: text('rules.enabled') }).check()
  await page.getByRole('button', { name: text('app.save') }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  const [trigger] = await server.admin.list<Trigger>('triggers', `name = "${name}"`)
  expect(trigger).toMatchObject({
    enabled: true,
    condition: 'value_minor >= 10000',
  })

  // The deal comes to the stage, the note is there, and the log says why.
  const deal = funnel.deals[0]!
  await server.admin.patch(`deals/${deal.id}`, {
    stage_id: funnel.stages[1]!.id,
  })
  const notes = await server.admin.list<{ text: string }>('notes', `deal_id = ${deal.id}`)
  expect(notes.map((n) => n.text)).toContain('Проверить кредитный лимит')
  await page.reload()
  const log = page.getByRole('region', { name: text('rules.runs_title') })
  await expect(log).toContainText(deal.title)
  await log.locator('summary').first().click()
  await expect(log).toContainText('Проверить кредитный лимит')
})

test('«Почему не сработал»: выбирают сделку и читают, чего не хватило', async ({ desk, server }) => {
  const { page } = await desk('head')
  const funnel = await server.funnel({
    deals: [{ title: `Мелкая ${Date.now()}`, value_minor: 100 }],
  })
  const { id } = await server.admin.create<Trigger>('triggers', {
    ...{
      name: 'Только крупные',
      funnel_id: funnel.id,
      event: { on: 'entered' },
      enabled: true,
    },
    ...{
      condition: 'value_minor >= 10000000',
      actions: [{ do: 'note', text: 'Крупная' }],
    },
  })
  await page.goto(`/automation/${id}`)
  const why = page.getByRole('region', { name: text('rules.why_not') })
  await why.getByRole('combobox').fill(funnel.deals[0]!.title)
  await page.getByRole('option', { name: funnel.deals[0]!.title }).click()
  await expect(why.getByRole('status')).toContainText(text('rules.would_not'))
  await expect(why.getByRole('status').getByRole('listitem').first()).toBeVisible()
})

test('Список триггеров: по воронкам, по порядку, выключается одним движением и возвращается', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const funnel = await server.funnel({ deals: 0 })
  for (const name of ['Первый', 'Второй'])
    await server.admin.create('triggers', {
      ...{
        name: `${name} ${funnel.id}`,
        funnel_id: funnel.id,
        event: { on: 'created' },
        enabled: true,
      },
      actions: [{ do: 'note', text: name }],
    })
  await page.goto(`/automation?funnel=${funnel.id}`)
  const list = page.getByRole('list', { name: funnel.name })
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await list.getByRole('listitem').nth(1).getByRole('link').focus()
  await page.keyboard.press('Alt+ArrowUp')
  await expect(list.getByRole('listitem').first()).toContainText('Второй')
  const toggle = page.getByRole('switch', {
    name: text('rules.switch', { name: `Первый ${funnel.id}` }),
  })
  await toggle.click()
  const state = async () =>
    (await server.admin.list<Trigger>('triggers', `name = "Первый ${funnel.id}"`))[0]!.enabled
  await expect.poll(state).toBe(false)
  await undo(page, text('settings.saved', { name: `Первый ${funnel.id}` }))
  await expect.poll(state).toBe(true)
})

test('Порядок в воронках: каждое число открывает свои сделки', async ({ desk, server }) => {
  const { page } = await desk('head')
  const funnel = await server.funnel({ deals: 2 })
  await page.goto(`/health?funnel=${funnel.id}`)
  const tile = page.getByRole('link', {
    name: new RegExp(text('health.no_task')),
  })
  await expect(tile).toContainText('2')
  await tile.click()
  await expect(page).toHaveURL(/\/deals\/list\?filter=/)
  await expect(page.locator('[data-row]')).toHaveCount(2)
})

test('Продавцу автоматика и конструктор закрыты, регламент открыт', async ({ seller, server }) => {
  const { page } = seller
  const funnel = await server.funnel({ deals: 0 })
  await page.goto('/automation')
  await expect(page.getByText(text('settings.closed'), { exact: true })).toBeVisible()
  await page.goto(`/funnels/${funnel.id}/design`)
  await expect(page.getByText(text('settings.closed'), { exact: true })).toBeVisible()
  await page.goto(`/funnels/${funnel.id}/manual`)
  await expect(page.getByRole('heading', { level: 1, name: funnel.name })).toBeVisible()
})
