// The shapes of docs/api.md that the web application uses.
import type { Locale } from './i18n.svelte'

export type Role = 'admin' | 'head' | 'seller' | 'observer'
export interface User {
  id: number
  name: string
  email: string
  role: Role
  locale: Locale
  active?: boolean
  /** Which notifications come by mail; null: the usual ones. */
  letters?: string | null
  version: number
}
export interface Stage {
  id: number
  funnel_id: number
  name: string
  position: number
  colour: string | null
  phase: string | null
  norm_days: number | null
  outcome: 'open' | 'won' | 'lost'
  probability: number | null
  archived: boolean
}
/** What the regulation says of a stage; not a part of the catalogue. */
export interface StageText extends Stage {
  version: number
  entry_result: string | null
  aim: string | null
  steps: string | null
  scripts: { title: string; text: string }[] | null
  links: { title: string; url: string }[] | null
  role_id: number | null
  wait_hours: number | null
  next_task: { title: string; kind?: TaskKind; due_hours?: number; working?: boolean } | null
}
export interface Funnel {
  id: number
  name: string
  kind: 'inbound' | 'outreach' | 'renewal' | 'return' | 'other'
  position: number
  currency: string
  archived: boolean
  stages: Stage[]
  task_rule?: 'off' | 'warn' | 'create' | 'refuse'
  /** A step back wants its reason. */
  back_reason?: boolean
  definition_version?: number
}
export interface Named {
  id: number
  name: string
  archived?: boolean
}
export interface Tag extends Named {
  colour: string | null
}
export interface LossReason extends Named {
  funnel_id: number | null
  wants_competitor?: boolean
  /** Given by timers only. */
  timeout?: boolean
}
export interface Boot {
  user: User
  csrf: string
  seq: number
  now: number
  funnels: Funnel[]
  users: { id: number; name: string; role: Role; active: boolean }[]
  sources: Named[]
  campaigns: (Named & { source_id: number | null })[]
  loss_reasons: LossReason[]
  deal_classes: Named[]
  tags: Tag[]
  products: { id: number; name: string; price_minor: number; currency: string; active: boolean }[]
  settings: { currency: string; time_zone: string; demo: boolean }
  version: string
}
export interface Deal {
  id: number
  version: number
  title: string
  funnel_id: number
  stage_id: number
  value_minor: number | null
  currency: string
  owner_id: number | null
  contact_id: number | null
  company_id: number | null
  status: 'open' | 'won' | 'lost'
  stage_entered_at: number
  created_at: number
  expected_close_on: string | null
  next_task_at: number | null
  open_tasks: number
  rank: number
  source_id: number | null
  tag_ids: number[]
  probability: number | null
  cost_minor: number | null
  contact_ids: number[]
  deal_class_id: number | null
  campaign_id: number | null
  utm_source: string | null
  utm_medium: string | null
  utm_campaign: string | null
  utm_content: string | null
  utm_term: string | null
  loss_reason_id: number | null
  loss_comment: string | null
  closed_at: number | null
  check_ids: number[]
  goal_ids: number[]
  competitor_id: number | null
  overrides: number
  returns: number
  loss_class: 'decision' | 'timeout' | null
  coverage: number | null
  unprofitable: boolean
  first_response_due_at: number | null
  first_response_at: number | null
  last_contact_at: number | null
  last_channel: TaskKind | null
  waiting_since: number | null
  deferred_until: number | null
  wait_id: number | null
}
export interface Gate {
  id: number
  version: number
  stage_id: number
  kind: 'field' | 'check' | 'artefact' | 'goal' | 'coverage' | 'waiting'
  at: 'enter' | 'leave'
  name: string | null
  field: string | null
  artefact: string | null
  goal_id: number | null
  least: number | null
  deal_class_id: number | null
  position: number
}
export interface Goal {
  id: number
  version: number
  stage_id: number
  name: string
  kind: 'positive' | 'refusal' | 'deferral'
  actions: { do: string; [field: string]: unknown }[] | null
  position: number
}
export interface Buyer {
  id: number
  version: number
  deal_id: number
  contact_id: number
  role: 'decides' | 'approves' | 'influences' | 'uses'
  attitude: 'unknown' | 'against' | 'neutral' | 'favours'
  needs: string | null
  expectations: string | null
  last_contact_at: number | null
}
export type TaskKind = 'call' | 'meeting' | 'mail' | 'todo'
export interface Task {
  id: number
  version: number
  title: string
  deal_id: number | null
  contact_id: number | null
  company_id: number | null
  owner_id: number | null
  due_at: number | null
  kind: TaskKind
  done: boolean
  result: string | null
  done_at: number | null
  priority?: 'normal' | 'high' | 'urgent'
  started_at?: number | null
  author_id?: number | null
  asked_due_at?: number | null
  asked_reason?: string | null
  /** A department is called in before its stage. */
  early?: boolean
  /** The first answer to a new deal. */
  lead?: boolean
  trigger_id?: number | null
}
/** How a message came or went; a note has none. */
export interface NoteWay {
  channel: string
  direction: 'in' | 'out'
}
export interface Note {
  id: number
  version: number
  text: string
  deal_id: number | null
  pinned: boolean
  author_id: number | null
  created_at: number
}
export interface DealProduct {
  id: number
  version: number
  deal_id: number
  product_id: number
  quantity: number
  price_minor: number
  discount_percent: number
  sum_minor: number
}
export interface Contact {
  id: number
  version: number
  name: string
  phone: string | null
  email: string | null
  position: string | null
  company_id: number | null
  owner_id: number | null
  comment: string | null
  tag_ids: number[]
  consent: 'unknown' | 'given' | 'withdrawn'
  consent_at: number | null
  consent_source: string | null
  restricted: boolean
  restricted_reason: string | null
  erased_at: number | null
  erased_reason: string | null
  merged_into_id: number | null
  created_at: number
}
export interface Company {
  id: number
  version: number
  name: string
  inn: string | null
  phone: string | null
  email: string | null
  website: string | null
  kpp: string | null
  address: string | null
  country: string | null
  industry: string | null
  owner_id: number | null
  comment: string | null
  tag_ids: number[]
  merged_into_id: number | null
  created_at: number
}
export interface FileRow {
  id: number
  version: number
  name: string
  type: string
  size: number
  author_id: number | null
  created_at: number
}
export interface ContactPoint {
  id: number
  version: number
  contact_id: number | null
  company_id: number | null
  kind: 'phone' | 'email' | 'messenger' | 'address' | 'site'
  value: string
  label: string | null
}
export interface DealMember {
  id: number
  version: number
  deal_id: number
  user_id: number
  part: string | null
}
export interface List<T> {
  items: T[]
  next_cursor: string | null
  count?: number
  sums?: Record<string, number>
}
/** An entry of the journal, as /api/events and timelines give it. */
export interface Change {
  seq: number
  at: number
  actor_id: number | null
  via: string
  kind: string
  object: string
  object_id: number
  change_id: number
  cause: number | null
  undoes: number | null
  set: Record<string, [unknown, unknown]>
}
