import { expect, test, text } from './harness'

test.describe('Вход', () => {
  test('с почтой и паролем: сразу виден свой день, а после перезагрузки человек остаётся внутри', async ({
    page,
    server,
  }) => {
    const person = await server.person('seller', 'ru', 'пароль продавца 77')
    await page.goto('/')
    await expect(page.getByRole('heading', { name: text('signin.title') })).toBeVisible()
    await expect(page.getByLabel(text('signin.email'))).toBeFocused()
    await page.getByLabel(text('signin.email')).fill(person.email)
    await page.getByLabel(text('signin.password')).fill('пароль продавца 77')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/day$/)
    await expect(page.getByRole('button', { name: `${person.name}, ${text('role.seller')}` })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('button', { name: `${person.name}, ${text('role.seller')}` })).toBeVisible()
  })

  test('с неверным паролем: понятное сообщение, пароль стёрт, почта осталась', async ({ page, server }) => {
    const person = await server.person('seller', 'ru', 'пароль продавца 78')
    await page.goto('/')
    await page.getByLabel(text('signin.email')).fill(person.email)
    await page.getByLabel(text('signin.password')).fill('не тот пароль')
    await page.getByRole('button', { name: text('signin.enter') }).click()
    await expect(page.getByRole('alert')).toHaveText(text('signin.bad'))
    await expect(page.getByLabel(text('signin.password'))).toHaveValue('')
    await expect(page.getByLabel(text('signin.email'))).toHaveValue(person.email)
    await page.getByLabel(text('signin.password')).fill('пароль продавца 78')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/day$/)
  })

  for (const role of ['admin', 'head', 'seller', 'observer'] as const)
    test(`в демо одним щелчком: ${role}`, async ({ page, server }) => {
      const person = server.people.find((p) => p.role === role)!
      await page.goto('/')
      await page.getByRole('button', { name: person.name }).click()
      await expect(
        page.getByRole('button', { name: `${person.name}, ${text(`role.${role}`)}` }),
      ).toBeVisible()
      // Whoever has tasks begins with them, the others with the board.
      await expect(page).toHaveURL(role === 'seller' || role === 'head' ? /\/day$/ : /\/board/)
      await page.goto('/board')
      await expect(page.locator('[data-card]').first()).toBeVisible()
      const writes = page.getByRole('button', { name: text('board.create'), exact: false })
      if (role === 'observer') await expect(writes).toHaveCount(0)
      else await expect(writes.first()).toBeVisible()
    })

  test('выход: доска закрыта, назад по истории она не возвращается', async ({ desk }) => {
    const { page, person } = await desk('seller')
    await page.goto('/board')
    await page.getByRole('button', { name: person.name }).click()
    await page.getByRole('menuitem', { name: text('app.sign_out') }).click()
    await expect(page.getByRole('heading', { name: text('signin.title') })).toBeVisible()
    await page.goBack()
    await page.goto('/board')
    await expect(page.getByRole('heading', { name: text('signin.title') })).toBeVisible()
    await expect(page.locator('[data-card]')).toHaveCount(0)
  })

  test('the page before sign-in speaks English when asked, and remembers it', async ({ page }) => {
    await page.goto('/')
    await page.getByRole('button', { name: 'English' }).click()
    await expect(page.getByRole('heading', { name: text('signin.title', {}, 'en') })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('heading', { name: text('signin.title', {}, 'en') })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  })
})
