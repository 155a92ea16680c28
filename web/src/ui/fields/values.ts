// How values of fields read and are typed: one place for lists, cards, filters and reports of bulk changes.
import { parseDay, dayNumber } from '../../lib/dates'
import { clock } from '../../lib/clock.svelte'
import { date, minorUnits, money, num, t } from '../../lib/i18n.svelte'
import { names } from '../../lib/names.svelte'
import { enumLabel, type SchemaField } from '../../lib/schema.svelte'

export const isEmpty = (v: unknown): boolean =>
  v === null || v === undefined || v === '' || (Array.isArray(v) && v.length === 0)

/** A moment as short as it can be said: today only the time, this year without the year. */
export function moment(at: number): string {
  const now = clock.now
  const time = date(at, 'time')
  const day = dayNumber(at) - dayNumber(now)
  if (day === 0) return `${t('field.today')}, ${time}`
  if (day === 1) return `${t('field.tomorrow')}, ${time}`
  if (day === -1) return `${t('field.yesterday')}, ${time}`
  const near = new Date(at).getFullYear() === new Date(now).getFullYear()
  return `${date(at, near ? 'day' : 'dayYear')}, ${time}`
}
/** The value as plain text; empty when there is none. */
export function textOf(field: SchemaField, value: unknown, currency: string): string {
  if (isEmpty(value)) return ''
  switch (field.type) {
    case 'money':
      return money(Number(value), currency)
    case 'int':
      return num(Number(value))
    case 'real':
      return num(Number(value), 6)
    case 'bool':
      return t(value ? 'field.yes' : 'field.no')
    case 'enum':
      return enumLabel(field, String(value))
    case 'time':
      return moment(Number(value))
    case 'date':
      return date(parseDay(String(value)), 'dayYear')
    case 'ref':
      return names.ofField(field, Number(value))
    case 'set':
      return (value as number[]).map((id) => names.ofField(field, id)).join(', ')
    case 'phone':
      return phoneText(String(value))
    case 'json':
      return JSON.stringify(value)
    default:
      return String(value)
  }
}
/** The value as it is typed in a text field. */
export function draftOf(field: SchemaField, value: unknown, currency: string): string {
  if (isEmpty(value)) return ''
  if (field.type === 'money') return num(Number(value) / minorUnits(currency), 2)
  if (field.type === 'int' || field.type === 'real') return String(value).replace('.', t('field.point'))
  return String(value)
}
/** What was typed, as the API takes it; undefined: it cannot be read. */
export function parseDraft(
  field: SchemaField,
  draft: string,
  currency: string,
): string | number | null | undefined {
  const text = field.type === 'long' ? draft.replace(/\s+$/, '') : draft.trim()
  if (text === '') return null
  if (!['money', 'int', 'real'].includes(field.type)) return text
  const n = Number(text.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.'))
  if (!Number.isFinite(n)) return undefined
  if (field.type === 'money') return Math.round(n * minorUnits(currency))
  return field.type === 'int' && !Number.isInteger(n) ? undefined : n
}
/** +79762512576 as people read it; other countries by threes from the end. */
export function phoneText(phone: string): string {
  const plain = phone.replace(/[\s()-]/g, '')
  const ru = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(plain)
  if (ru) return `+7 ${ru[1]} ${ru[2]}-${ru[3]}-${ru[4]}`
  const other = /^\+(\d{1,3})(\d{3})(\d{3})(\d{3})$/.exec(plain)
  return other ? `+${other.slice(1).join(' ')}` : phone
}
/** A link that is safe to follow: http(s) only, whatever was stored. */
export function safeLink(text: string): string | null {
  const url = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`
  return /^https?:\/\/[^\s]+$/i.test(url) ? url : null
}
/** Currency of a value on a record: its own, else the company's. */
export function currencyOf(record: Record<string, unknown> | null | undefined, otherwise: string): string {
  return typeof record?.currency === 'string' && record.currency ? record.currency : otherwise
}
export const currencies = ['RUB', 'KZT', 'KGS', 'BYN', 'UZS', 'AMD', 'USD', 'EUR', 'CNY']
