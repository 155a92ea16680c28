// Somebody has written a program into every text of the base: every screen shows it as text and runs nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test as base, type Page } from './harness'
import { root, Server } from './server'

const short = '<img src=x onerror=pwned=1>'
const long = `"'><script>pwned=1</script><svg onload=pwned=1>${short}{{pwned=1}}\${pwned=1}`

interface Property {
  type?: string | string[]
  enum?: unknown[]
  format?: string
  pattern?: string
  maxLength?: number
  readOnly?: boolean
}
interface Description {
  components: { schemas: Record<string, { properties?: Record<string, Property> }> }
  paths: Record<string, Record<string, unknown>>
}
const isText = (p: Property) =>
  [p.type].flat().includes('string') && !p.enum && !p.format && !p.pattern && !p.readOnly
const fitting = (p: Property) => ((p.maxLength ?? 0) >= long.length ? long : short)

/** Every text field of the first records of every noun that an administrator may change. */
async function poison(server: Server): Promise<number> {
  const { components, paths } = await server.admin.get<Description>('openapi.json')
  let poisoned = 0
  for (const path of Object.keys(paths)) {
    const plural = /^\/api\/([a-z-]+)\/\{id\}$/.exec(path)?.[1]
    const noun = plural && paths[path]!.patch && paths[`/api/${plural}`]?.get ? plural : null
    if (!noun) continue
    const properties = Object.values(components.schemas).length
      ? components.schemas[singular(noun, components)]?.properties
      : undefined
    const texts = Object.entries(properties ?? {}).filter(
      ([, p]) => isText(p) && (p.maxLength ?? 0) >= short.length,
    )
    const records = await server.admin.list<{ id: number }>(noun, '', '&sort=id')
    for (const record of records.slice(0, 3))
      for (const [name, p] of texts) {
        // A rule may refuse it (a name taken, a checked number): what it takes must be harmless, the rest cannot harm.
        const sent = { [name]: `${fitting(p)}${name === 'name' || name === 'label' ? record.id : ''}` }
        poisoned += await server.admin.patch(`${noun}/${record.id}`, sent).then(
          () => 1,
          () => 0,
        )
      }
  }
  return poisoned
}
function singular(plural: string, components: Description['components']): string {
  return plural.endsWith('ies') && components.schemas[`${plural.slice(0, -3)}y`]
    ? `${plural.slice(0, -3)}y`
    : plural.endsWith('es') && components.schemas[plural.slice(0, -2)]
      ? plural.slice(0, -2)
      : plural.slice(0, -1)
}

/** The paths of every screen, from the one table of them. */
function screens(): string[] {
  const table = readFileSync(join(root, 'web/src/routes.ts'), 'utf8')
  return [...table.matchAll(/path: '([^']+)'/g)].map((m) => m[1]!)
}
async function addresses(server: Server, path: string): Promise<string[]> {
  const bare = path.replace(/\/:\w+\?/g, '')
  if (!bare.includes(':')) return [bare]
  const plural = /^\/([a-z-]+)\/:id$/.exec(bare)?.[1]
  if (!plural) return []
  if (plural === 'reports') return ['funnel', 'activity', 'sources'].map((id) => `/reports/${id}`)
  const records = await server.admin.list<{ id: number }>(plural, '', '&sort=id')
  return records.slice(0, 2).map((r) => `/${plural}/${r.id}`)
}
async function nothingRan(page: Page, where: string): Promise<void> {
  const seen = await page.evaluate(() => ({
    ran: 'pwned' in window,
    made: document.querySelectorAll(
      'img[src="x"], svg[onload], script:not([src]):not([type="application/json"])',
    ).length,
  }))
  expect(seen, where).toEqual({ ran: false, made: 0 })
}

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

test('написанное в любом поле остаётся текстом на каждом экране', async ({ desk, server }) => {
  test.setTimeout(180_000)
  const { page } = await desk('admin')
  expect(await poison(server)).toBeGreaterThan(40)
  const left: string[] = []
  for (const screen of screens()) left.push(...(await addresses(server, screen)))
  let shown = 0
  // Most of the time of a screen is waiting for what comes late: four windows wait at once.
  const windows = [page, ...(await Promise.all([1, 2, 3].map(() => page.context().newPage())))]
  const walk = async (at: Page) => {
    for (let address = left.shift(); address; address = left.shift()) {
      await at.goto(address)
      await expect(at.locator('main')).toBeVisible()
      await at.waitForTimeout(700) // what comes in after the frame of the screen
      await nothingRan(at, address)
      shown += (await at.locator('main').innerText()).includes('onerror=pwned') ? 1 : 0
    }
  }
  await Promise.all(windows.map(walk))
  expect(shown, 'screens that show such a text').toBeGreaterThan(3)
})
