// One side of a comparison, as short words.
import { i18n, t, type Key } from '../../lib/i18n.svelte'
import { actionText } from '../../rules/words'
import { label } from '../settings/names.svelte'
import type { Action } from '../../rules/model'
import { namer } from './choices'
import type { Change } from './answers'
import type { Definition, Gate } from './definition'
import { gateText } from './gate'

/** What has changed: "stages[2].norm_days", "stage.norm_days" or a word of its own. */
export function whatText(change: Change): string {
  const what = String(change.what)
  const own = `designer.what.${what}`
  if (i18n.texts[own]) return t(own as Key)
  const last = what
    .split(/[./]/)
    .at(-1)!
    .replace(/\[\d+\]$/, '')
  for (const object of ['stage', 'funnel', 'gate', 'goal', 'trigger', 'loss-reason', 'involvement']) {
    const said = label(object, last)
    if (said !== last) return said
  }
  return i18n.texts[`designer.what.${last}`] ? t(`designer.what.${last}` as Key) : what
}
export function side(value: unknown, doc: Definition): string {
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
  if (Array.isArray(value)) return value.map((v) => side(v, doc)).join('\n') || '—'
  if (typeof value !== 'object') return String(value)
  const x = value as Record<string, unknown>
  if (typeof x.do === 'string') return actionText(x as Action, { name: namer(doc) })
  if (typeof x.kind === 'string' && 'at' in x) return gateText(value as Gate, doc)
  return String(x.name ?? x.title ?? x.text ?? JSON.stringify(value))
}
