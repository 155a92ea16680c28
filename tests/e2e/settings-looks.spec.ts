// Every page of the settings, light and dark, in Russian and English, wide and on a phone: axe finds nothing, no text is
// cut off, nothing is out of reach, nothing pushes the page aside.
import { expectAccessible } from './a11y'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text, type Page } from './harness'

const wide = { width: 1360, height: 800 }
const phone = { width: 390, height: 800 }
const looks = [
  { language: 'ru', colorScheme: 'light', viewport: wide },
  { language: 'en', colorScheme: 'dark', viewport: wide },
  { language: 'ru', colorScheme: 'dark', viewport: phone },
  { language: 'en', colorScheme: 'light', viewport: phone },
] as const
async function fits(page: Page, what: string): Promise<void> {
  await expectAccessible(page, what)
  expect.soft(await cutOff(page), `${what}: cut off`).toEqual([])
  expect.soft(await outOfReach(page), `${what}: out of reach`).toEqual([])
  expect.soft(await sideways(page), `${what}: sideways`).toBeLessThanOrEqual(0)
}
test.describe.configure({ timeout: 120_000 })
for (const look of looks)
  test(`настройки: ${look.language}, ${look.colorScheme}, ${look.viewport.width}`, async ({
    desk,
    server,
  }) => {
    const { page } = await desk('admin', look)
    const say = (key: string, params = {}) => text(key, params, look.language)
    const [funnel] = await server.admin.list<{ id: number }>('funnels')
    const role = await server.admin.create<{ id: number }>('roles', {
      ...{ name: `Роль ${look.language} ${look.viewport.width} ${look.colorScheme}`, base: 'seller' },
      rights: { objects: { deal: { see: 'own' } } },
    })
    const pages = [
      ...['funnels', `funnels/${funnel!.id}`, 'loss-reasons', 'campaigns', 'tags', 'webhooks', 'fields'],
      ...['layouts', 'views', 'users', 'teams', 'roles', `roles/${role.id}`, 'company', 'calendar'],
      ...['operations', 'backup', 'system', 'profile', 'security', 'tokens'],
    ]
    await page.goto('/settings')
    await expect(page.getByRole('searchbox', { name: say('settings.search') })).toBeVisible()
    await fits(page, 'tree')
    for (const name of pages) {
      await page.goto(`/settings/${name}`)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.skeleton')).toHaveCount(0)
      await fits(page, name)
    }
    const dialog = page.getByRole('dialog')
    const open = async (path: string, button: string, what: string) => {
      await page.goto(`/settings/${path}`)
      await page
        .getByRole('button', { name: say(button), exact: true })
        .first()
        .click()
      await expect(dialog).toBeVisible()
      await fits(page, what)
      await page.keyboard.press('Escape')
    }
    await open('loss-reasons', 'settings.history', 'history')
    await open('users', 'settings.users.invite', 'invite')
    await open('campaigns', 'settings.add', 'form')
    await open('tokens', 'settings.tokens.new', 'token')
    await open('fields', 'settings.fields.new', 'field')
    await open('funnels', 'settings.funnels.ready', 'ready sets')
  })
