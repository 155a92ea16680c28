// A form as data: what a record consists of, in the order in which it is asked.
import { Problem } from '../../lib/api'
import { i18n, minorUnits, num, t } from '../../lib/i18n.svelte'
import { failure } from '../../lib/undo.svelte'

export type Draft = Record<string, unknown>
export interface FormField {
  name: string
  label: string
  kind:
    | 'text'
    | 'long'
    | 'number'
    | 'real'
    | 'money'
    | 'choice'
    | 'bool'
    | 'date'
    | 'email'
    | 'url'
    | 'phone'
    | 'colour'
  required?: boolean
  hint?: string
  placeholder?: string
  /** Of a choice; with `empty` none of them may be chosen too. */
  choices?: readonly { id: string | number; label: string }[]
  empty?: string
  most?: number
  /** Of a real: how many of the server's units make one that is typed (100 kopecks, a hundredth). */
  scale?: (draft: Draft) => number
  /** Money is in the currency of this field of the draft. */
  currencyOf?: string
  /** Set when the record is made and never later. */
  once?: boolean
  when?: (draft: Draft) => boolean
}

export function shownFields(fields: readonly FormField[], draft: Draft, isNew: boolean): FormField[] {
  return fields.filter((f) => (isNew || !f.once) && (!f.when || f.when(draft)))
}
const factor = (field: FormField, draft: Draft) =>
  field.kind === 'money'
    ? minorUnits(String(draft[field.currencyOf ?? 'currency'] || 'RUB'))
    : field.kind === 'real'
      ? (field.scale?.(draft) ?? 1)
      : 1
const isNumber = (field: FormField) => ['number', 'real', 'money'].includes(field.kind)

/** As the field shows it. */
export function toText(field: FormField, draft: Draft): string {
  const value = draft[field.name]
  if (value === null || value === undefined) return ''
  if (field.kind === 'real') return num(Number(value) / factor(field, draft), 6)
  return field.kind === 'money' ? num(Number(value) / factor(field, draft), 2) : String(value)
}
/** As the server wants it; undefined when it is not a number. */
export function fromText(field: FormField, text: string, draft: Draft): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (field.kind === 'choice') return field.choices?.find((c) => String(c.id) === trimmed)?.id ?? trimmed
  if (!isNumber(field)) return trimmed
  const bare = trimmed.replace(/[\s\u00a0\u202f]/g, '')
  // "12,500.50" groups thousands as English does, "12500,50" is the Russian decimal comma.
  const grouped = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare) && (i18n.locale === 'en' || bare.includes('.'))
  const n = Number(grouped ? bare.replaceAll(',', '') : bare.replace(',', '.'))
  if (!Number.isFinite(n)) return undefined
  // Without the dust of binary fractions.
  if (field.kind === 'real') return Number((n * factor(field, draft)).toPrecision(12))
  return Math.round(n * factor(field, draft))
}
/** Only what the form has changed: a field that another one changes meanwhile stays theirs. */
export function changes(fields: readonly FormField[], was: Draft, is: Draft): Draft {
  return Object.fromEntries(
    fields
      .filter((f) => JSON.stringify(was[f.name] ?? null) !== JSON.stringify(is[f.name] ?? null))
      .map((f) => [f.name, is[f.name] ?? null]),
  )
}
/** What is missing before the server is asked. */
export function missing(fields: readonly FormField[], draft: Draft): Record<string, string> {
  const empty = (v: unknown) => v === null || v === undefined || v === ''
  return Object.fromEntries(
    fields.filter((f) => f.required && empty(draft[f.name])).map((f) => [f.name, t('settings.required')]),
  )
}
/** The refusal, by field; what belongs to no field of the form is under "". */
export function refusal(e: unknown, fields: readonly FormField[]): Record<string, string> {
  if (e instanceof Problem) {
    const named = e.errors.length > 0 ? e.errors : [{ field: e.field ?? '', detail: e.message }]
    const known = named.filter((x) => fields.some((f) => f.name === x.field))
    if (known.length > 0) return Object.fromEntries(known.map((x) => [x.field, x.detail]))
  }
  return { '': failure(e) }
}
