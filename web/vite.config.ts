/// <reference types="vitest/config" />
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig, type Plugin } from 'vite'

// The development server passes /api on to a running voronka; VORONKA_URL names another one than ./run starts.
const server = process.env.VORONKA_URL ?? 'http://127.0.0.1:8080'

// The server words its errors itself; their texts need not travel to the browser. Those of the settings come with them
// (settings-texts:ru): most people open them seldom, everybody waits for the first page.
const serverTexts = /^(error|problem)\./
const settingsTexts =
  /^(settings|webhook|field\.(funnel|stage|tag|source|campaign|loss-reason|deal-class|user|team|role|webhook|custom-field|field-option|layout|view))\./
function texts(json: string, later: boolean): string {
  const own = Object.entries(JSON.parse(json)).filter(
    ([key]) => !serverTexts.test(key) && settingsTexts.test(key) === later,
  )
  return JSON.stringify(Object.fromEntries(own))
}
const webTexts: Plugin = {
  name: 'web-texts',
  enforce: 'pre',
  resolveId: (id) => (id.startsWith('settings-texts:') ? `\0${id}` : undefined),
  load(id) {
    const locale = /^\0settings-texts:(\w+)$/.exec(id)?.[1]
    if (!locale) return
    const file = fileURLToPath(new URL(`../i18n/${locale}.json`, import.meta.url))
    this.addWatchFile(file)
    return { code: `export default ${texts(readFileSync(file, 'utf8'), true)}`, map: null, moduleType: 'js' }
  },
  transform(code, id) {
    if (/\/i18n\/\w+\.json$/.test(id)) return { code: texts(code, false), map: null }
  },
}

export default defineConfig({
  plugins: [webTexts, svelte(), svelteTesting()],
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    manifest: true,
    assetsInlineLimit: 0, // the content security policy has no data: URLs
    modulePreload: { polyfill: false },
  },
  server: {
    fs: { allow: ['..'] },
    proxy: { '/api': { target: server, changeOrigin: true } },
  },
  test: {
    environment: 'happy-dom',
    isolate: false,
    include: ['src/**/*.test.ts'],
  },
})
