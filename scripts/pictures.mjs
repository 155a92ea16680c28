// The pictures of the README, taken from the demo company: node scripts/pictures.mjs (after ./run --build).
// PNGs go to docs/img; look at each before committing it.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createRequire } from 'node:module'

const root = resolve(import.meta.dirname, '..')
const { chromium } = createRequire(join(root, 'web/package.json'))('@playwright/test')
const bin = process.env.VORONKA_BIN ?? join(root, 'build/voronka')
const scratch = mkdtempSync(join(tmpdir(), 'voronka-pictures-'))
const data = join(scratch, 'data')
const out = join(root, 'docs/img')
mkdirSync(out, { recursive: true })

execFileSync(bin, ['demo', '--data', data], { stdio: 'ignore' })
const server = spawn(bin, ['serve', '--data', data, '--demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
const base = await new Promise((found) => {
  let text = ''
  server.stdout.on('data', (d) => {
    text += d
    const url = /http:\/\/[\d.]+:\d+/.exec(text)
    if (url) found(url[0])
  })
})
const browser = await chromium.launch({
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'].find(existsSync),
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  for (const locale of ['ru', 'en']) {
    const page = await browser.newPage({ viewport: { width: 1360, height: 800 }, colorScheme: 'light', locale: locale === 'ru' ? 'ru-RU' : 'en-GB', timezoneId: 'Europe/Moscow' })
    const api = page.context().request
    const { people } = await (await api.get(base + '/api/demo')).json()
    const head = people.find((p) => p.role === 'head')
    const { csrf } = await (await api.post(base + '/api/demo/session', { data: { user_id: head.user_id } })).json()
    await api.patch(`${base}/api/users/${head.user_id}`, { data: { locale }, headers: { 'x-csrf-token': csrf } })
    const boot = await (await api.get(base + '/api/boot')).json()
    const funnel = boot.funnels[0].id
    const filter = `funnel_id = ${funnel} and status = "open" and open_tasks > 0`
    const deal = (await (await api.get(`${base}/api/deals?${new URLSearchParams({ filter, sort: 'created_at', limit: '20' })}`)).json()).items.at(-1)
    for (const [name, path, height] of [
      ['board', `/board/${funnel}`, 800],
      ['deal', `/deals/${deal.id}`, 800],
      ['list', `/deals/list?${new URLSearchParams({ filter: 'status = "open" and value_minor >= 5000000', group: 'owner_id' })}`, 800],
      ['conversion', `/reports/conversion?funnel_id=${funnel}&by=owner`, 1000],
      ['dashboard', '/reports', 1000],
    ]) {
      await page.setViewportSize({ width: 1360, height })
      await page.goto(base + path, { waitUntil: 'load' })
      await page.waitForTimeout(name === 'dashboard' ? 5000 : 1500)
      await page.screenshot({ path: join(out, `${name}-${locale}.png`) })
    }
    await page.close()
  }
} finally {
  await browser.close()
  server.kill()
  rmSync(scratch, { recursive: true, force: true })
}
