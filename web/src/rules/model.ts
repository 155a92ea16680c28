// A trigger as data: when, if, then (docs/api.md, "Goals and triggers"). Goals have the same actions.
export interface EventSpec {
  on: string
  object?: string
  field?: string
  tag_id?: number
  goal_id?: number
  after?: string
  date?: string
  hours?: number
  working?: boolean
  [more: string]: unknown
}
export interface Action {
  do: string
  [field: string]: unknown
}
export type Pick = 'round_robin' | 'least_loaded' | 'best' | 'all'
export type Who =
  | 'owner'
  | 'head'
  | 'author'
  | { user_id: number }
  | { role_id: number; pick: Pick; cap?: number | null }
  | { team_id: number; pick: Pick; cap?: number | null }
export interface TriggerDraft {
  name: string
  funnel_id: number | null
  stage_id: number | null
  event: EventSpec
  condition: string | null
  actions: Action[]
  enabled: boolean
}
export interface Trigger extends TriggerDraft {
  id: number
  version: number
  position: number
}
/** What a field of an event or action is, as GET /api/actions tells. */
export interface PartField {
  name: string
  type: string
  ref?: string | null
  names?: string[] | null
  required?: boolean
}
export interface Catalogue {
  events: { on: string; fields: PartField[] }[]
  actions: { do: string; fields: PartField[] }[]
}
export const newTrigger = (): TriggerDraft => ({
  name: '',
  funnel_id: null,
  stage_id: null,
  event: { on: 'entered' },
  condition: null,
  actions: [],
  enabled: false,
})
/** The object that a trigger's conditions and actions are about. */
export const objectOf = (event: EventSpec): string =>
  typeof event.object === 'string' && event.object ? event.object : 'deal'

/** The noun whose fields those are: a message is a note with a channel. */
export const nounOf = (event: EventSpec): string => {
  const object = objectOf(event)
  return object === 'message' ? 'note' : object
}

/** What a new action of this kind begins with. */
export function freshAction(kind: string): Action {
  switch (kind) {
    case 'task':
      return { do: kind, title: '', kind: 'call', due_hours: 24, working: false, to: 'owner' }
    case 'notify':
      return { do: kind, to: 'owner', text: '' }
    case 'owner':
      return { do: kind, to: 'owner' }
    case 'set':
      return { do: kind, of: 'deal', field: '', value: null }
    case 'defer':
      return { do: kind, days: 7 }
  }
  return { do: kind }
}
export const filled = (v: unknown): boolean => v !== null && v !== undefined && v !== ''

/** Names of the required fields of an action that are not filled in yet. */
export function lacking(action: Action, catalogue: Catalogue | null): string[] {
  const known = catalogue?.actions.find((a) => a.do === action.do)
  if (action.do === 'set') return filled(action.field) ? [] : ['field']
  if (action.do === 'defer') return filled(action.days) || filled(action.wait_id) ? [] : ['days']
  return (known?.fields ?? []).filter((f) => f.required && !filled(action[f.name])).map((f) => f.name)
}
/** Without what is empty: so the server takes it. An empty value of a field is to empty that field. */
export function tidy(action: Action): Action {
  const kept = Object.entries(action).filter(
    ([name, v]) => filled(v) || (action.do === 'set' && name === 'value'),
  )
  return Object.fromEntries(kept) as Action
}
