// Cells as people read them, by their type.
import { i18n, minorUnits, money, moneyShort, num, percent, t } from '../../lib/i18n.svelte'
import { rate } from '../../charts/format'
import type { Cell, CellType } from './model'

const DAY = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()
/** A day of the calendar: it has no zone. */
function day(at: number, options: Intl.DateTimeFormatOptions): string {
  const key = i18n.locale + JSON.stringify(options)
  let format = formats.get(key)
  if (!format)
    formats.set(key, (format = new Intl.DateTimeFormat(i18n.locale, { timeZone: 'UTC', ...options })))
  return format.format(at)
}
/** 0,4 of a day and 412 days: as many digits as mean something. */
const digits = (n: number) => (Number.isInteger(n) || Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 1 ? 1 : 2)
/** Kopecks say nothing about a hundred roubles. */
function whole(minor: number, currency: string): number {
  const unit = minorUnits(currency)
  return Math.abs(minor) >= 100 * unit ? Math.round(minor / unit) * unit : Math.round(minor)
}
/** Groups by dates come as "2026-03" and "2026-03-31". */
const DATED = /^(\d{4})-(\d\d)(?:-(\d\d))?$/
export const isDated = (v: Cell | undefined): boolean => typeof v === 'string' && DATED.test(v)
function dated(text: string): string {
  const m = DATED.exec(text)
  if (!m) return text
  const at = Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3] ?? 1))
  return day(at, { month: 'short', year: 'numeric', ...(m[3] ? { day: 'numeric' } : {}) })
}
const signed = (n: number, text: string) => (n > 0 ? `+${text}` : text)

export function cellText(value: Cell | undefined, type: CellType, currency: string): string {
  if (value === null || value === undefined || value === '') return '–'
  if (typeof value === 'string') return dated(value)
  switch (type) {
    case 'rate':
      return rate(value)
    case 'points':
      return t('report.page.points', { n: signed(value, num(value * 100, 1)) })
    case 'money':
      return money(whole(value, currency), currency)
    case 'date':
      return day(value * DAY, { day: 'numeric', month: 'short', year: 'numeric' })
    case 'time':
      return day(value, { day: 'numeric', month: 'short', year: 'numeric', timeZone: undefined })
    case 'int':
      return num(value)
    default:
      return num(value, digits(value))
  }
}
/** In a tile: with its unit. */
export function tileText(value: Cell | undefined, type: CellType, currency: string): string {
  if (typeof value !== 'number') return cellText(value, type, currency)
  if (type === 'days') return t('report.page.in_days', { n: num(value, digits(value)) })
  if (type === 'hours') return t('report.page.in_hours', { n: num(value, digits(value)) })
  if (type === 'money' && Math.abs(value) >= 1e8) return moneyShort(value, currency)
  return cellText(value, type, currency)
}
/** On an axis: short. */
export function axisText(value: number, type: CellType, currency: string): string {
  if (type === 'rate') return percent(value, value > 0 && value < 0.1 ? 1 : 0)
  if (type === 'points') return signed(value, num(value * 100, 1))
  if (type === 'money') return moneyShort(value, currency)
  if (type === 'date') return day(value * DAY, { month: 'short', year: '2-digit' })
  if (type === 'time') return day(value, { month: 'short', year: '2-digit' })
  return Math.abs(value) >= 10_000
    ? new Intl.NumberFormat(i18n.locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value)
    : num(value, digits(value))
}
