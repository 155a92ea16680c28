// What triggers have done, as the server tells it.
import { request } from '../../lib/api'
import { DAY, formatDay, parseDay } from '../../lib/dates'
import type { TriggerDraft } from '../../rules/model'

export interface Seen {
  text: string
  value: unknown
  met: boolean
}
export interface Run {
  id: number
  trigger_id: number | null
  goal_id: number | null
  trigger_version: number
  name: string
  at: number
  object: string
  object_id: number
  state: 'done' | 'failed' | 'retry' | 'stopped'
  error: string | null
  depth: number
  cause: number | null
  change_id: number | null
  conditions: Seen[]
  actions: { do: string; text: string; seq: number | null }[]
}
export interface WhyNot {
  would: boolean | null
  reasons: { code: string; text: string; value?: unknown }[]
}
export interface Replay {
  cards: number
  fires: number
  items: {
    object: string
    object_id: number
    /** Of a card that hangs on no deal there is none. */
    deal_id: number | null
    title: string
    at: number
    would: string[]
    collides: { seq: number; at: number; actor_id: number | null; text: string }[]
  }[]
  took_ms: number
  collisions?: number
  won_later?: number
  /** Only a part of the deals was looked at; the figures are reckoned up. */
  sampled?: boolean
  looked_at?: number
}
export interface Waiting {
  count: number
  items: { deal_id: number; title: string; stage_id: number; since: number }[]
}
export interface Metrics {
  tags: { automatic: number; all: number; share: number | null; [more: string]: unknown }
  runs: number
  failed: number
  patchwork: { stage_id: number; funnel_id?: number; name?: string; text?: string }[]
  triggers?: { trigger_id: number; runs: number; failed: number }[]
}
export const tones = { done: 'ok', failed: 'danger', retry: 'warn', stopped: 'warn' } as const

/** A value that a condition has seen, in few words. */
export function seenText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  if (Array.isArray(value)) return value.map(seenText).join(', ') || '—'
  if (typeof value === 'object') {
    const named = value as { name?: unknown; id?: unknown }
    return String(named.name ?? named.id ?? JSON.stringify(value))
  }
  return String(value)
}
/** The last n days, as date fields have them. */
export function lastDays(now: number, days: number): { from: string; to: string } {
  return { from: formatDay(now - days * DAY), to: formatDay(now) }
}
/** Whole days as moments: from the beginning of the first to the end of the last. */
export function moments(from: string, to: string): { from: number; to: number } {
  return { from: parseDay(from), to: parseDay(to, 1) - 1 }
}
/** The trigger played over what happened on these days; nothing is changed. */
export async function replay(trigger: TriggerDraft, from: string, to: string): Promise<Replay> {
  const { name, funnel_id, stage_id, event, condition, actions } = trigger
  return ask({ trigger: { name, funnel_id, stage_id, event, condition, actions } }, from, to)
}
/** The same for a trigger of a draft, which may speak of stages and goals that are only there. */
export const replayDraft = (draft_id: number, path: string, from: string, to: string): Promise<Replay> =>
  ask({ draft_id, path }, from, to)

async function ask(what: object, from: string, to: string): Promise<Replay> {
  const body = { ...what, ...moments(from, to) }
  return (await request<Replay>('POST', '/api/triggers/try', { body })).data
}
/** Where the card is that a trigger would have acted on: itself, or the deal it hangs on. */
export function placeOfCard(item: {
  object?: string
  object_id?: number
  deal_id: number | null
}): string | null {
  const own = item.object && item.object !== 'deal' ? pages[item.object] : undefined
  if (own && item.object_id) return `/${own}/${item.object_id}`
  const deal = item.deal_id ?? (item.object === 'deal' ? item.object_id : null)
  return deal ? `/deals/${deal}` : null
}
const pages: Record<string, string> = { contact: 'contacts', company: 'companies', product: 'products' }
