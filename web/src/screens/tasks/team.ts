// Whose tasks "my team" are: those of one's team and of the teams below it; without teams, everybody's.
import { get } from '../../lib/api'
import { session } from '../../lib/session.svelte'
import type { List } from '../../lib/types'

export interface Member {
  id: number
  team_id?: number | null
}
export interface Team {
  id: number
  head_id: number | null
  parent_id: number | null
}
export function membersOf(me: number, people: readonly Member[], teams: readonly Team[]): number[] {
  const own = people.find((p) => p.id === me)?.team_id ?? null
  const within = new Set(teams.filter((x) => x.head_id === me || x.id === own).map((x) => x.id))
  for (let grown = true; grown;) {
    grown = false
    for (const x of teams)
      if (x.parent_id !== null && within.has(x.parent_id) && !within.has(x.id)) {
        within.add(x.id)
        grown = true
      }
  }
  const found = people.filter((p) => p.id === me || (p.team_id != null && within.has(p.team_id)))
  return found.map((p) => p.id)
}
export async function teamOf(me: number): Promise<number[]> {
  const [people, teams] = await Promise.all([
    get<List<Member>>('/api/users?limit=500&fields=id,team_id'),
    get<List<Team>>('/api/teams?limit=500'),
  ])
  const found = membersOf(me, people.items, teams.items)
  return found.length > 1 || teams.items.length > 0 ? found : session.people.map((p) => p.id)
}
