// What the first page costs, gzipped: the entry with everything it imports, plus the texts and the board. `npm run budget`
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const limits = { js: 90, css: 12, chunk: 30 }
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist)))
const kb = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 6 }).length / 1024

function collect(key, found = new Set()) {
  if (found.has(key)) return found
  found.add(key)
  for (const next of manifest[key].imports ?? []) collect(next, found)
  return found
}
const entry = Object.keys(manifest).find((k) => manifest[k].isEntry)
// What a page can begin with: the screens of the routes, and the pages of the settings.
const settings = 'src/screens/settings/Settings.svelte'
const screens = [entry, 'src/seldom.ts', settings]
  .flatMap((key) => manifest[key]?.dynamicImports ?? [])
  .filter((k) => k.startsWith('src/screens/'))
let missed = false
function line(name, value, limit) {
  missed ||= value > limit
  console.log(`${name} ${value.toFixed(1)} ${limit}${value > limit ? ' MISS' : ''}`)
}
for (const screen of screens) {
  const keys = [...collect(screen, collect(entry)), '../i18n/ru.json']
  const js = keys.reduce((sum, k) => sum + kb(manifest[k].file), 0)
  const css = new Set(keys.flatMap((k) => manifest[k].css ?? []))
  line(`first_load_js_kb ${screen}`, js, limits.js)
  line(
    `first_load_css_kb ${screen}`,
    [...css].reduce((sum, file) => sum + kb(file), 0),
    limits.css,
  )
}
const lazy = Object.values(manifest).filter((c) => c.file.endsWith('.js'))
line('largest_chunk_kb', Math.max(...lazy.map((c) => kb(c.file))), limits.chunk)
process.exit(missed ? 1 : 0)
