import { createHmac } from 'node:crypto'
import { expect, inField, test, text, type Page } from './harness'

/** The code that an app on the phone would show: RFC 6238, SHA-1, 30 seconds, six digits. */
function codeOf(secret: string, at = Date.now()): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const from = mac[mac.length - 1]! & 15
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/')
  await page.getByLabel(text('signin.email')).fill(email)
  await page.getByLabel(text('signin.password')).fill(password)
  await page.keyboard.press('Enter')
}

test('Второй фактор: включён по картинке, вход спрашивает код, запасной код пускает один раз', async ({
  browser,
  server,
}) => {
  const person = await server.person('seller', 'ru', 'пароль с телефоном 1')
  const context = await browser.newContext({
    baseURL: server.url,
    locale: 'ru-RU',
  })
  const page = await context.newPage()
  await signIn(page, person.email, 'пароль с телефоном 1')
  await page.waitForURL(/day/)
  await page.goto('/settings/security')
  await page.getByRole('button', { name: text('settings.factor.begin') }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('img', { name: text('settings.factor.picture') })).toBeVisible()
  const secret = await dialog.locator('code').innerText()
  await dialog.getByLabel(text('settings.factor.code')).fill('000000')
  await dialog.getByRole('button', { name: text('settings.factor.confirm') }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await dialog.getByLabel(text('settings.factor.code')).fill(codeOf(secret))
  await dialog.getByRole('button', { name: text('settings.factor.confirm') }).click()
  const codes = page.getByRole('dialog', {
    name: text('settings.factor.codes'),
  })
  const recovery = await codes.locator('code').first().innerText()
  await codes.getByRole('button', { name: text('settings.factor.kept') }).click()
  await expect(page.getByText(text('settings.factor.on'))).toBeVisible()

  const other = await browser.newContext({
    baseURL: server.url,
    locale: 'ru-RU',
  })
  const again = await other.newPage()
  await signIn(again, person.email, 'пароль с телефоном 1')
  await expect(again.getByLabel(text('signin.code'))).toBeFocused()
  await again.keyboard.type('000000')
  await again.keyboard.press('Enter')
  await expect(again.getByRole('alert')).toHaveText(text('signin.bad_code'))
  await again.getByLabel(text('signin.code')).fill(recovery)
  await again.keyboard.press('Enter')
  await again.waitForURL(/day/)
  await other.close()
  await context.close()
})

test('Пароль меняют сами: остальные сеансы завершаются, новый пароль пускает', async ({
  browser,
  server,
}) => {
  const person = await server.person('seller', 'ru', 'старый пароль 1')
  const open = async () => (await browser.newContext({ baseURL: server.url, locale: 'ru-RU' })).newPage()
  const [page, phone] = [await open(), await open()]
  for (const p of [page, phone]) {
    await signIn(p, person.email, 'старый пароль 1')
    await p.waitForURL(/day/)
  }
  await page.goto('/settings/security')
  await expect(
    page.getByRole('list', { name: text('settings.sessions.title') }).getByRole('listitem'),
  ).toHaveCount(2)
  await page.getByLabel(text('settings.security.old')).fill('старый пароль 1')
  await page.getByLabel(text('settings.security.new')).fill('новый пароль 2')
  await page.getByRole('button', { name: text('settings.security.change') }).click()
  await expect(page.locator('.toast').filter({ hasText: text('settings.security.changed') })).toBeVisible()
  await phone.reload()
  await expect(phone.getByLabel(text('signin.password'))).toBeVisible()
  await signIn(phone, person.email, 'новый пароль 2')
  await phone.waitForURL(/day/)
  for (const p of [page, phone]) await p.context().close()
})

test('Ключ API показан один раз, читает, но не пишет, и отозванный больше не пускает', async ({
  seller,
  server,
}) => {
  const { page } = seller
  await page.goto('/settings/tokens')
  await page.getByRole('button', { name: text('settings.tokens.new') }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel(text('settings.tokens.name')).fill('Выгрузка в 1С')
  await form.getByRole('button', { name: text('settings.create') }).click()
  const shown = page.getByRole('dialog', {
    name: text('settings.tokens.made', { name: 'Выгрузка в 1С' }),
  })
  const token = await shown.getByLabel(text('settings.tokens.token')).inputValue()
  expect(token).toMatch(/^vrk_/)
  await page.keyboard.press('Escape')
  const ask = (method: string, path: string, body?: unknown) =>
    fetch(`${server.url}/api/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).then((r) => r.status)
  expect(await ask('GET', 'deals?limit=1')).toBe(200)
  expect(await ask('POST', 'contacts', { name: 'Нельзя' })).toBe(403)
  await expect(page.getByRole('listitem').filter({ hasText: 'Выгрузка в 1С' })).toContainText(
    text('settings.tokens.read'),
  )
  await page.getByRole('button', { name: text('settings.tokens.end'), exact: true }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: text('settings.tokens.end'), exact: true })
    .click()
  await expect(page.getByText(text('settings.tokens.empty'))).toBeVisible()
  expect(await ask('GET', 'deals?limit=1')).toBe(401)
})

test('Профиль: имя, язык и тема меняются на месте', async ({ seller }) => {
  const { page } = seller
  await page.goto('/settings/profile')
  await page.getByRole('button', { name: text('theme.dark') }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('button', { name: text('locale.en') }).click()
  await expect(
    page.getByRole('heading', {
      level: 1,
      name: text('settings.profile.title', {}, 'en'),
    }),
  ).toBeVisible()
  await page
    .getByRole('button', {
      name: new RegExp(text('field.user.name', {}, 'en')),
    })
    .click()
  await inField(page)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Anna Renamed')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: /Anna Renamed,/ })).toBeVisible()
})
