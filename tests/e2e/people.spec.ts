import { expect, test, text } from './harness'

test('Новенький приходит по ссылке: администратор приглашает, он задаёт пароль и входит', async ({
  desk,
  browser,
  server,
}) => {
  const { page } = await desk('admin')
  const name = `Новенький ${Date.now()}`
  const email = `new-${Date.now()}@example.ru`
  await page.goto('/settings/users')
  await page.getByRole('button', { name: text('settings.users.invite') }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel(text('field.user.name')).fill(name)
  await form.getByLabel(text('field.user.email')).fill(email)
  await form.getByRole('button', { name: text('settings.users.invite_next') }).click()
  const link = page.getByRole('dialog').getByLabel(text('settings.users.link'), { exact: true })
  await expect(link).toHaveValue(/\/invite\//)
  const url = await link.inputValue()

  const context = await browser.newContext({
    baseURL: server.url,
    locale: 'ru-RU',
  })
  const guest = await context.newPage()
  await guest.goto(new URL(url).pathname)
  await guest.getByLabel(text('invite.password')).fill('пароль новенького 1')
  await guest.getByRole('button', { name: text('invite.enter') }).click()
  await expect(guest.getByRole('button', { name: new RegExp(name) })).toBeVisible()
  // The link was for once.
  const again = await (await browser.newContext({ baseURL: server.url, locale: 'ru-RU' })).newPage()
  await again.goto(new URL(url).pathname)
  await again.getByLabel(text('invite.password')).fill('чужой пароль 2')
  await again.getByRole('button', { name: text('invite.enter') }).click()
  await expect(again.getByRole('alert')).toBeVisible()
  await again.context().close()
  await context.close()
})

test('Продавец увольняется: всё его переходит к другому, посчитано заранее и отменяется целиком', async ({
  desk,
  server,
}) => {
  const leaver = await server.person('seller')
  const heir = await server.person('seller')
  const funnel = await server.funnel({ deals: 3, owner: leaver.user_id })
  const owners = async () =>
    (await server.admin.list<{ owner_id: number }>('deals', `funnel_id = ${funnel.id}`)).map(
      (d) => d.owner_id,
    )
  const { page } = await desk('admin')
  await page.goto('/settings/users')
  await page.getByRole('searchbox', { name: text('settings.filter') }).fill(leaver.name)
  await page
    .getByRole('button', {
      name: text('settings.actions', { name: leaver.name }),
    })
    .click()
  await page.getByRole('menuitem', { name: text('settings.users.leave') }).click()
  const dialog = page.getByRole('dialog', {
    name: text('settings.hand.title', { name: leaver.name }),
  })
  await expect(dialog.locator('label').filter({ hasText: text('settings.hand.deals') })).toContainText('3')
  await dialog.getByRole('button', { name: text('settings.choose') }).click()
  await page.getByRole('checkbox', { name: heir.name }).check()
  await page.keyboard.press('Escape')
  await dialog.getByLabel(text('settings.hand.reason')).fill('Переезжает')
  await dialog.getByRole('button', { name: text('settings.hand.go') }).click()
  await expect.poll(owners).toEqual([heir.user_id, heir.user_id, heir.user_id])
  await expect
    .poll(async () => (await server.admin.get<{ active: boolean }>(`users/${leaver.user_id}`)).active)
    .toBe(false)
  await page
    .locator('.toast')
    .getByRole('button', { name: text('app.undo') })
    .click()
  await expect.poll(owners).toEqual([leaver.user_id, leaver.user_id, leaver.user_id])
})

test('Команда с руководителем: кто в ней, видно в дереве', async ({ desk, server }) => {
  const head = await server.person('head')
  const member = await server.person('seller')
  const { page } = await desk('admin')
  const name = `Отдел ${Date.now()}`
  await page.goto('/settings/teams')
  await page
    .getByRole('button', { name: text('settings.teams.new') })
    .first()
    .click()
  const form = page.getByRole('dialog')
  await form.getByLabel(text('field.team.name')).fill(name)
  await form.getByLabel(text('field.team.head_id')).selectOption({ label: head.name })
  await form.getByRole('button', { name: text('app.save') }).click()
  const line = page.getByRole('listitem').filter({ hasText: name })
  await expect(line).toContainText(head.name)
  await line.getByRole('button', { name: text('settings.teams.people_of', { name }) }).click()
  await page.getByRole('checkbox', { name: member.name }).check()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('app.save') })
    .click()
  await expect(line).toContainText(text('settings.teams.count.one', { n: 1 }))
  // The page counts at once; the server has it a moment later.
  const team = async () =>
    (await server.admin.get<{ team_id: number | null }>(`users/${member.user_id}`)).team_id
  await expect.poll(team).not.toBeNull()
  await server.admin.patch(`users/${member.user_id}`, { team_id: null })
})

test('Роль «видит только своё» из шаблона: на словах понятно, и продавец не видит чужих сделок', async ({
  desk,
  server,
}) => {
  const { page } = await desk('admin')
  const name = `Стажёр ${Date.now()}`
  await page.goto('/settings/roles')
  await page.getByRole('button', { name: text('settings.roles.new') }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel(text('field.role.name')).fill(name)
  await form.getByRole('button', { name: text('settings.create') }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  const preview = page.getByRole('region', {
    name: text('settings.preview.title'),
  })
  await expect(preview).toContainText('свои')
  // The cost of a sale is nobody's business here.
  await page.locator('#role-fields + details summary').click()
  await page.getByLabel(text('field.deal.cost_minor'), { exact: true }).selectOption('hidden')
  await expect(preview).toContainText(text('field.deal.cost_minor'))
  await page.getByRole('button', { name: text('app.save') }).click()
  await expect(page.getByText(text('settings.unsaved'))).toHaveCount(0)

  const trainee = await desk('seller')
  const [role] = await server.admin.list<{ id: number }>('roles', `name = "${name}"`)
  const funnel = await server.funnel({
    deals: [{ title: 'Чужая' }, { title: 'Своя', owner_id: trainee.person.user_id }],
  })
  await server.admin.patch(`users/${trainee.person.user_id}`, {
    role_id: role!.id,
  })
  await trainee.page.goto(`/board/${funnel.id}`)
  await expect(trainee.page.getByText('Своя', { exact: true })).toBeVisible()
  await expect(trainee.page.getByText('Чужая', { exact: true })).toHaveCount(0)
  const own = await trainee.api.get<Record<string, unknown>>(`deals/${funnel.deals[1]!.id}`)
  expect('cost_minor' in own).toBe(false)
})

test('Роль на этапах: что задано раньше, остаётся после сохранения, и право закрывать снимается галочкой', async ({
  desk,
  server,
}) => {
  const funnel = await server.funnel({ deals: 1 })
  const [first, second] = [funnel.stages[0]!, funnel.stages[1]!]
  const name = `Приём ${Date.now()}`
  const { id } = await server.admin.create<{ id: number }>('roles', {
    name,
    base: 'seller',
    rights: { stages: { [first.id]: 'no_leave no_close' } },
  })
  const { page } = await desk('admin')
  await page.goto(`/settings/roles/${id}`)
  await page.locator('summary').filter({ hasText: funnel.name }).click()
  const may = (stage: { name: string }, word: string) =>
    page.locator('details', { hasText: funnel.name }).getByRole('checkbox', {
      name: `${stage.name}: ${text(`settings.place.may.${word}`)}`,
    })
  await expect(may(first, 'hidden')).toBeChecked()
  await expect(may(first, 'no_leave')).not.toBeChecked()
  await expect(may(first, 'no_close')).not.toBeChecked()
  await may(second, 'no_close').uncheck()
  await may(first, 'closed').uncheck()
  await expect(page.getByRole('region', { name: text('settings.preview.title') })).toContainText(second.name)
  await page.getByRole('button', { name: text('app.save') }).click()
  await expect(page.getByText(text('settings.unsaved'))).toHaveCount(0)
  const kept = async () =>
    (await server.admin.get<{ rights: { stages: Record<string, string> } }>(`roles/${id}`)).rights.stages
  await expect.poll(kept).toEqual({
    [first.id]: 'closed no_leave no_close',
    [second.id]: 'no_close',
  })
  await page.reload()
  await page.locator('summary').filter({ hasText: funnel.name }).click()
  await expect(may(second, 'no_close')).not.toBeChecked()
  await expect(may(second, 'no_leave')).toBeChecked()
})
