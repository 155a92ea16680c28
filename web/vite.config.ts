/// <reference types="vitest/config" />
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig, type Plugin } from 'vite'

// The development server passes /api on to a running voronka; VORONKA_URL names another one than ./run starts.
const server = process.env.VORONKA_URL ?? 'http://127.0.0.1:8080'

// The server words its errors itself; their texts need not travel to the browser, nor do those of its letters, of the
// tasks it sets and of what its objects are called. Those of some screens come with them (texts:settings:ru): most people
// open them seldom, everybody waits for the first page.
// Of reports the browser has what stands around the figures; what the figures are called comes with them.
const serverTexts =
  /^(error|problem|lint|regulation|gate|classifier|object|operation|mail|export|told)\.|^report\.(?!(page|by|param|choice|group_of)\.)/
const later: Record<string, RegExp> = {
  settings:
    /^(settings|webhook|preset|field\.(funnel|stage|tag|source|campaign|loss-reason|deal-class|user|team|role|webhook|custom-field|field-option|layout|view|operation|notification|wait|deal|contact|company|task|note|file|product|deal-product|contact-point|deal-member|ad-cost|currency-rate|programme|touch|kpi|plan|pay-scheme|finding|subscription|dashboard))\./,
  rules:
    /^(designer|rules|manual|health|review|field\.(trigger|funnel-draft|involvement|review|review-item|regulation-read))\./,
  deal: /^deal\.(back$|client_|company_(add|change|choose)|contact_(actions|add|change|choose|done|edit|main|make_main|remove)|delete$|failed$|firm\.|focus_fields$|from_stage|gone|in_stage|lose$|missing|moved$|next|other_deals|over_norm_why|own_fields|people$|person\.|previous|print$|reopen|restore|saved$|stage_(go|now)|stages$|tabs$|tag_(add|remove)|utm(_none)?$)/,
  card: /^(timeline\.(?!(today|more|system|none|undone|no|yes|spent_over)$)|(owners|work|field\.goal|note)\.|deal\.(?!page$|fill_in$|field_saved$|copy_failed$|open_page$|days\.|defer$|win$|value_minor$|product)|task\.(composer|message_|none$|note_|tab\.|open$|plan$|delete|done_mark))/,
  work: /^(deal\.product|files\.(?!(b|kb|mb|gb|added)$)|members|move|buyers|auto|finish|day|stage_info|classifiers|offers|ladder|field\.(gate|buyer|classifier|competitor|competitor-offer))\./,
  board:
    /^(filter\.(?!(clear|expert|to_chips|to_text)$)|density\.|order\.)|^board\.(?!(add|deals\.\w+|lose|loss_comment|loss_reason|loss_reason_missing|no_funnels|no_match_text|no_value|peek|unselect|win)$)/,
  list: /^(bulk\.|list\.(?!(deals|contacts|companies|products|tasks|touches)$))/,
  client: /^(merge\.|client\.(?!(contact|company)$)|points\.|duplicates\.(?!title$))/,
  signin: /^(signin\.|invite\.(?!title$))/,
  report: /^(report|dashboard)\./,
  import: /^import\./,
  insight: /^(findings|finding\.(near|place)|measure|plans|kpi|pay|chance)\./,
  tasks:
    /^task\.(any_kind|carry|count|cut|earlier|late_before|later_days|more|moved|nothing|of_person|overdue|section\.|view(\.|$)|who\.)/,
  // What opens over any screen: the palette, the list of what is new.
  over: /^(search\.|notification\.|notices\.(?!(title|unread)(\.|$))|finding\.|palette\.placeholder$)/,
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
 * Here they are what they show, and all of them share one function: a size that is set once is all that is ever asked of
 * them, the look is in css/base.css. */
const icons: Plugin = {
  name: 'plain-icons',
  enforce: 'pre',
  resolveId(id, importer) {
    if (id === 'icon-of') return '\0icon-of'
    // The library has an alias beside each icon: two names of one are one.
    if (importer && /lucide.*[\\/]icons$/.test(dirname(importer)) && id.endsWith('.svelte'))
      return `\0${resolve(dirname(importer), id)}.icon`
  },
  load(id) {
    if (id === '\0icon-of')
      // As the compiler would write it for each of them.
      return `import { append, from_svg, set_attribute } from 'svelte/internal/client'
export default (shapes) => {
  const root = from_svg('<svg class="icon-svg" aria-hidden="true" viewBox="0 0 24 24">' + shapes + '</svg>')
  return (anchor, { size = 24 }) => {
    const svg = root()
    set_attribute(svg, 'width', size)
    set_attribute(svg, 'height', size)
    append(anchor, svg)
  }
}`
    const [, file] = /^\0(.*\.svelte)\.icon$/.exec(id) ?? []
    if (!file) return
    const data = /const iconData = (\{.*\});/.exec(readFileSync(file, 'utf8'))?.[1]
    if (!data) throw new Error(`${file} is not an icon as they were`)
    const { size, node } = JSON.parse(data) as { size: number; node: [string, Record<string, string>][] }
    if (size !== 24) throw new Error(`${file} is of another size than the others`)
    const attributes = (all: Record<string, string>) =>
      Object.entries(all)
        .filter(([key]) => key !== 'key')
        .map(([key, value]) => ` ${key}="${value}"`)
        .join('')
    const shapes = node.map(([tag, all]) => `<${tag}${attributes(all)}/>`).join('')
    return {
      code: `import of from 'icon-of'\nexport default /* @__PURE__ */ of(${JSON.stringify(shapes)})`,
      moduleSideEffects: false,
      moduleType: 'js',
    }
  },
}

/** Without runes a component is taken for one of the days before them, and brings along what those needed. */
const own = ({ filename }: { filename: string }) =>
  filename.includes('node_modules') ? undefined : { runes: true }

/** On no card, list, board or day. */
const seldomIcons =
  /icons\/(archive|book-open|book-check|code-xml|copy|external-link|file|file-text|file-spreadsheet|file-up|grip-vertical|info|key-round|layout-dashboard|play|rotate-ccw|rotate-ccw-clock|shield-check|split|triangle-alert)\.svelte/
const library = /node_modules\/(svelte|clsx|esm-env)\/|vite\/preload-helper|rolldown.runtime/
/** What belongs together comes together: many small files cost more on the wire than what they leave out, and their names
 * are told to whoever may ask for them. */
const together = {
  app: /src\/(lib\/(schema|dates|part)\.|ui\/(Chip|Later|combobox)\.|ui\/fields\/editor)/,
  work: /src\/(lib\/(names|quote|taskStep)\.|ui\/fields\/values|card\/times)/,
  fields: /src\/(ui\/fields\/FieldEdit|card\/FieldGroups)\.svelte/,
  card: /src\/(card\/(card|book|files|timeline|names|describe|drafts|rows|host|Composer|Tasks|TaskRow|TimelineView|TimelineEntry|NoteKind|NoteText|mention|FileDrop|taskForm)\.|ui\/(Field|DateText)\.svelte|lib\/layouts|screens\/deal\/Skeleton)/,
}

export default defineConfig({
  plugins: [webTexts, icons, svelte({ dynamicCompileOptions: own }), svelteTesting()],
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
          groups: [
            { name: 'svelte', tags: ['$initial'], test: library, priority: 2 },
            { name: 'svelte-more', test: library, priority: 2 },
            { name: 'app', tags: ['$initial'], priority: 1 },
            ...Object.entries(together).map(([name, test]) => ({ name, test, priority: 1 })),
            { name: 'icons-more', test: seldomIcons, minShareCount: 2, priority: 1 },
            { name: 'icons', test: /lucide.*icons/, minShareCount: 2 },
          ],
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
