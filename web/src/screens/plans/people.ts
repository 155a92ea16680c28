// Who plans are of: teams with their people.
import { get } from '../../lib/api'
import { compare, t } from '../../lib/i18n.svelte'
import type { List } from '../../lib/types'

interface Team {
  id: number
  name: string
  parent_id: number | null
}
interface Person {
  id: number
  name: string
  team_id: number | null
  active: boolean
  role: string
}
export interface Row {
  key: string
  name: string
  team_id: number | null
  user_id: number | null
  depth: number
  /** Rows whose plans add up to this one's. */
  parts: string[]
}
export interface People {
  teams: readonly Team[]
  people: readonly Person[]
}
export async function loadPeople(): Promise<People> {
  const list = async <T>(path: string) => (await get<List<T>>(path).catch(() => ({ items: [] as T[] }))).items
  const [teams, people] = await Promise.all([
    list<Team>('/api/teams?limit=500&sort=id'),
    list<Person>('/api/users?limit=500&fields=id,name,team_id,active,role'),
  ])
  return { teams, people: people.filter((p) => p.active && p.role !== 'observer') }
}
/** The company, its teams one under another, in each its people. */
export function rowsOf({ teams, people }: People): Row[] {
  const rows: Row[] = []
  const known = new Set(teams.map((x) => x.id))
  const person = (p: Person, depth: number): Row => ({
    ...{ key: `u${p.id}`, name: p.name, team_id: null, user_id: p.id, depth, parts: [] },
  })
  const byName = (a: { name: string }, b: { name: string }) => compare(a.name, b.name)
  function under(team: Team, depth: number): Row {
    const row: Row = {
      key: `t${team.id}`,
      name: team.name,
      team_id: team.id,
      user_id: null,
      depth,
      parts: [],
    }
    rows.push(row)
    for (const below of teams.filter((x) => x.parent_id === team.id).sort(byName))
      row.parts.push(under(below, depth + 1).key)
    for (const p of people.filter((x) => x.team_id === team.id).sort(byName)) {
      rows.push(person(p, depth + 1))
      row.parts.push(`u${p.id}`)
    }
    return row
  }
  const company: Row = {
    ...{ key: 'all', name: t('plans.company'), team_id: null, user_id: null, depth: 0, parts: [] },
  }
  rows.push(company)
  for (const top of teams.filter((x) => !x.parent_id || !known.has(x.parent_id)).sort(byName))
    company.parts.push(under(top, 1).key)
  for (const p of people.filter((x) => !x.team_id || !known.has(x.team_id)).sort(byName)) {
    rows.push(person(p, 1))
    company.parts.push(`u${p.id}`)
  }
  return rows
}
export function whoseText(people: People, p: { user_id: number | null; team_id: number | null }): string {
  if (p.user_id) return people.people.find((x) => x.id === p.user_id)?.name ?? `№ ${p.user_id}`
  if (p.team_id) return people.teams.find((x) => x.id === p.team_id)?.name ?? `№ ${p.team_id}`
  return t('plans.company')
}
