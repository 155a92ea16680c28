// What is asked about a person and a team.
import { i18n, t } from '../../lib/i18n.svelte'
import type { FormField } from './form'
import { label } from './names.svelte'
import { title, type Row } from './records.svelte'
import { zones } from './zones'

const choices = (rows: readonly Row[]) => rows.map((r) => ({ id: r.id, label: title(r) }))

export function userFields(roles: readonly Row[], teams: readonly Row[]): FormField[] {
  const field = (name: string, kind: FormField['kind'], more: Partial<FormField> = {}): FormField => ({
    ...{ name, kind, label: label('user', name) },
    ...more,
  })
  return [
    field('name', 'text', { required: true, most: 120 }),
    field('email', 'email', { required: true, most: 254, hint: t('settings.users.email_hint') }),
    field('role_id', 'choice', { required: true, choices: choices(roles) }),
    field('team_id', 'choice', { choices: choices(teams), empty: t('settings.users.no_team') }),
    field('job_title', 'text', { most: 120 }),
    field('phone', 'phone', { most: 40 }),
    field('load_cap', 'number', { hint: t('settings.users.load_hint') }),
    field('locale', 'choice', {
      required: true,
      choices: [
        { id: 'ru', label: t('locale.ru') },
        { id: 'en', label: t('locale.en') },
      ],
    }),
  ]
}
/** The team and all that stand in it: none of them can be what it stands in. */
export function below(teams: readonly Row[], id: number): Set<number> {
  const found = new Set([id])
  for (let grown = true; grown;) {
    grown = false
    for (const team of teams)
      if (!found.has(team.id) && found.has(Number(team.parent_id))) {
        found.add(team.id)
        grown = true
      }
  }
  return found
}
export function teamFields(teams: readonly Row[], people: readonly Row[], of: Row | null): FormField[] {
  const barred = of ? below(teams, of.id) : new Set()
  return [
    { name: 'name', kind: 'text', label: label('team', 'name'), required: true, most: 120 },
    {
      ...{ name: 'head_id', kind: 'choice', label: label('team', 'head_id'), choices: choices(people) },
      empty: t('settings.teams.no_head'),
      hint: t('settings.teams.head_hint'),
    },
    {
      ...{ name: 'parent_id', kind: 'choice', label: label('team', 'parent_id') },
      choices: choices(teams.filter((x) => !barred.has(x.id))),
      empty: t('settings.teams.top'),
    },
    {
      ...{ name: 'time_zone', kind: 'choice', label: label('team', 'time_zone') },
      choices: zones(i18n.locale).map((z) => ({ id: z.id, label: `${z.label} ${z.hint}` })),
      empty: t('settings.teams.company_zone'),
    },
  ]
}
/** Teams as a tree, flat: each with how deep it stands. A team whose parent is gone stands at the top. */
export function tree(teams: readonly Row[]): { team: Row; depth: number }[] {
  const byName = teams.toSorted((a, b) => title(a).localeCompare(title(b)))
  const ids = new Set(teams.map((x) => x.id))
  const out: { team: Row; depth: number }[] = []
  const put = (parent: number | null, depth: number) => {
    for (const team of byName) {
      const of = ids.has(Number(team.parent_id)) ? Number(team.parent_id) : null
      if (of === parent && !out.some((o) => o.team === team)) {
        out.push({ team, depth })
        put(team.id, depth + 1)
      }
    }
  }
  put(null, 0)
  return out
}
