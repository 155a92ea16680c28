// What this person has opened lately, in this browser: the palette offers it first.
import { settings } from './settings.svelte'
import { session } from './session.svelte'

export interface Recent {
  object: string
  id: number
  title: string
}
const MOST = 8

class RecentList {
  #list = $state.raw<readonly Recent[] | null>(null)
  get list(): readonly Recent[] {
    if (this.#list) return this.#list
    try {
      const kept: unknown = JSON.parse(settings.recall(this.#name) ?? '[]')
      return Array.isArray(kept) ? (kept as Recent[]) : []
    } catch {
      return []
    }
  }
  get #name(): string {
    return `recent.${session.boot?.user.id ?? 0}`
  }
  note(item: Recent): void {
    const others = this.list.filter((r) => r.object !== item.object || r.id !== item.id)
    this.#list = [item, ...others].slice(0, MOST)
    settings.remember(this.#name, JSON.stringify(this.#list))
  }
}
export const recent = new RecentList()
