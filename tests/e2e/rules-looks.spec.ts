// The designer, automation, the manual, the health page and the weekly review, light and dark, in Russian and English,
// wide and on a phone: axe finds nothing, no text is cut off, nothing is out of reach, nothing pushes the page aside.
import { expectAccessible } from './a11y'
import { cutOff, outOfReach, sideways } from './fits'
import { expect, test, text, type Funnel, type Page } from './harness'
import { inEach, looksOf } from './look'
import type { Server } from './server'

async function fits(page: Page, language: 'ru' | 'en', what: string): Promise<void> {
  await inEach(page, looksOf[language], async ({ colorScheme, viewport }) => {
    const seen = `${what}, ${colorScheme}, ${viewport?.width}`
    await expectAccessible(page, seen)
    expect.soft(await cutOff(page), `${seen}: cut off`).toEqual([])
    expect.soft(await outOfReach(page), `${seen}: out of reach`).toEqual([])
    expect.soft(await sideways(page), `${seen}: sideways`).toBeLessThanOrEqual(0)
  })
}
/** A funnel with everything that a stage can have, and a trigger that has run. */
async function furnish(server: Server): Promise<{ funnel: Funnel; trigger: number; review: number }> {
  const funnel = await server.funnel({ deals: 2 })
  const stage_id = funnel.stages[1]!.id
  await server.admin.create('gates', {
    stage_id,
    kind: 'check',
    name: 'Бюджет назван вслух',
  })
  await server.admin.create('goals', {
    ...{ stage_id, name: 'Согласие получено' },
    actions: [{ do: 'move', stage_id: funnel.stages[2]!.id }],
  })
  const { id: trigger } = await server.admin.create<{ id: number }>('triggers', {
    ...{
      name: 'Молчит две недели',
      stage_id,
      enabled: true,
      condition: 'value_minor >= 100',
    },
    ...{
      event: { on: 'timer', after: 'stage_entry', hours: 336 },
      actions: [{ do: 'note', text: 'Позвонить' }],
    },
  })
  const day = new Date()
  day.setHours(12) // the same date in UTC
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7) - 7 * (1 + (funnel.id % 500)))
  const { id: review } = await server.admin.create<{ id: number }>('reviews', {
    week_on: day.toISOString().slice(0, 10),
  })
  return { funnel, trigger, review }
}
test.describe.configure({ timeout: 180_000 })
for (const language of ['ru', 'en'] as const)
  test(`правила: ${language}`, async ({ desk, server }) => {
    const { page } = await desk('head', { language, ...looksOf[language][0] })
    const say = (key: string, params = {}) => text(key, params, language)
    const { funnel, trigger, review } = await furnish(server)
    const stage = funnel.stages[1]!.id
    const pages = [
      ...[`/funnels/${funnel.id}/design?stage=${stage}`, `/funnels/${funnel.id}/design?stage=funnel`],
      ...[
        `/funnels/${funnel.id}/design`,
        `/funnels/${funnel.id}/manual`,
        '/automation',
        `/automation/${trigger}`,
      ],
      ...['/automation/new', '/automation?tab=figures', '/health', '/reviews', `/reviews/${review}`],
      ...['/settings/classifiers', '/settings/competitors', '/settings/waits'],
    ]
    for (const path of pages) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.skeleton')).toHaveCount(0)
      await fits(page, language, path.replace(/\d+/g, 'N'))
    }
    await page.goto(`/funnels/${funnel.id}/design?stage=${stage}`)
    await page.getByRole('button', { name: say('designer.add_trigger'), exact: true }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await fits(page, language, 'a trigger of a stage')
    await page.keyboard.press('Escape')
    await page.getByLabel(say('field.stage.norm_days')).fill('9')
    await page.keyboard.press('Tab')
    await expect(page.getByRole('button', { name: say('designer.publish') })).toBeEnabled()
    await page.getByRole('button', { name: say('designer.publish') }).click()
    await expect(page.getByRole('dialog').getByRole('list').first()).toBeVisible()
    await fits(page, language, 'publishing')
  })
