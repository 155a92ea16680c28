// Who is signed in, and the catalogue that every screen needs: funnels, people, sources, reasons, tags.
import { get, onSignedOut, Problem, request, setCsrf } from './api'
import { clock } from './clock.svelte'
import { compare, i18n, type Locale } from './i18n.svelte'
import { settings } from './settings.svelte'
import { BrowserShelf, MemoryShelf } from './shelf'
import { Sync } from './sync.svelte'
import type { Boot, Change, Funnel, Stage, User } from './types'

/** Objects of which /api/boot has a list. */
const catalogue = new Set([
  'funnel',
  'stage',
  'user',
  'source',
  'campaign',
  'loss-reason',
  'deal-class',
  'tag',
  'product',
])

class Session {
  boot = $state.raw<Boot | null>(null)
  state = $state<'starting' | 'out' | 'in' | 'failed'>('starting')
  /** Signed out by the server in the middle of the work. */
  expired = $state(false)

  funnels = $derived(
    (this.boot?.funnels ?? []).filter((f) => !f.archived).sort((a, b) => a.position - b.position),
  )
  stages = $derived(
    new Map((this.boot?.funnels ?? []).flatMap((f) => f.stages.map((s): [number, Stage] => [s.id, s]))),
  )
  users = $derived(new Map((this.boot?.users ?? []).map((u) => [u.id, u])))
  people = $derived(
    (this.boot?.users ?? []).filter((u) => u.active !== false).sort((a, b) => compare(a.name, b.name)),
  )
  sources = $derived(new Map((this.boot?.sources ?? []).map((s) => [s.id, s])))
  tags = $derived(new Map((this.boot?.tags ?? []).map((s) => [s.id, s])))

  #again: ReturnType<typeof setTimeout> | undefined
  #who: number | null = null

  get user(): User {
    if (!this.boot) throw new Error('nobody is signed in')
    return this.boot.user
  }
  /** Observers read; everybody else writes. */
  get canWrite(): boolean {
    return this.boot !== null && this.boot.user.role !== 'observer'
  }
  get currency(): string {
    return this.boot?.settings.currency ?? 'RUB'
  }
  funnel(id: number): Funnel | undefined {
    return this.boot?.funnels.find((f) => f.id === id)
  }
  /** Those that a person may give; the ones of timers are not for people. */
  lossReasons(funnelId: number) {
    return (this.boot?.loss_reasons ?? []).filter(
      (r) => !r.archived && !r.timeout && (r.funnel_id === null || r.funnel_id === funnelId),
    )
  }

  async start(): Promise<void> {
    onSignedOut(() => this.#out())
    const inlined = document.getElementById('boot')?.textContent ?? ''
    const boot = inlined.trim() ? (JSON.parse(inlined) as Boot | null) : null
    if (boot) return this.#in(boot)
    await i18n.use(settings.locale)
    await this.load()
  }
  /** Asks for the catalogue again (after signing in, or when others changed it). */
  async load(): Promise<void> {
    try {
      await this.#in(await get<Boot>('/api/boot'))
    } catch (e) {
      if (e instanceof Problem && e.status === 401) this.#out()
      else if (this.state === 'starting') this.state = 'failed'
    }
  }
  /** Somebody changed what the catalogue holds: ask again, once for many changes. */
  heard({ object }: Change): void {
    if (!catalogue.has(object)) return
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.load(), 500)
  }
  /** Rejects with code_needed when the account has a second factor. */
  async signIn(email: string, password: string, code?: string): Promise<void> {
    await request('POST', '/api/session', { body: { email, password, ...(code ? { code } : {}) } })
    await this.load()
  }
  async signInAs(userId: number): Promise<void> {
    await request('POST', '/api/demo/session', { body: { user_id: userId } })
    await this.load()
  }
  async signOut(): Promise<void> {
    await request('DELETE', '/api/session')
    // A new page: nothing of this user stays in memory for the next one at the same desk.
    location.assign('/')
  }
  async setLocale(locale: Locale): Promise<void> {
    settings.locale = locale
    await i18n.use(locale)
    if (!this.boot) return
    const { data } = await request<User>('PATCH', `/api/users/${this.user.id}`, { body: { locale } })
    this.boot = { ...this.boot, user: { ...this.boot.user, locale: data.locale, version: data.version } }
  }
  async #in(boot: Boot): Promise<void> {
    // Somebody else at the same desk, after the session had ended: a new page, where nothing is left of the first one.
    if (this.#who !== null && this.#who !== boot.user.id) return location.reload()
    this.#who = boot.user.id
    setCsrf(boot.csrf)
    clock.set(boot.now)
    settings.locale = boot.user.locale
    await i18n.use(boot.user.locale)
    this.boot = boot
    this.expired = false
    this.state = 'in'
  }
  #out(): void {
    this.expired = this.state === 'in'
    setCsrf('')
    this.boot = null
    this.state = 'out'
  }
}
export const session = new Session()

const shelf =
  typeof indexedDB === 'undefined' ? new MemoryShelf() : new BrowserShelf(() => session.boot?.user.id ?? 0)
export const sync = new Sync(shelf)
