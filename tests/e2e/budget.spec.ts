// What the application may cost. Bytes, elements and memory are exact; time is CPU time of the page's main thread, and
// its gate is three times the budget, because machines differ. The figures are printed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Api } from './api'
import { expect, test as base, type Page } from './harness'
import { dist, Server, voronka } from './server'

const DEALS = 5000
/** A company of 5,000 open deals at one board, brought in as its history. */
function crowd(data: string): void {
  const rows = ['case,stage,at,user,amount']
  for (let i = 0; i < DEALS; i++)
    rows.push(
      `Поставка оборудования № ${i},Этап ${1 + (i % 8)},2025-0${1 + (i % 9)}-1${i % 10}T10:00:00Z,Сотрудник ${i % 20},${(i % 90) * 1000}`,
    )
  const csv = `${data}/board.csv`
  writeFileSync(csv, rows.join('\n') + '\n')
  voronka([
    'import',
    '--data',
    data,
    '--events',
    csv,
    '--funnel',
    'Большая',
    '--case',
    'case',
    '--stage',
    'stage',
    '--at',
    'at',
    '--user',
    'user',
    '--amount',
    'amount',
  ])
}
const test = base.extend<object, { crowded: Server; path: string }>({
  crowded: [
    async ({}, use) => {
      const server = await Server.start(crowd)
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  path: [
    async ({ crowded }, use) => {
      const [funnel] = (await crowded.admin.get<{ items: { id: number }[] }>('funnels')).items
      // Deals are carried to and fro here: a step back asks nobody why.
      await crowded.admin.patch(`funnels/${funnel!.id}`, { back_reason: false })
      await use(`/board/${funnel!.id}`)
    },
    { scope: 'worker' },
  ],
})
test.describe.configure({ mode: 'default', timeout: 120_000 })

const gzipped = (body: Buffer) => gzipSync(body, { level: 6 }).length / 1024
function figure(name: string, value: number, budget: number, factor = 1): void {
  console.log(`${name} ${value.toFixed(1)} ${budget}${value > budget ? ' MISS' : ''}`)
  test.info().annotations.push({
    type: name,
    description: `${value.toFixed(1)} of ${budget}`,
  })
  expect(
    value,
    `${name}: ${value.toFixed(1)}, the budget is ${budget}${factor > 1 ? ` and the gate ${budget * factor}` : ''}`,
  ).toBeLessThanOrEqual(budget * factor)
}
/** CPU time of the main thread, in ms, since the page began. */
async function meter(page: Page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const read = async (name: string) =>
    (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === name)!.value
  return {
    cpu: async () => {
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      )
      return (await read('TaskDuration')) * 1000
    },
    heap: async () => {
      // Twice: what the first round lets go of can hold more.
      for (let i = 0; i < 2; i++) await cdp.send('HeapProfiler.collectGarbage')
      return (await read('JSHeapUsedSize')) / 2 ** 20
    },
  }
}
const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!

async function enter(page: Page, server: Server): Promise<void> {
  const boss = server.people.find((p) => p.role === 'admin')!
  const { cookie } = await Api.enter(server.url, boss.user_id)
  await page.context().addCookies([{ name: 'voronka_session', value: cookie, url: server.url }])
}

// 90 KB is the budget and 150 the hard limit. What comes when the page stands and is quiet is told apart.
const screens: [path: string, budget: number, noun?: string][] = [
  ['/board', 90],
  ['/deals/:id', 90, 'deals'],
  ['/deals/list', 90],
  ['/contacts', 90],
  ['/contacts/:id', 90, 'contacts'],
  ['/companies/:id', 90, 'companies'],
  ['/import', 90],
  ['/reports', 90],
  ['/reports/conversion', 90],
  ['/day', 90],
  ['/reports/all', 90],
  ['/reports/funnel', 90],
  ['/reports/subscriptions', 90],
  ['/findings', 90],
  ['/plans', 90],
  ['/plans?view=edit', 90],
  ['/kpi', 90],
  ['/pay', 90],
  ['/touches', 90],
  ['/reviews', 90],
]
for (const [path, budget, noun] of screens)
  test(`размер: первая загрузка ${path}, стили, куски по требованию`, async ({ desk }) => {
    const { page, api } = await desk('head')
    const one = noun && (await api.list<{ id: number }>(noun, noun === 'deals' ? 'status = "open"' : ''))[0]!
    const asked = new Map<string, Promise<Buffer>>()
    page.on('response', (r) => {
      if (!/\/assets\/.*\.(js|css)$/.test(r.url())) return
      const body = r.body()
      body.catch(() => {}) // of what comes when the page closes
      asked.set(r.url(), body)
    })
    // To the frame in which the page stands, by its own clock: what it fetches ahead in the quiet after that is not its
    // first load, however late the test comes to look.
    await page.addInitScript(() => {
      const look = (): void => {
        const bones = [...document.querySelectorAll('.skeleton')].some((bone) => bone.checkVisibility())
        if (document.querySelector('main h1') && !bones) performance.mark('stands')
        else requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
    await page.goto(one ? path.replace(':id', String(one.id)) : path)
    await page.waitForFunction(() => performance.getEntriesByName('stands').length > 0)
    const before = await page.evaluate(() => {
      const { startTime } = performance.getEntriesByName('stands')[0]!
      return performance
        .getEntriesByType('resource')
        .filter((r) => r.startTime < startTime)
        .map((r) => r.name)
    })
    let js = 0
    let css = 0
    let charts = 0
    const first = [...asked].filter(([url]) => before.includes(url))
    for (const [url, body] of first) {
      const kb = gzipped(await body)
      if (url.endsWith('.css')) css += kb
      else if (/chart/i.test(url)) charts += kb
      else js += kb
    }
    figure(`first_load_js_kb ${path}`, js, budget)
    figure(`first_load_css_kb ${path}`, css, 12)
    if (charts > 0) console.log(`  and charts, loaded after: ${charts.toFixed(1)} KB`)
  })

test('размер: ни один кусок не больше положенного', async () => {
  const files = readdirSync(join(dist, 'assets')).filter((f) => f.endsWith('.js'))
  expect(files.length).toBeGreaterThan(3)
  const sizes = files
    .map((f) => ({ f, kb: gzipped(readFileSync(join(dist, 'assets', f))) }))
    .sort((a, b) => b.kb - a.kb)
  figure(`largest_chunk_kb ${sizes[0]!.f.replace(/-[\w-]{8}\.js$/, '')}`, sizes[0]!.kb, 30)
})

test('доска на 5 000 сделок: время, элементы, память', async ({ page, crowded, path }) => {
  await enter(page, crowded)
  // The first page of a browser also pays for starting it.
  await page.goto(crowded.url + path)
  await expect(page.locator('[data-card]').first()).toBeVisible()
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const fresh = await page.context().newPage()
    await fresh.goto(`${crowded.url}/favicon.svg`)
    const m = await meter(fresh)
    const before = await m.cpu()
    await fresh.goto(crowded.url + path)
    await expect(fresh.locator('.total strong')).toHaveText(/5.000/)
    await expect(fresh.locator('[data-card]').first()).toBeVisible()
    times.push((await m.cpu()) - before)
    if (i === 2) {
      figure('board_5000_elements', await fresh.evaluate(() => document.querySelectorAll('*').length), 2500)
      figure('board_5000_heap_mb', await m.heap(), 8)
    }
    await fresh.close()
  }
  figure('board_5000_ready_cpu_ms', median(times), 400, 3)
})

test('перенос, фильтр и прокрутка на 5 000 сделок', async ({ page, crowded, path }) => {
  await enter(page, crowded)
  await page.goto(crowded.url + path)
  await expect(page.locator('[data-card]').first()).toBeVisible()
  const m = await meter(page)
  const moves: number[] = []
  await page.keyboard.press('ArrowDown')
  for (let i = 0; i < 8; i++) {
    const card = page.locator('[data-card]:focus')
    const id = await card.getAttribute('data-card')
    const from = await card.locator('xpath=ancestor::section').getAttribute('aria-labelledby')
    const before = await m.cpu()
    await page.keyboard.press(i % 2 ? 'Alt+ArrowLeft' : 'Alt+ArrowRight')
    await expect(page.locator(`section:not([aria-labelledby=${from}]) #card-${id}`)).toBeFocused()
    moves.push((await m.cpu()) - before)
  }
  figure('move_cpu_ms', median(moves), 50, 3)

  const filters: number[] = []
  for (const word of ['4', '49', '499']) {
    const before = await m.cpu()
    await page.locator('#board-filter').fill(`№ ${word}`)
    await expect(page.locator('.total .quiet')).toBeVisible()
    filters.push((await m.cpu()) - before)
  }
  figure('filter_cpu_ms', median(filters), 100, 3)
  await page.locator('#board-filter').fill('')

  const steps: number[] = []
  for (let i = 1; i <= 10; i++) {
    const before = await m.cpu()
    await page
      .locator('.scroller')
      .first()
      .evaluate((el, top) => (el.scrollTop = top), i * 600)
    steps.push((await m.cpu()) - before)
  }
  figure('scroll_step_cpu_ms', median(steps), 12, 3)
})

test('прокрутка списка на 5 000 сделок', async ({ page, crowded }) => {
  await enter(page, crowded)
  await page.goto(`${crowded.url}/deals/list`)
  const grid = page.locator('[data-list]')
  await expect(grid.locator('[data-row]').first()).toBeVisible()
  await page.waitForTimeout(1000) // what comes in the quiet
  const m = await meter(page)
  for (const [name, by, budget] of [
    ['list_scroll_step_cpu_ms', 100, 12],
    ['list_scroll_page_cpu_ms', 600, 24],
  ] as const) {
    const steps: number[] = []
    for (let i = 0; i < 12; i++) {
      const before = await m.cpu()
      await grid.evaluate((el, more) => (el.scrollTop += more), by)
      steps.push((await m.cpu()) - before)
    }
    figure(name, median(steps), budget, 3)
  }
})

test('отчёт о конверсии', async ({ desk }) => {
  const { page } = await desk('head')
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const fresh = await page.context().newPage()
    await fresh.goto('/favicon.svg')
    const m = await meter(fresh)
    const before = await m.cpu()
    await fresh.goto('/reports/conversion?by=owner')
    await expect(fresh.getByRole('table').first()).toBeVisible()
    times.push((await m.cpu()) - before)
    await fresh.close()
  }
  figure('report_cpu_ms', median(times), 250, 3)
})

test('память: шестьдесят раз открыть и закрыть сделку', async ({ page, crowded, path }) => {
  await enter(page, crowded)
  await page.goto(crowded.url + path)
  await page.locator('[data-card]').first().focus()
  const m = await meter(page)
  const panel = page.locator('aside article')
  const times: number[] = []
  const settled: number[] = []
  /** The page itself tells when the deal stands: a test that looks again and again costs as much as what it measures. */
  const stands = () =>
    page.evaluate(
      () =>
        new Promise<void>((done) => {
          const watch = new MutationObserver(() => {
            if (!document.querySelector('aside article header h1')) return
            watch.disconnect()
            done()
          })
          watch.observe(document.body, { childList: true, subtree: true })
        }),
    )
  const round = async (n: number) => {
    for (let i = 0; i < n; i++) {
      const before = i < 9 ? await m.cpu() : 0
      const standing = stands()
      await page.keyboard.press('Enter')
      await standing
      if (i < 9) times.push((await m.cpu()) - before)
      if (i < 9) {
        // What stands beside the work comes one after another, when the page is quiet.
        await page.waitForTimeout(500)
        settled.push((await m.cpu()) - before)
      }
      await page.keyboard.press('Escape')
      await expect(panel).toHaveCount(0)
    }
  }
  await round(15) // caches fill
  const before = await m.heap()
  await round(60)
  const after = await m.heap()
  figure('heap_growth_60_opens_mb', Math.max(0, after - before), 1)
  figure('open_deal_cpu_ms', median(times.slice(9)), 50, 3)
  figure('open_deal_settled_cpu_ms', median(settled.slice(9)), 100, 3)
})
