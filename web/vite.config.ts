/// <reference types="vitest/config" />
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig, type Plugin } from 'vite'

// The development server passes /api on to a running voronka; VORONKA_URL names another one than ./run starts.
const server = process.env.VORONKA_URL ?? 'http://127.0.0.1:8080'

// The server words its errors itself; their texts need not travel to the browser. Those of some screens come with them
// (texts:settings:ru): most people open them seldom, everybody waits for the first page.
// Of reports the browser has what stands around the figures; what the figures are called comes with them.
const serverTexts =
  /^(error|problem|lint|regulation|gate|classifier)\.|^report\.(?!(page|by|param|choice|group_of)\.)/
const later: Record<string, RegExp> = {
  settings:
    /^(settings|webhook|preset|field\.(funnel|stage|tag|source|campaign|loss-reason|deal-class|user|team|role|webhook|custom-field|field-option|layout|view|operation|notification|wait|deal|contact|company|task|note|file|product|deal-product|contact-point|deal-member|ad-cost|currency-rate|programme|touch|kpi|plan|pay-scheme|finding|subscription|dashboard))\./,
  rules:
    /^(designer|rules|manual|health|review|field\.(trigger|funnel-draft|involvement|review|review-item|regulation-read))\./,
  card: /^(timeline\.(?!(days|hours|minutes)\.|(today|yesterday|more|system|none|undone|no|yes|spent_over|was|became)$)|(owners|work|field\.goal)\.)/,
  work: /^(members|move|buyers|auto|finish|day|stage_info|classifiers|offers|ladder|field\.(gate|buyer|classifier|competitor|competitor-offer))\./,
  board:
    /^board\.(?!(add|deals\.\w+|lose|loss_comment|loss_reason|loss_reason_missing|no_funnels|no_match_text|no_value|peek|unselect|win)$)/,
  list: /^(bulk\.|list\.(?!(deals|contacts|companies|products|tasks|touches)$))/,
  client: /^(merge\.|client\.(?!(contact|company)$)|points\.|duplicates\.(?!title$))/,
  signin: /^(signin\.|invite\.(?!title$))/,
  report: /^(report|dashboard)\./,
  import: /^import\./,
  insight: /^(findings|plans|kpi|pay|chance)\./,
}
/** The texts of one part, or those that belong to none. */
function texts(json: string, part: string | null): string {
  const of = (key: string) => Object.keys(later).find((name) => later[name]!.test(key)) ?? null
  const own = Object.entries(JSON.parse(json)).filter(([key]) => !serverTexts.test(key) && of(key) === part)
  return JSON.stringify(Object.fromEntries(own))
}
const webTexts: Plugin = {
  name: 'web-texts',
  enforce: 'pre',
  resolveId: (id) => (id.startsWith('texts:') ? `\0${id}` : undefined),
  load(id) {
    const [, part, locale] = /^\0texts:(\w+):(\w+)$/.exec(id) ?? []
    if (!part) return
    const file = fileURLToPath(new URL(`../i18n/${locale}.json`, import.meta.url))
    this.addWatchFile(file)
    return { code: `export default ${texts(readFileSync(file, 'utf8'), part)}`, map: null, moduleType: 'js' }
  },
  transform(code, id) {
    if (/\/i18n\/\w+\.json$/.test(id)) return { code: texts(code, null), map: null }
  },
}

/** The icons of the library work out at run time what never changes, which costs more than the rest of a row of a list.
 * Here they are what they show: size is all that is ever asked of them, the look is in css/base.css. */
const icons: Plugin = {
  name: 'plain-icons',
  enforce: 'pre',
  transform(code, id) {
    if (!/@lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/.test(id)) return
    const data = /const iconData = (\{.*\});/.exec(code)?.[1]
    if (!data) throw new Error(`${id} is not an icon as they were`)
    const { size, node } = JSON.parse(data) as { size: number; node: [string, Record<string, string>][] }
    const attributes = (all: Record<string, string>) =>
      Object.entries(all)
        .filter(([name]) => name !== 'key')
        .map(([name, value]) => ` ${name}="${value}"`)
        .join('')
    const shapes = node.map(([tag, all]) => `<${tag}${attributes(all)} />`).join('')
    const svg = `<svg class="icon-svg" aria-hidden="true" viewBox="0 0 ${size} ${size}" width={size ?? ${size}} height={size ?? ${size}}>`
    return { code: `<script>const { size } = $props()</script>${svg}${shapes}</svg>`, map: null }
  },
}

export default defineConfig({
  plugins: [webTexts, icons, svelte(), svelteTesting()],
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    manifest: true,
    assetsInlineLimit: 0, // the content security policy has no data: URLs
    modulePreload: { polyfill: false },
    // An icon alone is 0.3 KB on the wire, most of it the same in each: those of several screens come together.
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: 'icons', test: /lucide.*icons/, minShareCount: 2 }],
        },
      },
    },
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
