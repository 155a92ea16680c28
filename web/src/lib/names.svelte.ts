// Names behind ids: from the catalogue of the session, else asked for, all that a screen needs in one request.
import { get } from './api'
import { i18n } from './i18n.svelte'
import { live } from './live'
import { quote } from './quote'
import { schema, titleField, type SchemaField } from './schema.svelte'
import { session } from './session.svelte'
import type { List } from './types'

export interface Found {
  id: number
  name: string
  hint: string
}
interface Row {
  id: number
  [field: string]: unknown
}
const AT_ONCE = 200
/** What helps to tell two of the same name apart. */
const hints: Record<string, string[]> = {
  contact: ['phone', 'email'],
  company: ['inn', 'phone'],
  product: ['sku'],
  deal: [],
}

class Names {
  #known = $state.raw<ReadonlyMap<string, string>>(new Map())
  #asked = new Set<string>()
  #wanted = new Map<string, Set<number>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #listens = false

  /** The name, or undefined while it is being asked for. Reactive: read it in markup. */
  of(object: string, id: number): string | undefined {
    const own = this.#catalogue(object, id)
    if (own !== undefined) return own
    const known = this.#known.get(`${object} ${id}`)
    if (known === undefined) this.#want(object, id)
    return known
  }
  /** Will be shown soon: asked for together, before each of them is. */
  expect(field: SchemaField, ids: Iterable<number>): void {
    if (!field.ref || field.options) return
    for (const id of ids)
      if (this.#catalogue(field.ref, id) === undefined && !this.#known.has(`${field.ref} ${id}`))
        this.#want(field.ref, id)
  }
  /** What a person reads for a value of a ref field. */
  ofField(field: SchemaField, id: number): string {
    const option = field.options?.find((o) => o.id === id)
    return option?.name ?? this.of(field.ref ?? '', id) ?? `№ ${id}`
  }
  /** All that can be chosen, when it is short enough to be known here; null: the server is to be searched. */
  choices(field: SchemaField, now: readonly number[] = []): Found[] | null {
    const kept = (x: { id: number; archived?: boolean }) => !x.archived || now.includes(x.id)
    const plain = (list: readonly { id: number; name: string; archived?: boolean }[]) =>
      list.filter(kept).map((x) => ({ id: x.id, name: x.name, hint: '' }))
    if (field.options) return plain(field.options)
    const boot = session.boot
    switch (field.ref) {
      case 'user':
        return plain((boot?.users ?? []).filter((u) => u.active !== false || now.includes(u.id)))
      case 'funnel':
        return plain(session.funnels)
      case 'stage':
        return session.funnels.flatMap((f) =>
          f.stages
            .filter(kept)
            .map((s) => ({ id: s.id, name: s.name, hint: session.funnels.length > 1 ? f.name : '' })),
        )
      case 'source':
        return plain(boot?.sources ?? [])
      case 'campaign':
        return plain(boot?.campaigns ?? [])
      case 'loss-reason':
        return plain(boot?.loss_reasons ?? [])
      case 'deal-class':
        return plain(boot?.deal_classes ?? [])
      case 'tag':
        return plain(boot?.tags ?? [])
      case 'product':
        return plain(boot?.products ?? [])
    }
    return null
  }
  /** Finds on the server while one types. */
  async search(object: string, text: string, signal?: AbortSignal): Promise<Found[]> {
    const title = titleField(object)
    const more = hints[object] ?? []
    const want = text.trim()
    const filter = want ? [title, ...more].map((f) => `${f} ~ ${quote(want)}`).join(' or ') : ''
    const query = new URLSearchParams({
      ...{ limit: '20', sort: want ? title : '-updated_at', filter },
      fields: ['id', title, ...more].join(','),
    })
    const rows = (await get<List<Row>>(`/api/${schema.plural(object)}?${query}`, signal)).items
    this.#take(object, rows)
    return rows.map((r) => ({
      id: r.id,
      name: String(r[title] ?? `№ ${r.id}`),
      hint: String(more.map((f) => r[f]).find(Boolean) ?? ''),
    }))
  }
  /** A name that somebody has learned on the way. */
  learn(object: string, id: number, name: string): void {
    this.#take(object, [{ id, [titleField(object)]: name }])
  }
  #catalogue(object: string, id: number): string | undefined {
    const boot = session.boot
    const found = (list: readonly { id: number; name: string }[] | undefined) =>
      list?.find((x) => x.id === id)?.name
    switch (object) {
      case 'user':
        return session.users.get(id)?.name
      case 'stage':
        return session.stages.get(id)?.name
      case 'funnel':
        return found(boot?.funnels)
      case 'source':
        return session.sources.get(id)?.name
      case 'campaign':
        return found(boot?.campaigns)
      case 'loss-reason':
        return found(boot?.loss_reasons)
      case 'deal-class':
        return found(boot?.deal_classes)
      case 'tag':
        return session.tags.get(id)?.name
      case 'product':
        return found(boot?.products)
    }
    return undefined
  }
  #want(object: string, id: number): void {
    if (!object || this.#asked.has(`${object} ${id}`)) return
    let ids = this.#wanted.get(object)
    if (!ids) this.#wanted.set(object, (ids = new Set()))
    ids.add(id)
    this.#asked.add(`${object} ${id}`)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#flush(), 10)
  }
  async #flush(): Promise<void> {
    const wanted = this.#wanted
    this.#wanted = new Map()
    this.#listen()
    for (const [object, ids] of wanted) {
      const all = [...ids]
      for (let i = 0; i < all.length; i += AT_ONCE) await this.#load(object, all.slice(i, i + AT_ONCE))
    }
  }
  async #load(object: string, ids: readonly number[]): Promise<void> {
    const title = titleField(object)
    const query = new URLSearchParams({
      ...{ limit: String(AT_ONCE), fields: `id,${title}` },
      filter: ids.length === 1 ? `id = ${ids[0]}` : `id in (${ids.join(', ')})`,
    })
    try {
      this.#take(object, (await get<List<Row>>(`/api/${schema.plural(object)}?${query}`)).items)
    } catch {
      // No network: asked again when somebody needs them next time.
      ids.forEach((id) => this.#asked.delete(`${object} ${id}`))
    }
  }
  #take(object: string, rows: readonly Row[]): void {
    if (rows.length === 0) return
    const title = titleField(object)
    const next = new Map(this.#known)
    for (const r of rows) {
      next.set(`${object} ${r.id}`, String(r[title] ?? ''))
      this.#asked.add(`${object} ${r.id}`)
    }
    this.#known = next
  }
  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    live('/api/events', -1, {
      change: ({ object, object_id, set }) => {
        const name = set[titleField(object)]?.[1]
        if (typeof name === 'string' && this.#known.has(`${object} ${object_id}`))
          this.learn(object, object_id, name)
      },
      // Nobody knows what was renamed meanwhile: all that are known are asked for again, and shown until then.
      reset: () => {
        this.#asked.clear()
        for (const key of this.#known.keys()) {
          const [object, id] = key.split(' ')
          this.#want(object!, Number(id))
        }
      },
    })
  }
}
export const names = new Names()

/** Where an object has a page of its own. */
export function pageOf(object: string, id: number): string | null {
  const places: Record<string, string> = {
    deal: 'deals',
    contact: 'contacts',
    company: 'companies',
    product: 'products',
  }
  return places[object] ? `/${places[object]}/${id}` : null
}
/** Order of names as people expect it. */
export function byName(a: Found, b: Found): number {
  return a.name.localeCompare(b.name, i18n.locale, { numeric: true })
}
