// axe-core over what is on the screen: WCAG 2.2, levels A and AA.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page } from './harness'
import { root } from './server'

const axe = readFileSync(join(root, 'web/node_modules/axe-core/axe.min.js'), 'utf8')
interface Result {
  violations: {
    id: string
    help: string
    nodes: { target: unknown[]; html: string; any: { message: string }[] }[]
  }[]
}
/** Animations have to end first: half-transparent text has no contrast. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // What a head that stays in place covers half is not hidden: one scrolls.
    for (const el of document.querySelectorAll('body *')) if (el.scrollTop > 0) el.scrollTop = 0
    await document.fonts.ready
    const ended = document
      .getAnimations()
      .map((a) => (a.effect?.getTiming().iterations === Infinity ? null : a.finished.catch(() => {})))
    // What stands in a folded part of the page does not go on, and never ends.
    await Promise.race([Promise.all(ended), new Promise((go) => setTimeout(go, 1000))])
  })
}
/** A violation ends up in the report with its place; the test goes on, so that all are seen at once. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await settled(page)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  await report(page, what, ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
}
/** The same, and the colours of the other theme: nothing else differs by it. */
export async function expectAccessibleLightAndDark(page: Page, what: string): Promise<void> {
  await expectAccessible(page, what)
  const dark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  await page.emulateMedia({ colorScheme: dark ? 'light' : 'dark' })
  await settled(page)
  await report(page, `${what}, ${dark ? 'light' : 'dark'}`, { type: 'rule', values: ['color-contrast'] })
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
}
async function report(page: Page, what: string, runOnly: object): Promise<void> {
  const { violations } = await page.evaluate(
    (options) => (window as unknown as { axe: { run: (o: object) => Promise<Result> } }).axe.run(options),
    { runOnly, resultTypes: ['violations'] },
  )
  const said = violations.flatMap((v) =>
    v.nodes
      .slice(0, 4)
      .map(
        (n) => `${v.id}: ${n.target.join(' ')} | ${n.html.slice(0, 140)} | ${n.any[0]?.message ?? v.help}`,
      ),
  )
  expect.soft(said, `${what}: axe-core`).toEqual([])
}
