import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

// The headless shell shows the same pages for a third less of processor time; a release without it has the browser.
const shell = '/usr/bin/chromium-headless-shell'
const browser = existsSync(shell) ? shell : '/usr/bin/chromium'

// The tests reckon their days as the company of the demo and the browser do, wherever and at whatever hour they run.
process.env.TZ = 'Europe/Moscow'

// Scenarios against the real server (VORONKA_BIN, else build/voronka) in the system's Chromium; nothing is downloaded.
export default defineConfig({
  testDir: '../tests/e2e',
  outputDir: '../tests/e2e/results',
  fullyParallel: true,
  workers: 2,
  // A full run tries again what failed, and names it; ./test --only e2e shows each failure as it is.
  retries: Number(process.env.E2E_RETRIES ?? 0),
  forbidOnly: true,
  // What comes, comes at once; these are for a machine that is busy with something else.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    browserName: 'chromium',
    locale: 'ru-RU',
    timezoneId: 'Europe/Moscow',
    viewport: { width: 1360, height: 800 },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? browser,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
