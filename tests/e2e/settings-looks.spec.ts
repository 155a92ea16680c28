// Every page of the settings, light and dark, in Russian and English, wide and on a phone: axe finds nothing, no text is
// cut off, nothing is out of reach, nothing pushes the page aside.
import { expectAccessible } from './a11y'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text, type Page } from './harness'
import { inEach, looksOf } from './look'

async function fits(page: Page, language: 'ru' | 'en', what: string): Promise<void> {
  await inEach(page, looksOf[language], async ({ colorScheme, viewport }) => {
    const seen = `${what}, ${colorScheme}, ${viewport?.width}`
    await expectAccessible(page, seen)
    expect.soft(await cutOff(page), `${seen}: cut off`).toEqual([])
    expect.soft(await outOfReach(page), `${seen}: out of reach`).toEqual([])
    expect.soft(await sideways(page), `${seen}: sideways`).toBeLessThanOrEqual(0)
  })
}
test.describe.configure({ timeout: 180_000 })
for (const language of ['ru', 'en'] as const)
  test(`настройки: ${language}`, async ({ desk, server }) => {
    const { page } = await desk('admin', { language, ...looksOf[language][0] })
    const say = (key: string, params = {}) => text(key, params, language)
    const [funnel] = await server.admin.list<{ id: number }>('funnels')
    const role = await server.admin.create<{ id: number }>('roles', {
      ...{ name: `Роль ${language}`, base: 'seller' },
      rights: { objects: { deal: { see: 'own' } } },
    })
    const pages = [
      ...['funnels', `funnels/${funnel!.id}`, 'loss-reasons', 'campaigns', 'tags', 'webhooks', 'fields'],
      ...['layouts', 'views', 'users', 'teams', 'roles', `roles/${role.id}`, 'company', 'calendar'],
      ...['operations', 'backup', 'system', 'profile', 'security', 'tokens'],
    ]
    await page.goto('/settings')
    await expect(page.getByRole('searchbox', { name: say('settings.search') })).toBeVisible()
    await fits(page, language, 'tree')
    for (const name of pages) {
      await page.goto(`/settings/${name}`)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.skeleton')).toHaveCount(0)
      await fits(page, language, name)
    }
    const dialog = page.getByRole('dialog')
    const open = async (path: string, button: string, what: string) => {
      await page.goto(`/settings/${path}`)
      await page
        .getByRole('button', { name: say(button), exact: true })
        .first()
        .click()
      await expect(dialog).toBeVisible()
      await fits(page, language, what)
      await page.keyboard.press('Escape')
    }
    await open('loss-reasons', 'settings.history', 'history')
    await open('users', 'settings.users.invite', 'invite')
    await open('campaigns', 'settings.add', 'form')
    await open('tokens', 'settings.tokens.new', 'token')
    await open('fields', 'settings.fields.new', 'field')
    await open('funnels', 'settings.funnels.ready', 'ready sets')
  })
