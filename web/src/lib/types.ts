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
export interface Funnel {
  id: number
  name: string
  kind: 'inbound' | 'outreach' | 'renewal' | 'return' | 'other'
  position: number
  currency: string
  archived: boolean
  stages: Stage[]
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
