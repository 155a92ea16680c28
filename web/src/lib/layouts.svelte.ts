// How the cards show their fields: what an administrator has laid out, else all that there is.
import { get } from './api'
import { live } from './live'
import { schema } from './schema.svelte'
import type { List } from './types'

export interface Group {
  title: string
  fields: string[]
  collapsed?: boolean
}
interface Layout {
  id: number
  object: string
  funnel_id: number | null
  groups: Group[]
}
class Layouts {
  list = $state.raw<readonly Layout[]>([])
  loaded = $state(false)
  #loading: Promise<void> | null = null

  load(): Promise<void> {
    this.#loading ??= this.#fetch().then(
      () =>
        void live('/api/events', -1, {
          change: ({ object }) => object === 'layout' && void this.#fetch().catch(() => {}),
          reset: () => void this.#fetch().catch(() => {}), // the old ones stand until then
        }),
      (e: unknown) => {
        this.#loading = null
        throw e
      },
    )
    return this.#loading
  }
  async #fetch(): Promise<void> {
    this.list = (await get<List<Layout>>('/api/layouts?limit=500')).items
    this.loaded = true
  }
  /** The layout of the funnel, else the general one; null when there is none. */
  of(object: string, funnel: number | null = null): readonly Group[] | null {
    const own = this.list.filter((l) => l.object === object)
    const found =
      own.find((l) => l.funnel_id !== null && l.funnel_id === funnel) ?? own.find((l) => l.funnel_id === null)
    return found ? found.groups : null
  }
  /** Custom fields of an object, in their order. */
  custom(object: string): string[] {
    return (schema.object(object)?.fields ?? []).filter((f) => f.custom).map((f) => f.name)
  }
}
export const layouts = new Layouts()
