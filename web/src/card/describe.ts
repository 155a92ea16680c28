// Turns journal entries into what a person reads: names instead of numbers, one sentence, old and new values.
import { date, i18n, money, num, plural, t, type Key } from '../lib/i18n.svelte'
import { DAY } from '../lib/dates'
import { enumLabel, schema, type SchemaField } from '../lib/schema.svelte'
import type { Change, Stage, TaskKind } from '../lib/types'
import { textOf } from '../ui/fields/values'

/** Names of what changes point to. */
export interface Names {
  user(id: number): string
  stage(id: number): Stage | undefined
  /** The title of a task, the product of a row: what changes do not repeat. */
  task(id: number): string
  row(id: number): string
  named(what: Reference, id: number): string
  /** What a file, a phone or a co-worker is called, from the change or from what is known of it. */
  small(c: Change): string
  currency: string
}
export type Reference =
  | 'goal'
  | 'gate'
  | 'competitor'
  | 'wait'
  | 'classifier'
  | 'funnel'
  | 'source'
  | 'campaign'
  | 'tag'
  | 'loss_reason'
  | 'deal_class'
  | 'contact'
  | 'company'
  | 'product'
export interface Line {
  label: string
  from: string
  to: string
}
export type Icon =
  | 'created'
  | 'stage'
  | 'won'
  | 'lost'
  | 'field'
  | 'note'
  | 'task'
  | 'done'
  | 'product'
  | 'file'
  | 'point'
  | 'member'
  | 'goal'
  | 'override'
  | 'deleted'
export interface Entry {
  icon: Icon
  title: string
  /** Written by a person: a note, the result of a task. */
  body: string
  lines: Line[]
  stages: { from: Stage | undefined; to: Stage | undefined } | null
}

const references: Record<string, Reference> = {
  funnel_id: 'funnel',
  source_id: 'source',
  campaign_id: 'campaign',
  loss_reason_id: 'loss_reason',
  deal_class_id: 'deal_class',
  contact_id: 'contact',
  company_id: 'company',
  product_id: 'product',
  goal_id: 'goal',
  competitor_id: 'competitor',
  wait_id: 'wait',
}
const setsOf: Record<string, Reference> = {
  tag_ids: 'tag',
  contact_ids: 'contact',
  check_ids: 'gate',
  goal_ids: 'goal',
}
const classifiers = /^(next_development|development|depth|reaction|loyalty|prospect|importance)_id$/
const people = new Set(['owner_id', 'done_by', 'author_id'])
/** Follow from others, or say nothing to a reader. */
const silent = new Set([
  'status',
  'closed_at',
  'done_at',
  'done_by',
  'author_id',
  'deal_id',
  'sum_minor',
  'currency',
  'overrides',
  'loss_class',
  'first_response_due_at',
])

/** What a field is called: the company's own ones by the schema, the others by the texts. */
export function label(field: string, object = 'deal'): string {
  const own = schema.field(object, field)
  if (own?.custom) return own.label
  const key = [`${object}.${field}`, `field.${object}.${field}`, `deal.${field}`].find((k) => k in i18n.texts)
  return key ? t(key as Key) : (own?.label ?? field)
}
/** A value of the journal: days are numbers there, times milliseconds, references ids. */
export function value(field: string, v: unknown, names: Names): string {
  if (v === null || v === undefined || v === '') return ''
  if (Array.isArray(v)) return v.map((id) => names.named(setsOf[field] ?? 'tag', Number(id))).join(', ')
  if (typeof v === 'boolean') return t(v ? 'timeline.yes' : 'timeline.no')
  if (people.has(field)) return names.user(Number(v))
  if (field === 'stage_id') return names.stage(Number(v))?.name ?? `№ ${String(v)}`
  const reference = references[field] ?? (classifiers.test(field) ? 'classifier' : undefined)
  if (reference) return names.named(reference, Number(v))
  if (field.endsWith('_minor')) return money(Number(v), names.currency)
  if (/_(at|until|since)$/.test(field)) return date(Number(v), 'full')
  if (field.endsWith('_on'))
    return date(
      typeof v === 'number'
        ? v * DAY + new Date(v * DAY).getTimezoneOffset() * 60_000
        : Date.parse(String(v)),
      'dayYear',
    )
  if (field === 'probability' || field === 'discount_percent') return `${num(Number(v), 2)} %`
  if (field === 'kind') return t(`task.kind.${v as TaskKind}`)
  return typeof v === 'number' ? num(v, 3) : String(v)
}
/** A value of the company's own field; dates are numbers in the journal. */
function ownValue(field: SchemaField, v: unknown, names: Names): string {
  if (field.type === 'date' && typeof v === 'number') return value('own_on', v, names)
  if (field.type === 'enum') return v === null || v === undefined ? '' : enumLabel(field, String(v))
  return textOf(field, v, names.currency)
}
function linesOf(c: Change, names: Names, skip: readonly string[] = []): Line[] {
  return Object.entries(c.set)
    .filter(([field]) => !silent.has(field) && !skip.includes(field))
    .map(([field, [from, to]]) => {
      const own = schema.field(c.object, field)
      const bySchema = own && (own.custom || (own.type === 'enum' && field !== 'kind'))
      const read = (v: unknown) => (bySchema ? ownValue(own, v, names) : value(field, v, names))
      return { label: label(field, c.object), from: read(from), to: read(to) }
    })
}
const text = (v: unknown) => (typeof v === 'string' ? v : '')
/** Events that change no field say their values plainly; others as the old one and the new one. */
function told(c: Change, field: string): unknown {
  const v: unknown = c.set[field]
  return Array.isArray(v) && v.length === 2 ? v[1] : v
}
const verbOf = (c: Change) => c.kind.slice(c.kind.lastIndexOf('.') + 1)

type Own = 'deal' | 'contact' | 'company'
const owns: Own[] = ['deal', 'contact', 'company']
function describeFields(entry: Entry, c: Change, names: Names): Entry {
  const lines = linesOf(c, names)
  const only = lines.length === 1 ? lines[0]! : null
  const title = only ? only.label : plural('timeline.fields', lines.length)
  return { ...entry, title, lines: only ? [{ ...only, label: '' }] : lines }
}
/** What happened to the object of the card itself. */
function describeOwn(c: Change, object: Own, names: Names): Entry {
  const entry: Entry = { icon: 'field', title: '', body: '', lines: [], stages: null }
  const verb = verbOf(c)
  if (verb === 'deleted') return { ...entry, icon: 'deleted', title: t(`timeline.${object}_deleted`) }
  if (verb === 'restored') return { ...entry, icon: 'created', title: t(`timeline.${object}_restored`) }
  if (object === 'deal') return describeDeal(c, entry, names)
  if (verb === 'created') {
    const lines = linesOf(c, names, ['name'])
    return { ...entry, icon: 'created', title: t(`timeline.${object}_created`), lines }
  }
  const special = (['merged', 'erased', 'restricted', 'unrestricted'] as const).find((v) => v === verb)
  if (special) return { ...entry, title: t(`timeline.${special}`), lines: linesOf(c, names) }
  return describeFields(entry, c, names)
}
function describeDeal(c: Change, entry: Entry, names: Names): Entry {
  const verb = verbOf(c)
  if (verb === 'created') {
    const stage = names.stage(Number(c.set.stage_id?.[1]))
    const title = stage ? t('timeline.deal_created_in', { stage: stage.name }) : t('timeline.deal_created')
    return { ...entry, icon: 'created', title, lines: linesOf(c, names, ['rank', 'stage_id', 'title']) }
  }
  if (verb === 'reached') {
    const goal = value('goal_id', told(c, 'goal_id') ?? [told(c, 'goal_ids')].flat().at(-1), names)
    return { ...entry, icon: 'goal', title: t('timeline.reached', { goal }) }
  }
  if (verb === 'overridden') {
    const to = names.stage(Number(told(c, 'stage_id')))
    const body = text(told(c, 'reason'))
    return { ...entry, icon: 'override', title: t('timeline.overridden', { stage: to?.name ?? '' }), body }
  }
  const [from, to] = (c.set.stage_id ?? []).map((id) => names.stage(Number(id)))
  if (verb === 'passed') {
    const stage = value('stage_id', c.set.stage_id?.[1], names)
    return { ...entry, icon: 'stage', title: t('timeline.passed', { stage }) }
  }
  if (c.set.stage_id) {
    const outcome = to?.outcome ?? 'open'
    const reopened = outcome === 'open' && from !== undefined && from.outcome !== 'open'
    const title = reopened ? t('timeline.reopened') : t(`timeline.moved.${outcome}`)
    return {
      ...entry,
      icon: outcome === 'open' ? 'stage' : outcome,
      title,
      body: text(c.set.loss_comment?.[1]) || text(c.set.move_reason?.[1]),
      lines: linesOf(c, names, ['stage_id', 'rank', 'loss_comment', 'move_reason']),
      stages: { from, to },
    }
  }
  const fields = Object.keys(c.set).filter((f) => !silent.has(f))
  if (fields.length > 0 && fields.every((f) => f === 'rank'))
    return { ...entry, title: t('timeline.rearranged') }
  return describeFields(entry, c, names)
}
function describeTask(c: Change, names: Names): Entry {
  const verb = verbOf(c)
  const name = text(c.set.title?.[1]) || names.task(c.object_id)
  const entry: Entry = { icon: 'task', title: '', body: '', lines: [], stages: null }
  if (verb === 'created') {
    const facts = ['kind', 'due_at', 'owner_id'].map((f) => value(f, c.set[f]?.[1], names)).filter(Boolean)
    return { ...entry, title: t('timeline.task_created', { name }), body: facts.join(' · ') }
  }
  if (verb === 'done')
    return {
      ...entry,
      icon: 'done',
      title: t('timeline.task_done', { name }),
      body: text(c.set.result?.[1]),
      lines: linesOf(c, names, ['done', 'result']),
    }
  if (verb === 'deleted') return { ...entry, icon: 'deleted', title: t('timeline.task_deleted', { name }) }
  if (verb === 'restored') return { ...entry, title: t('timeline.task_restored', { name }) }
  if (c.set.done?.[1] === false) return { ...entry, title: t('timeline.task_reopened', { name }) }
  return { ...entry, title: t('timeline.task_changed', { name }), lines: linesOf(c, names) }
}
function messageTitle(c: Change): string {
  const channel = schema.field('note', 'channel')
  const name = String(c.set.channel?.[1])
  return t(c.set.direction?.[1] === 'out' ? 'timeline.message_out' : 'timeline.message_in', {
    channel: channel ? enumLabel(channel, name) : name,
  })
}
function describeNote(c: Change): Entry {
  const verb = verbOf(c)
  const body = text(c.set.text?.[1])
  const key = (['created', 'deleted', 'restored'] as const).find((v) => v === verb) ?? 'updated'
  const pinned = key === 'updated' && c.set.pinned && !c.set.text
  const title = pinned
    ? t(c.set.pinned?.[1] ? 'timeline.note_pinned' : 'timeline.note_unpinned')
    : key === 'created' && c.set.channel
      ? messageTitle(c)
      : t(`timeline.note_${key}`)
  return { icon: key === 'deleted' ? 'deleted' : 'note', title, body, lines: [], stages: null }
}
function describeProduct(c: Change, names: Names): Entry {
  const verb = verbOf(c)
  const id = c.set.product_id?.[1]
  const name = typeof id === 'number' ? names.named('product', id) : names.row(c.object_id)
  const entry: Entry = { icon: 'product', title: '', body: '', lines: [], stages: null }
  if (verb === 'deleted') return { ...entry, icon: 'deleted', title: t('timeline.product_deleted', { name }) }
  if (verb === 'created' || verb === 'restored') {
    const [count, price, discount] = ['quantity', 'price_minor', 'discount_percent'].map((f) => c.set[f]?.[1])
    const parts =
      typeof count === 'number' && typeof price === 'number'
        ? [`${num(count, 3)} × ${money(price, names.currency)}`]
        : []
    if (typeof discount === 'number' && discount > 0) parts.push(`− ${num(discount, 2)} %`)
    const sum = c.set.sum_minor?.[1]
    if (typeof sum === 'number' && parts.length > 0) parts.push(`= ${money(sum, names.currency)}`)
    return { ...entry, title: t('timeline.product_added', { name }), body: parts.join(' ') }
  }
  return { ...entry, title: t('timeline.product_changed', { name }), lines: linesOf(c, names) }
}
/** A file, a phone or mail, a co-worker: something small that comes and goes. */
function describeSmall(
  c: Change,
  what: 'file' | 'point' | 'member' | 'buyer' | 'offer',
  names: Names,
): Entry {
  const verb = verbOf(c)
  const said = names.small(c)
  const icon = verb === 'deleted' ? 'deleted' : what === 'buyer' || what === 'offer' ? 'member' : what
  const key = (['created', 'deleted', 'restored'] as const).find((v) => v === verb) ?? 'updated'
  const lines = key === 'updated' ? linesOf(c, names, ['normal']) : []
  return { icon, title: t(`timeline.${what}_${key}`, { name: said }), body: '', lines, stages: null }
}
export function describe(c: Change, names: Names): Entry {
  const own = owns.find((o) => o === c.object)
  if (own) return describeOwn(c, own, names)
  if (c.object === 'task') return describeTask(c, names)
  if (c.object === 'note') return describeNote(c)
  if (c.object === 'file') return describeSmall(c, 'file', names)
  if (c.object === 'contact-point') return describeSmall(c, 'point', names)
  if (c.object === 'deal-member') return describeSmall(c, 'member', names)
  if (c.object === 'buyer') return describeSmall(c, 'buyer', names)
  if (c.object === 'competitor-offer') return describeSmall(c, 'offer', names)
  return describeProduct(c, names)
}

/** What caused a change, when it was not a person at this screen. */
export function cause(c: Change): string {
  const known = ['api', 'import', 'trigger', 'process', 'cli', 'undo', 'channel'] as const
  const via = known.find((v) => v === c.via)
  return via ? t(`timeline.via.${via}`) : ''
}

/** How long the deal had been in the stage that each move left, by seq. Only where its beginning is known. */
export function stageTimes(items: readonly Change[]): Map<number, number> {
  const out = new Map<number, number>()
  const before = new Map<number, number | null>() // a move that is undone gives its beginning back
  let entered: number | null = null
  for (const c of items.toReversed()) {
    if (c.object !== 'deal' || !Array.isArray(c.set.stage_id) || verbOf(c) === 'passed') continue
    if (entered !== null && c.undoes === null) out.set(c.seq, Math.max(0, c.at - entered))
    before.set(c.seq, entered)
    entered = c.undoes !== null && before.has(c.undoes) ? before.get(c.undoes)! : c.at
  }
  return out
}
/** Changes that a later one took back. */
export function undone(items: readonly Change[]): Set<number> {
  return new Set(items.map((c) => c.undoes).filter((seq) => seq !== null))
}
export function duration(ms: number): string {
  if (ms >= DAY) return plural('timeline.days', Math.floor(ms / DAY))
  if (ms >= 3_600_000) return plural('timeline.hours', Math.floor(ms / 3_600_000))
  return plural('timeline.minutes', Math.max(1, Math.floor(ms / 60_000)))
}
/** "today", "yesterday", or the date. */
export function dayTitle(at: number, now: number, dayNumber: (at: number) => number): string {
  const ago = dayNumber(now) - dayNumber(at)
  if (ago === 0) return t('timeline.today')
  if (ago === 1) return t('timeline.yesterday')
  const style = { weekday: 'long', day: 'numeric', month: 'long' } as const
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return new Intl.DateTimeFormat(i18n.locale, sameYear ? style : { ...style, year: 'numeric' }).format(at)
}
