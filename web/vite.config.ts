/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig, type Plugin } from 'vite'

// The development server passes /api on to a running voronka; VORONKA_URL names another one than ./run starts.
const server = process.env.VORONKA_URL ?? 'http://127.0.0.1:8080'

// The server words its errors itself; their texts need not travel to the browser. Those of the settings come with them
// (i18n/ru.json?settings): most people open them seldom, everybody waits for the first page.
const serverTexts = /^(error|problem)\./
const settingsTexts =
  /^(settings|webhook|field\.(funnel|stage|tag|source|campaign|loss-reason|deal-class|user|team|role|webhook|custom-field|field-option|layout|view))\./
const webTexts: Plugin = {
  name: 'web-texts',
  enforce: 'pre',
  transform(code, id) {
    const file = /\/i18n\/\w+\.json(\?settings)?$/.exec(id)
    if (!file) return
    const later = file[1] !== undefined
    const own = Object.entries(JSON.parse(code)).filter(
      ([key]) => !serverTexts.test(key) && settingsTexts.test(key) === later,
    )
    return { code: JSON.stringify(Object.fromEntries(own)), map: null }
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
