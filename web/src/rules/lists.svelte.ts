// What the forms of triggers and goals are built from: the catalogue of the server, and the short lists that it has no
// catalogue of (roles, teams).
import { get } from '../lib/api'
import { names } from '../lib/names.svelte'
import { schema } from '../lib/schema.svelte'
import type { List, Role } from '../lib/types'
import { t } from '../lib/i18n.svelte'
import { failure } from '../lib/undo.svelte'
import type { Catalogue } from './model'

export interface Named {
  id: number
  name: string
}
interface RoleRow extends Named {
  builtin: boolean
  base: Role
}
class Lists {
  catalogue = $state.raw<Catalogue | null>(null)
  roles = $state.raw<readonly Named[]>([])
  teams = $state.raw<readonly Named[]>([])
  problem = $state('')

  /** Loads what is not here yet; roles and teams are asked for anew each time. */
  async load(): Promise<void> {
    this.problem = ''
    const list = async (plural: string) =>
      (await get<List<RoleRow>>(`/api/${plural}?limit=500&sort=id`).catch(() => ({ items: [] }))).items
    try {
      const [catalogue, roles, teams] = await Promise.all([
        get<Catalogue>('/api/actions'),
        list('roles'),
        list('teams'),
        schema.load(),
      ])
      this.catalogue = catalogue
      this.roles = roles.map((r) => ({ id: r.id, name: r.builtin ? t(`role.${r.base}`) : r.name }))
      this.teams = teams
      for (const r of this.roles) names.learn('role', r.id, r.name)
    } catch (e) {
      this.problem = failure(e)
    }
  }
}
export const lists = new Lists()
