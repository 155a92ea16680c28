// One load of a page, seen in several ways: its windows and colours change, as they do when somebody turns a tablet or the
// evening comes. The order turns round each time, so pages are loaded in all of them.
import type { Page } from './harness'

export const wide = { width: 1360, height: 800 }
export const phone = { width: 390, height: 800 }
export interface Look {
  colorScheme: 'light' | 'dark'
  viewport: { width: number; height: number }
}
/** Between them each language is seen wide and on a phone, and each width light and dark. */
export const looksOf: Record<'ru' | 'en', Look[]> = {
  ru: [
    { colorScheme: 'light', viewport: wide },
    { colorScheme: 'dark', viewport: phone },
  ],
  en: [
    { colorScheme: 'dark', viewport: wide },
    { colorScheme: 'light', viewport: phone },
  ],
}
/** Two frames: what measures itself has done so, and stands. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}
export async function inEach(
  page: Page,
  looks: readonly Partial<Look>[],
  check: (look: Partial<Look>) => Promise<void>,
): Promise<void> {
  const now = page.viewportSize()?.width
  const order = looks.at(-1)?.viewport?.width === now ? looks.toReversed() : looks
  for (const look of order) {
    if (look.colorScheme) await page.emulateMedia({ colorScheme: look.colorScheme })
    if (look.viewport) await page.setViewportSize(look.viewport)
    await drawn(page)
    await check(look)
  }
}
