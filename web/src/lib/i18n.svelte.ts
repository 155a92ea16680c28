// All text comes from i18n/*.json. Keys are typed by the Russian catalogue; a test proves that the English one matches.
import type ru from '../../../i18n/ru.json'

export type Locale = 'ru' | 'en'
/** What begins like this is the server's and not sent to the browser (vite.config.ts). */
type ServerPart = 'error' | 'problem' | 'lint' | 'regulation' | 'gate' | 'classifier'
type ServerKey = `${ServerPart | 'object' | 'operation' | 'mail' | 'export' | 'told'}.${string}`
/** Of reports the browser has what stands around the figures; what the figures are called comes with them. */
type ReportKey = Extract<keyof typeof ru, `report.${string}`>
type OwnReportKey = `report.${'page' | 'by' | 'param' | 'choice' | 'group_of'}.${string}`
export type Key = Exclude<keyof typeof ru, ServerKey | Exclude<ReportKey, OwnReportKey>>
/** The stems of plural texts: "board.deals" for board.deals.one, .few, .many, .other. */
export type PluralKey = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never
export type Params = Record<string, string | number>
type Catalogue = Record<string, string>

type Load = Record<Locale, () => Promise<{ default: Catalogue }>>
const load: Load = {
  ru: () => import('../../../i18n/ru.json'),
  en: () => import('../../../i18n/en.json'),
}
/** Texts of screens that most people open seldom come with them (vite.config.ts says which are in which part). */
const parts = {
  settings: { ru: () => import('texts:settings:ru'), en: () => import('texts:settings:en') },
  rules: { ru: () => import('texts:rules:ru'), en: () => import('texts:rules:en') },
  card: { ru: () => import('texts:card:ru'), en: () => import('texts:card:en') },
  deal: { ru: () => import('texts:deal:ru'), en: () => import('texts:deal:en') },
  board: { ru: () => import('texts:board:ru'), en: () => import('texts:board:en') },
  work: { ru: () => import('texts:work:ru'), en: () => import('texts:work:en') },
  list: { ru: () => import('texts:list:ru'), en: () => import('texts:list:en') },
  client: { ru: () => import('texts:client:ru'), en: () => import('texts:client:en') },
  signin: { ru: () => import('texts:signin:ru'), en: () => import('texts:signin:en') },
  report: { ru: () => import('texts:report:ru'), en: () => import('texts:report:en') },
  insight: { ru: () => import('texts:insight:ru'), en: () => import('texts:insight:en') },
  import: { ru: () => import('texts:import:ru'), en: () => import('texts:import:en') },
  tasks: { ru: () => import('texts:tasks:ru'), en: () => import('texts:tasks:en') },
  over: { ru: () => import('texts:over:ru'), en: () => import('texts:over:en') },
} satisfies Record<string, Load>
export type TextPart = keyof typeof parts

class I18n {
  locale = $state<Locale>('ru')
  texts = $state.raw<Catalogue>({})

  /** Asked for by screens, perhaps before the language is known: main.ts loads the first screen at once. */
  #parts = new Map<TextPart, Promise<void>>()
  #begun = () => {}
  #using = new Promise<void>((begun) => (this.#begun = begun))

  async use(locale: Locale): Promise<void> {
    const using = this.#use(locale)
    void using.then(this.#begun)
    this.#using = using
    return using
  }
  /** Before a screen that has texts of its own is shown. */
  with(part: TextPart): Promise<void> {
    let asked = this.#parts.get(part)
    if (!asked) {
      this.#parts.set(part, (asked = this.#add(part)))
      // What did not come without a network is asked for again by who needs it next.
      asked.catch(() => this.#parts.delete(part))
    }
    return asked
  }
  async #use(locale: Locale): Promise<void> {
    const loads = [load[locale](), ...[...this.#parts.keys()].map((part) => parts[part][locale]())]
    this.texts = Object.assign({}, ...(await Promise.all(loads)).map((loaded) => loaded.default)) as Catalogue
    this.locale = locale
    formats.clear()
    document.documentElement.lang = locale
  }
  async #add(part: TextPart): Promise<void> {
    for (;;) {
      await this.#using
      const { locale } = this
      const more = (await parts[part][locale]()).default
      // Another language was chosen meanwhile: its texts are wanted.
      if (locale !== this.locale) continue
      this.texts = { ...this.texts, ...more }
      return
    }
  }
}
export const i18n = new I18n()

export function fill(text: string, params?: Params): string {
  return params ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)) : text
}
export function t(key: Key, params?: Params): string {
  return fill(i18n.texts[key] ?? key, params)
}
/** The text for a count; the count itself is {n}, written in the user's way. */
export function plural(stem: PluralKey, n: number, params?: Params): string {
  const form = pluralRules().select(n)
  const text = i18n.texts[`${stem}.${form}`] ?? i18n.texts[`${stem}.other`] ?? stem
  return fill(text, { n: num(n), ...params })
}

// Intl objects are slow to make, so each is made once a locale.
const formats = new Map<string, unknown>()
function cached<T>(name: string, make: (locale: Locale) => T): T {
  const key = `${i18n.locale} ${name}`
  let found = formats.get(key) as T | undefined
  if (!found) formats.set(key, (found = make(i18n.locale)))
  return found
}
const pluralRules = () => cached('plural', (l) => new Intl.PluralRules(l))

export function num(n: number, digits = 0): string {
  return cached(`num ${digits}`, (l) => new Intl.NumberFormat(l, { maximumFractionDigits: digits })).format(n)
}
export function percent(share: number, digits = 0): string {
  const style = { style: 'percent', maximumFractionDigits: digits } as const
  return cached(`percent ${digits}`, (l) => new Intl.NumberFormat(l, style)).format(share)
}
/** How many minor units make one unit of the currency. */
export function minorUnits(currency: string): number {
  return cached(`minor ${currency}`, (l) => {
    const f = new Intl.NumberFormat(l, { style: 'currency', currency })
    return { factor: 10 ** (f.resolvedOptions().maximumFractionDigits ?? 2) }
  }).factor
}
/** Currencies whose sign most fonts lack (the som's U+20C0 is of 2021) go by their code. */
const signless = new Set(['KGS'])
const display = (currency: string) => (signless.has(currency) ? 'code' : 'narrowSymbol')
export function money(minor: number, currency: string): string {
  const factor = minorUnits(currency)
  const whole = minor % factor === 0
  const f = cached(`money ${currency} ${whole}`, (l) => {
    const digits = whole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {}
    return new Intl.NumberFormat(l, {
      style: 'currency',
      currency,
      currencyDisplay: display(currency),
      ...digits,
    })
  })
  return f.format(minor / factor)
}
/** Short form for sums in headers: 2,3 млрд ₽. */
export function moneyShort(minor: number, currency: string): string {
  const f = cached(`short ${currency}`, (l) => {
    const style = {
      style: 'currency',
      currency,
      currencyDisplay: display(currency),
      notation: 'compact',
    } as const
    return new Intl.NumberFormat(l, { ...style, minimumFractionDigits: 0, maximumFractionDigits: 1 })
  })
  return f.format(minor / minorUnits(currency))
}
export type DateStyle = 'day' | 'dayYear' | 'time' | 'full' | 'month'
const dateStyles: Record<DateStyle, Intl.DateTimeFormatOptions> = {
  day: { day: 'numeric', month: 'short' },
  dayYear: { day: 'numeric', month: 'short', year: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit' },
  full: { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  month: { month: 'long', year: 'numeric' },
}
export function date(at: number, style: DateStyle = 'day'): string {
  return cached(`date ${style}`, (l) => new Intl.DateTimeFormat(l, dateStyles[style])).format(at)
}
export function compare(a: string, b: string): number {
  return cached('collator', (l) => new Intl.Collator(l, { numeric: true })).compare(a, b)
}
