// What this browser remembers for its user: looks, not data.
import type { Locale } from './i18n.svelte'

export type Theme = 'system' | 'light' | 'dark'
export type Density = 'normal' | 'compact'

function read(name: string): string | null {
  try {
    return localStorage.getItem(`voronka.${name}`)
  } catch {
    return null // storage is blocked: settings last as long as the page
  }
}
function write(name: string, value: string): void {
  try {
    localStorage.setItem(`voronka.${name}`, value)
  } catch {
    // see read()
  }
}
function oneOf<T extends string>(value: string | null, allowed: readonly T[], otherwise: T): T {
  return allowed.find((a) => a === value) ?? otherwise
}

class Settings {
  theme = $state<Theme>(oneOf(read('theme'), ['system', 'light', 'dark'], 'system'))
  density = $state<Density>(oneOf(read('density'), ['normal', 'compact'], 'normal'))

  setTheme(theme: Theme): void {
    this.theme = theme
    write('theme', theme)
    this.apply()
  }
  setDensity(density: Density): void {
    this.density = density
    write('density', density)
  }
  /** The language of the sign-in page; a signed-in user has one in the account. */
  get locale(): Locale {
    const browser = navigator.language.startsWith('ru') ? 'ru' : 'en'
    return oneOf(read('locale'), ['ru', 'en'], browser)
  }
  set locale(locale: Locale) {
    write('locale', locale)
  }
  remember(name: string, value: string): void {
    write(name, value)
  }
  recall(name: string): string | null {
    return read(name)
  }
  apply(): void {
    if (this.theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.theme
  }
}
export const settings = new Settings()
