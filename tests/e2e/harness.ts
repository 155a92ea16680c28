// The fixtures of every scenario: the server of the worker, and browser windows of people who are signed in.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  test as base,
  expect,
  type Browser,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from '../../web/node_modules/@playwright/test'
import { Api } from './api'
import { root, Server, type Person, type Role } from './server'

export { expect, type Locator, type Page }
export type { Deal, Funnel, Stage } from './server'

const catalogue = (locale: string) =>
  JSON.parse(readFileSync(join(root, 'i18n', `${locale}.json`), 'utf8')) as Record<string, string>
const texts = { ru: catalogue('ru'), en: catalogue('en') }
/** A text of the application as its user reads it. */
export function text(
  key: string,
  params: Record<string, string | number> = {},
  locale: 'ru' | 'en' = 'ru',
): string {
  const found = texts[locale][key]
  if (found === undefined) throw new Error(`no text ${key}`)
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

const russian = 'йцукенгшщзхъфывапролджэячсмитьбюё'
const places = [...'QWERTYUIOP', '[', ']', ...'ASDFGHJKL', ';', "'", ...'ZXCVBNM', ',', '.', '`']
const names: Record<string, string> = {
  ...{
    '[': 'BracketLeft',
    ']': 'BracketRight',
    ';': 'Semicolon',
    "'": 'Quote',
    ',': 'Comma',
    '.': 'Period',
    '`': 'Backquote',
  },
}
/** Types as a person with the Russian layout does: `keyboard.type` presses no keys for letters that are not Latin. */
export async function typeKeys(page: Page, words: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  for (const text of words) {
    const place = places[russian.indexOf(text.toLowerCase())]
    if (place === undefined) await page.keyboard.type(text)
    else {
      const code = names[place] ?? `Key${place}`
      await cdp.send('Input.dispatchKeyEvent', {
        type: 'keyDown',
        key: text,
        code,
        text,
        unmodifiedText: text,
      })
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', key: text, code })
    }
  }
  await cdp.detach()
}

/** A field has the cursor: what is typed from here on lands in it. For forms that are opened, and then typed in. */
export const inField = (page: Page): Promise<void> =>
  expect(page.locator('input:focus, textarea:focus')).toHaveCount(1)

/** Somebody at a browser. */
export interface Desk {
  person: Person
  page: Page
  api: Api
}
export interface DeskOptions extends BrowserContextOptions {
  language?: 'ru' | 'en'
}
interface Fixtures {
  /** Opens a browser window of somebody of this role, signed in, on no page yet. */
  desk: (role: Role, options?: DeskOptions) => Promise<Desk>
  seller: Desk
  guests: void
  /** Errors that the page did not catch: a test fails when there are any. */
  uncaught: string[]
}
async function enter(browser: Browser, server: Server, role: Role, options: DeskOptions): Promise<Desk> {
  const { language = 'ru', ...looks } = options
  const person = await server.person(role, language)
  const api = await Api.enter(server.url, person.user_id)
  const context = await browser.newContext({ baseURL: server.url, ...looks })
  await context.addCookies([{ name: 'voronka_session', value: api.cookie, url: server.url }])
  return { person, api, page: await context.newPage() }
}
export const test = base.extend<Fixtures, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  guests: [
    async ({ server }, use) => {
      await use()
      await server.sendGuestsHome()
    },
    { auto: true },
  ],
  uncaught: async ({}, use) => {
    const errors: string[] = []
    await use(errors)
    expect(errors, 'errors in the console').toEqual([])
  },
  desk: async ({ browser, server, uncaught, contextOptions, locale, timezoneId, viewport }, use) => {
    const open: Desk[] = []
    await use(async (role, options = {}) => {
      const made = await enter(browser, server, role, {
        ...contextOptions,
        locale,
        timezoneId,
        viewport,
        ...options,
      })
      made.page.on('pageerror', (e) => uncaught.push(String(e.stack ?? e)))
      made.page.on('console', (m) => {
        if (/Content Security Policy|svelte/i.test(m.text()) && m.type() === 'error') uncaught.push(m.text())
      })
      open.push(made)
      return made
    })
    for (const { page } of open) await page.context().close()
  },
  seller: async ({ desk }, use) => use(await desk('seller')),
})

/** Takes back what a message says: an older one may still stand there with an undo of its own. */
export const undo = (page: Page, said: string): Promise<void> =>
  page
    .locator('.toast')
    .filter({ hasText: said })
    .getByRole('button', { name: text('app.undo') })
    .click()
