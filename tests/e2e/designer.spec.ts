// The funnel designer as a head of sales uses it. R010, R011, R014, R066-R071, R106, R234, R235, R289.
import { expect, test, text, type Desk, type Funnel, type Page } from './harness'

const part = (page: Page, key: string) => page.getByRole('group', { name: text(key), exact: true })
const saved = async (page: Page) =>
  expect(page.getByText(new RegExp(text('designer.is_draft', { n: '\\d+' })))).toBeVisible()
const open = async ({ page }: Desk, funnel: Funnel, stage?: number) => {
  await page.goto(`/funnels/${funnel.id}/design${stage ? `?stage=${stage}` : ''}`)
  await expect(page.getByRole('heading', { level: 1, name: funnel.name })).toBeVisible()
}
interface Definition {
  version: number
  stages: {
    id: number
    name: string
    archived: boolean
    gates: object[]
    goals: { name: string }[]
    triggers: object[]
  }[]
}

test('Руководитель за пять минут: новый этап, обязательное поле, цель, триггер; видит, кого коснётся; публикует; возвращает прежнюю версию', async ({
  desk,
  server,
}) => {
  test.setTimeout(90_000)
  const me = await desk('head')
  const { page } = me
  const funnel = await server.funnel({
    deals: [{ title: 'Без даты', stage_id: undefined }, { title: 'И эта без даты' }],
  })
  const offer = funnel.stages[2]!
  for (const deal of funnel.deals) await server.admin.patch(`deals/${deal.id}`, { stage_id: offer.id })
  const before = await server.admin.get<Definition>(`funnels/${funnel.id}/definition`)
  await open(me, funnel, offer.id)

  // A new stage behind the offer, named by what has been done.
  await page.getByLabel(text('designer.add_stage')).fill('Демонстрация проведена')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel(text('field.stage.name'), { exact: true })).toHaveValue(
    'Демонстрация проведена',
  )
  await page.getByLabel(text('field.stage.norm_days')).fill('3')

  // The offer asks for the date of closing.
  await page
    .getByRole('link', { name: /Предложение/ })
    .first()
    .click()
  await page.getByRole('button', { name: text('designer.add_gate'), exact: true }).click()
  await part(page, 'designer.gates')
    .getByRole('combobox', { name: text('field.gate.field') })
    .fill('Ожидаемое закр')
  await page.keyboard.press('Enter')
  await expect(part(page, 'designer.gates')).toContainText(
    text('designer.gate.field', { name: text('field.deal.expected_close_on') }),
  )

  // A goal that moves the deal to the new stage, which has no number yet.
  await page.getByRole('button', { name: text('designer.add_goal'), exact: true }).click()
  await part(page, 'designer.goals')
    .getByLabel(text('field.goal.name'), { exact: true })
    .fill('Согласие получено')
  const actions = page.getByRole('group', {
    name: text('field.goal.actions'),
    exact: true,
  })
  await actions.getByRole('combobox', { name: text('rules.add_action') }).fill(text('rules.do.move'))
  await page.keyboard.press('Enter')
  await actions.getByRole('combobox', { name: text('rules.part.stage_id') }).fill('Демонстрация')
  await page.keyboard.press('Enter')
  await expect(actions).toContainText(text('rules.then.move', { stage: 'Демонстрация проведена' }))

  // A trigger of the stage, read as a sentence.
  await page.getByRole('button', { name: text('designer.add_trigger'), exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(text('rules.name')).fill('Сказать руководителю')
  await dialog.getByRole('combobox', { name: text('rules.add_action') }).fill(text('rules.do.note'))
  await page.keyboard.press('Enter')
  await dialog.getByRole('textbox', { name: text('rules.part.text') }).fill('КП ушло клиенту')
  await expect(dialog.getByRole('status').first()).toContainText('добавить заметку «КП ушло клиенту»')
  await dialog.getByRole('button', { name: text('designer.done') }).click()
  await saved(page)

  // Nothing has happened to the funnel yet; the designer says whom it would touch, and shows them.
  expect((await server.admin.get<Definition>(`funnels/${funnel.id}/definition`)).version).toBe(before.version)
  const lacking = page.getByRole('link', { name: /2 сделкам не хватит/ })
  await expect(lacking).toBeVisible()
  await expect(lacking).toHaveAttribute('href', /\/deals\/list\?filter=/)

  await page.getByRole('button', { name: text('designer.publish') }).click()
  const publish = page.getByRole('dialog')
  await expect(publish).toContainText('Демонстрация проведена')
  await expect(publish).toContainText('2 сделкам не хватит')
  await publish.getByRole('button', { name: text('designer.publish') }).click()
  await expect(publish).toHaveCount(0)
  await expect(page.getByText(text('designer.is_published', { n: before.version + 1 }))).toBeVisible()
  const now = await server.admin.get<Definition>(`funnels/${funnel.id}/definition`)
  expect(now.stages.map((s) => s.name)).toContain('Демонстрация проведена')
  const changed = now.stages.find((s) => s.id === offer.id)!
  expect([changed.gates.length, changed.goals.map((g) => g.name), changed.triggers.length]).toEqual([
    ...[1, ['Согласие получено'], 1],
  ])

  // The older version comes back, as a draft first.
  await page.getByRole('button', { name: text('designer.more') }).click()
  await page.getByRole('menuitem', { name: text('designer.history') }).click()
  const history = page.getByRole('dialog', { name: text('designer.history') })
  await history
    .getByRole('listitem')
    .filter({ hasText: text('designer.version', { n: before.version }) })
    .getByRole('button', { name: text('designer.restore') })
    .click()
  await saved(page)
  await page.getByRole('button', { name: text('designer.publish') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('designer.publish') })
    .click()
  await expect(page.getByText(text('designer.is_published', { n: before.version + 2 }))).toBeVisible()
  const back = await server.admin.get<Definition>(`funnels/${funnel.id}/definition`)
  expect(back.stages.filter((s) => !s.archived).map((s) => s.name)).toEqual(
    before.stages.filter((s) => !s.archived).map((s) => s.name),
  )
})

test('Название-состояние получает замечание, пока его печатают, и правится одной кнопкой; шаг отменяется', async ({
  desk,
  server,
}) => {
  const me = await desk('head')
  const { page } = me
  const funnel = await server.funnel({
    stages: ['Заявка принята', 'Связались', 'Предложение отправлено'],
    deals: 0,
  })
  await open(me, funnel, funnel.stages[2]!.id)
  const name = page.getByLabel(text('field.stage.name'), { exact: true })
  await name.fill('Отправка реквизитов')
  const remark = page.locator('.remark.bare')
  await expect(remark).toBeVisible()
  await remark.getByRole('button').click()
  await expect(name).not.toHaveValue('Отправка реквизитов')
  await expect(remark).toHaveCount(0)
  const mended = await name.inputValue()
  await page.getByRole('button', { name: new RegExp(`^${text('designer.undo')}`) }).click()
  await expect(name).toHaveValue('Отправка реквизитов')
  await page.getByRole('button', { name: text('designer.redo') }).click()
  await expect(name).toHaveValue(mended)
})

test('Этап со сделками убирают: сделки переходят на выбранный; порядок меняют клавишами', async ({
  desk,
  server,
}) => {
  const me = await desk('head')
  const { page } = me
  const funnel = await server.funnel({ deals: 3 })
  await open(me, funnel)
  const stages = page.getByRole('list', {
    name: text('designer.stages', { n: 1 }),
  })
  const first = stages.getByRole('listitem').filter({ hasText: 'Заявка' })
  await first.getByRole('link').focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect(stages.getByRole('listitem').nth(1)).toContainText('Заявка')
  await page.keyboard.press('Alt+ArrowUp')
  await expect(stages.getByRole('listitem').first()).toContainText('Заявка')
  await first.getByRole('button', { name: text('settings.actions', { name: 'Заявка' }) }).click()
  await page.getByRole('menuitem', { name: text('settings.put_away') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: text('designer.merge_into') }).fill('Связались')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: text('settings.put_away') }).click()
  await saved(page)
  await expect(page.getByRole('link', { name: /3 сделки перейдут: Заявка → Связались/ })).toBeVisible()
  await page.getByRole('button', { name: text('designer.publish') }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('designer.publish') })
    .click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect
    .poll(async () => {
      const deals = await server.admin.list<{ stage_id: number }>('deals', `funnel_id = ${funnel.id}`)
      return deals.every((d) => d.stage_id === funnel.stages[1]!.id)
    })
    .toBe(true)
})

test('Регламент воронки читают, отмечают прочитанным и печатают; руководитель видит, кто прочитал', async ({
  desk,
  server,
}) => {
  const funnel = await server.funnel({ deals: 0 })
  await server.admin.patch(`stages/${funnel.stages[0]!.id}`, {
    entry_result: 'Заявка пришла с сайта',
  })
  const seller = await desk('seller')
  await seller.page.goto(`/funnels/${funnel.id}/manual`)
  const chapter = (page: Page) => page.getByRole('article', { name: /1\. Заявка/ })
  await expect(chapter(seller.page)).toContainText('Заявка пришла с сайта')
  await chapter(seller.page)
    .getByRole('button', { name: text('manual.read') })
    .click()
  await expect(chapter(seller.page)).toContainText(text('manual.you_have_read'))
  await seller.page.emulateMedia({ media: 'print' })
  await expect(chapter(seller.page)).toBeVisible()
  await expect(seller.page.getByRole('button', { name: text('manual.print') })).toBeHidden()

  const head = await desk('head')
  await head.page.goto(`/funnels/${funnel.id}/manual`)
  await chapter(head.page).locator('summary').click()
  await expect(chapter(head.page)).toContainText(seller.person.name)
})

test('Черновик проверяется на прошлом: новый триггер говорит, где сработал бы, и ничего не меняет', async ({
  desk,
  server,
}) => {
  const me = await desk('head')
  const { page } = me
  const funnel = await server.funnel({ deals: 2 })
  const offer = funnel.stages[2]!
  for (const deal of funnel.deals) await server.admin.patch(`deals/${deal.id}`, { stage_id: offer.id })
  await open(me, funnel, offer.id)
  await page.getByRole('button', { name: text('designer.add_trigger'), exact: true }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel(text('rules.name')).fill('Заметка о предложении')
  await form.getByRole('combobox', { name: text('rules.add_action') }).fill(text('rules.do.note'))
  await page.keyboard.press('Enter')
  await form.getByRole('textbox', { name: text('rules.part.text') }).fill('КП ушло')
  await form.getByRole('button', { name: text('designer.done') }).click()
  await saved(page)
  await page.getByRole('button', { name: text('designer.try') }).click()
  const tried = page.getByRole('dialog', { name: text('designer.try') })
  await tried.getByRole('button', { name: text('rules.try_do') }).click()
  await tried.locator('summary').click()
  await expect(tried.getByRole('link', { name: 'Сделка 1' })).toBeVisible()
  await expect(tried.getByRole('link', { name: 'Сделка 2' })).toBeVisible()
  expect(await server.admin.list('notes', `deal_id = ${funnel.deals[0]!.id}`)).toEqual([])
})

test('Триггер, который ведёт на этап из того же черновика, тоже проверяется на прошлом', async ({
  desk,
  server,
}) => {
  const me = await desk('head')
  const { page } = me
  const funnel = await server.funnel({ deals: 1 })
  const offer = funnel.stages[2]!
  await server.admin.patch(`deals/${funnel.deals[0]!.id}`, { stage_id: offer.id })
  const definition = await server.admin.get<Definition>(`funnels/${funnel.id}/definition`)
  const at = definition.stages.findIndex((s) => s.id === offer.id)
  const shown = { key: 'shown', name: 'Демонстрация проведена', outcome: 'open', norm_days: 3 }
  definition.stages[at]!.triggers.push({
    ...{ name: 'Сразу на показ', event: { on: 'entered' }, enabled: true },
    actions: [{ do: 'move', stage_id: 'shown' }],
  })
  definition.stages.splice(at + 1, 0, shown as never)
  await server.admin.create('funnel-drafts', { funnel_id: funnel.id, name: funnel.name, definition })
  await open(me, funnel, offer.id)
  await page.getByRole('button', { name: text('designer.try') }).click()
  const tried = page.getByRole('dialog', { name: text('designer.try') })
  await expect(tried).toContainText('Демонстрация проведена')
  await tried.getByRole('button', { name: text('rules.try_do') }).click()
  await tried.locator('summary').click()
  await expect(tried.getByRole('link', { name: 'Сделка 1' })).toBeVisible()
})

test('Замечание о здоровье ведёт и в конструктор, и к сделкам этапа', async ({ desk, server }) => {
  const { page } = await desk('head')
  const funnel = await server.funnel({ stages: ['Заявка принята', 'Думает'], deals: 1 })
  await page.goto(`/health?funnel=${funnel.id}`)
  await page.locator('summary', { hasText: funnel.name }).click()
  const remark = page.getByRole('listitem').filter({ hasText: 'Думает:' }).first()
  await expect(remark.getByRole('link', { name: text('health.mend') })).toBeVisible()
  const link = remark.getByRole('link', { name: text('health.stage_deals') })
  await expect(link).toHaveAttribute('href', new RegExp(`stage_id%20%3D%20${funnel.stages[1]!.id}`))
})
