// A trigger in a sentence: what a head of sales reads instead of its fields.
import { isGroup, read, relative, tokenText, type Condition, type Node } from '../lib/conditions'
import { i18n, plural, t, type Key } from '../lib/i18n.svelte'
import { names } from '../lib/names.svelte'
import { enumLabel, schema, type SchemaField } from '../lib/schema.svelte'
import { filterFields, opText, type FilterField } from '../screens/list/fields'
import { textOf } from '../ui/fields/values'
import { nounOf, objectOf, type Action, type EventSpec, type TriggerDraft, type Who } from './model'

/** Names that are not (yet) the server's: stages and goals of a draft. */
export type Namer = (object: string, id: number | string) => string | undefined
export interface Context {
  name?: Namer
}
const called = ({ name }: Context, object: string, id: unknown): string => {
  const ref = typeof id === 'string' ? id : Number(id)
  const own = name?.(object, ref)
  return own ?? (typeof ref === 'number' ? (names.of(object, ref) ?? `№ ${ref}`) : ref)
}
const known = (key: string, params?: Record<string, string | number>): string | null =>
  i18n.texts[key] === undefined ? null : t(key as Key, params)

/** A number of hours as people say it: 336 hours are 14 days. */
export function hoursText(hours: number): string {
  const n = Math.abs(hours)
  return n >= 48 && n % 24 === 0 ? plural('rules.days', n / 24) : plural('rules.hours', n)
}
export function whoText(who: unknown, context: Context = {}): string {
  if (typeof who === 'string') return known(`rules.who.${who}`) ?? who
  if (!who || typeof who !== 'object') return t('rules.who.nobody')
  const w = who as Exclude<Who, string> & Record<string, unknown>
  if ('user_id' in w) return called(context, 'user', w.user_id)
  const [object, id] = 'role_id' in w ? ['role', w.role_id] : ['team', w.team_id]
  const text = t(`rules.who.of_${object as 'role'}`, { name: called(context, object as string, id) })
  const pick = known(`rules.pick.${String(w.pick ?? 'round_robin')}`) ?? ''
  const cap = w.cap ? t('rules.who.cap', { n: Number(w.cap) }) : ''
  return [text, pick, cap].filter(Boolean).join(', ')
}
function fieldLabel(object: string, field: unknown): string {
  const [first, second] = String(field).split('.')
  if (!second) return schema.field(object, first!)?.label ?? String(field)
  const ref = schema.field(object, first!)
  return `${ref?.label ?? first}: ${schema.field(ref?.ref ?? '', second)?.label ?? second}`
}
export function eventText(event: EventSpec, context: Context = {}): string {
  const object = objectOf(event)
  if (event.on === 'timer') return timerText(event)
  const params = {
    field: event.field ? fieldLabel(nounOf(event), event.field) : '',
    tag: event.tag_id ? called(context, 'tag', event.tag_id) : '',
    goal: event.goal_id ? called(context, 'goal', event.goal_id) : '',
  }
  const more = event.field || event.tag_id || event.goal_id ? '.which' : ''
  const keys = [`${event.on}.${object}${more}`, `${event.on}${more}`, `${event.on}.${object}`, event.on]
  for (const key of keys) {
    const text = known(`rules.when.${key}`, params)
    if (text) return text
  }
  return event.on
}
const timeText = (event: EventSpec): string =>
  hoursText(Number(event.hours ?? 0)) + (event.working ? ` ${t('rules.working')}` : '')
function timerText(event: EventSpec): string {
  const hours = Number(event.hours ?? 0)
  const time = timeText(event)
  if (event.date) {
    const field = fieldLabel('deal', event.date)
    if (hours === 0) return t('rules.when.on_date', { field })
    return t(hours < 0 ? 'rules.when.before_date' : 'rules.when.after_date', { time, field })
  }
  const field = event.field ? fieldLabel('deal', event.field) : ''
  return known(`rules.when.timer.${event.after}`, { time, field }) ?? time
}
/** Where it holds: a stage, a funnel, anywhere. */
export function placeText(of: Pick<TriggerDraft, 'funnel_id' | 'stage_id'>, context: Context = {}): string {
  if (of.stage_id) return t('rules.at_stage', { name: called(context, 'stage', of.stage_id) })
  if (of.funnel_id) return t('rules.in_funnel', { name: called(context, 'funnel', of.funnel_id) })
  return ''
}
export function actionText(action: Action, context: Context = {}): string {
  const name = (object: string, field = `${object}_id`) => called(context, object, action[field])
  const who = () => whoText(action.to, context)
  switch (action.do) {
    case 'tag':
    case 'untag':
      return action.of && action.of !== 'deal'
        ? t(`rules.then.${action.do}_of`, { tag: name('tag'), of: t(`rules.of.${action.of as 'contact'}`) })
        : t(`rules.then.${action.do}`, { tag: name('tag') })
    case 'set': {
      const of = String(action.of ?? 'deal')
      const field = schema.field(of, String(action.field))
      const value = field ? valueText(field, action.value, context) : String(action.value ?? '')
      const what = { of: t(`rules.of.${of as 'deal'}`), field: fieldLabel(of, action.field) }
      return value ? t('rules.then.set', { ...what, value }) : t('rules.then.clear', what)
    }
    case 'task': {
      const due = Number(action.due_hours)
      const time = hoursText(due) + (action.working ? ` ${t('rules.working')}` : '')
      const text = t('rules.then.task', { title: String(action.title ?? ''), who: who() })
      return Number.isFinite(due) && action.due_hours !== null ? `${text}, ${t('rules.due', { time })}` : text
    }
    case 'move':
    case 'copy': {
      const reason = action.loss_reason_id ? called(context, 'loss-reason', action.loss_reason_id) : ''
      const text = t(`rules.then.${action.do}`, { stage: name('stage') })
      return reason ? `${text} (${reason})` : text
    }
    case 'owner':
      return t('rules.then.owner', { who: who() })
    case 'notify':
      return t('rules.then.notify', { who: who(), text: String(action.text ?? '') })
    case 'reach':
      return t('rules.then.reach', { goal: name('goal') })
    case 'defer':
      return action.wait_id
        ? t('rules.then.wait', { wait: name('wait') })
        : t('rules.then.defer', { days: plural('rules.days', Number(action.days ?? 0)) })
    case 'webhook':
      return t('rules.then.webhook', { url: String(action.url ?? '') })
    case 'note':
      return t('rules.then.note', { text: String(action.text ?? '') })
    case 'close_tasks':
      return t('rules.then.close_tasks', { result: String(action.result ?? '') })
  }
  return known(`rules.do.${action.do}`) ?? action.do
}
function valueText(field: SchemaField, value: unknown, context: Context): string {
  if (value === null || value === undefined || value === '') return ''
  if (field.type === 'ref') return called(context, field.ref ?? '', value)
  if (field.type === 'enum') return enumLabel(field, String(value))
  if (field.type === 'bool') return t(value ? 'field.yes' : 'field.no')
  if (field.type === 'set')
    return (value as number[]).map((id) => called(context, field.ref ?? '', id)).join(', ')
  return textOf(field, value, 'RUB')
}
// ---- conditions

function tokenWords(field: SchemaField, token: string, context: Context): string {
  if (token === 'me') return t('cond.me')
  const shift = relative(token)
  if (shift) {
    if (shift.n === 0) return t(shift.from === 'now' ? 'cond.now' : 'cond.today')
    const n = Math.abs(shift.unit === 'w' ? shift.n * 7 : shift.n)
    const time = shift.unit === 'h' ? plural('rules.hours', n) : plural('rules.days', n)
    return t(shift.n < 0 ? 'rules.ago' : 'rules.ahead', { time })
  }
  if (token === 'true' || token === 'false') return t(token === 'true' ? 'field.yes' : 'field.no')
  const text = tokenText(token)
  if (field.type === 'enum') return enumLabel(field, text)
  if ((field.type === 'ref' || field.type === 'set') && /^\d+$/.test(text)) {
    const option = field.options?.find((o) => o.id === Number(text))
    return option?.name ?? called(context, field.ref ?? '', Number(text))
  }
  // What is only in a draft has no number yet: "stage:key", or its key alone.
  if ((field.type === 'ref' || field.type === 'set') && token.startsWith('"'))
    return draftName(field, text, context)
  return /^\d+(\.\d+)?$/.test(text) && field.type !== 'text'
    ? textOf(field, Number(text), 'RUB')
    : `«${text}»`
}
function draftName(field: SchemaField, text: string, { name }: Context): string {
  const key = /^(stage|goal|loss-reason):(.+)$/.exec(text)
  const own = key ? name?.(key[1]!, key[2]!) : name?.(field.ref ?? '', text)
  return `«${own ?? text}»`
}
function oneText(c: Condition, fields: readonly FilterField[], context: Context): string {
  const found = fields.find((f) => f.path === c.field)
  if (!found) return `${c.field} ${c.op} ${c.values.map(tokenText).join(', ')}`
  const values = c.values.map((v) => tokenWords(found.field, v, context)).join(` ${t('rules.or')} `)
  return [found.label, opText(c.op, found.field), values].filter(Boolean).join(' ')
}
function nodeText(node: Node, fields: readonly FilterField[], context: Context, inner: boolean): string {
  if (!isGroup(node)) return oneText(node, fields, context)
  const join = ` ${t(node.join === 'and' ? 'rules.and' : 'rules.or')} `
  const text = node.items.map((i) => nodeText(i, fields, context, true)).join(join)
  if (node.not) return t('rules.not', { text })
  return inner && node.items.length > 1 ? `(${text})` : text
}
/** A filter in words; what cannot be read stays as it is. */
export function conditionText(filter: string | null, object = 'deal', context: Context = {}): string {
  if (!filter?.trim()) return ''
  const root = read(filter)
  const shape = schema.object(object)
  return root && shape ? nodeText(root, filterFields(shape), context, false) : filter
}
/** The event with its place: «сделка вошла на этап «КП отправлено»». */
function whenText(of: TriggerDraft, context: Context): string {
  const { on, after } = of.event
  if (of.stage_id && on === 'timer' && after === 'stage_entry')
    return t('rules.when.timer.stage_entry.stage', {
      time: timeText(of.event),
      stage: called(context, 'stage', of.stage_id),
    })
  if (of.stage_id && (on === 'entered' || on === 'left'))
    return t(`rules.when.${on}.stage`, { stage: called(context, 'stage', of.stage_id) })
  return [eventText(of.event, context), placeText(of, context)].filter(Boolean).join(' ')
}
/** The whole in one sentence: when, if, then. */
export function sentence(of: TriggerDraft, context: Context = {}): string {
  const when = whenText(of, context)
  const condition = conditionText(of.condition, nounOf(of.event), context)
  const then = of.actions.map((a) => actionText(a, context)).join('; ') || t('rules.then.nothing')
  return condition ? t('rules.sentence_if', { when, condition, then }) : t('rules.sentence', { when, then })
}
