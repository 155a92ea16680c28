// The lists that one keeps beside the funnels, as data: what a record of each consists of and what else it can do.
import { date, i18n, money, t, type Key } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { FormField } from './form'
import { label } from './names.svelte'
import type { Row } from './records.svelte'

export interface Dictionary {
  object: string
  plural: string
  fields: () => FormField[]
  /** What a new record begins with. */
  fresh?: () => Record<string, unknown>
  /** Has an order of its own. */
  ordered?: boolean
  /** The field that puts a record away, and its value then. */
  away?: { field: string; value: boolean }
  /** Two records can become one, everywhere. */
  merge?: boolean
  /** The field of deals that names it: how many there are stands beside it. */
  counts?: string
  /** A name is all it takes to add one. */
  quick?: boolean
  /** The words beside the name. */
  about?: (row: Row) => string
  /** A word that something is wrong. */
  trouble?: (row: Row) => string
}
const text = (object: string, name: string, more: Partial<FormField> = {}): FormField => ({
  ...{ name, label: label(object, name), kind: 'text' },
  ...more,
})
export const currencies = [
  'RUB',
  'USD',
  'EUR',
  'KZT',
  'BYN',
  'KGS',
  'UZS',
  'AMD',
  'GEL',
  'AZN',
  'CNY',
  'TRY',
  'AED',
  'GBP',
]
/** The currency that is chosen now is among them. */
export function currencyField(object: string, now: unknown = null): FormField {
  const all = typeof now === 'string' && !currencies.includes(now) ? [now, ...currencies] : currencies
  const names = new Intl.DisplayNames(i18n.locale, { type: 'currency' })
  const choices = all.map((id) => ({ id, label: `${id} — ${names.of(id) ?? id}` }))
  return text(object, 'currency', { kind: 'choice', required: true, choices })
}
const funnels = () => session.funnels.map((f) => ({ id: f.id, label: f.name }))
const sources = () => (session.boot?.sources ?? []).map((s) => ({ id: s.id, label: s.name }))
const name = (object: string): FormField => text(object, 'name', { required: true, most: 120 })

function lastDelivery(row: Row): string {
  if (row.active === false) return t('settings.webhooks.off')
  const at = Number(row.last_sent_at) || 0
  return at ? t('settings.webhooks.sent', { at: date(at, 'full') }) : t('settings.webhooks.never')
}
function deliveryTrouble(row: Row): string {
  const parts: string[] = []
  if (row.last_error) {
    const known = `webhook.error.${String(row.last_error)}`
    parts.push(i18n.texts[known] ? t(known as Key) : String(row.last_error_detail ?? row.last_error))
  }
  if (Number(row.given_up) > 0) parts.push(t('settings.webhooks.given_up', { n: Number(row.given_up) }))
  return parts.join('. ')
}

export const dictionaries: Record<string, Dictionary> = {
  'loss-reasons': {
    ...{ object: 'loss-reason', plural: 'loss-reasons', ordered: true, merge: true },
    away: { field: 'archived', value: true },
    counts: 'loss_reason_id',
    fields: () => [
      name('loss-reason'),
      text('loss-reason', 'funnel_id', {
        ...{ kind: 'choice', choices: funnels(), empty: t('settings.all_funnels') },
        hint: t('settings.loss-reasons.funnel_hint'),
      }),
    ],
    quick: true,
    about: (row) => (row.funnel_id ? (session.funnel(Number(row.funnel_id))?.name ?? '') : ''),
  },
  sources: {
    ...{ object: 'source', plural: 'sources', ordered: true, merge: true, quick: true },
    away: { field: 'archived', value: true },
    counts: 'source_id',
    fields: () => [name('source')],
  },
  campaigns: {
    ...{ object: 'campaign', plural: 'campaigns', counts: 'campaign_id' },
    fresh: () => ({ currency: session.currency }),
    fields: () => [
      text('campaign', 'name', { required: true, most: 200 }),
      text('campaign', 'source_id', { kind: 'choice', choices: sources(), empty: t('field.none') }),
      text('campaign', 'utm_campaign', { hint: t('settings.campaigns.utm_hint'), most: 200 }),
      text('campaign', 'cost_minor', { kind: 'money' }),
      currencyField('campaign'),
      text('campaign', 'starts_on', { kind: 'date' }),
      text('campaign', 'ends_on', { kind: 'date' }),
    ],
    about: (row) =>
      [
        session.sources.get(Number(row.source_id))?.name,
        typeof row.cost_minor === 'number' ? money(row.cost_minor, String(row.currency)) : '',
      ]
        .filter(Boolean)
        .join(' · '),
  },
  tags: {
    ...{ object: 'tag', plural: 'tags', merge: true, quick: true, counts: 'tag_ids' },
    fields: () => [
      text('tag', 'name', { required: true, most: 60 }),
      text('tag', 'colour', { kind: 'colour' }),
    ],
  },
  products: {
    ...{ object: 'product', plural: 'products', away: { field: 'active', value: false } },
    fresh: () => ({ currency: session.currency }),
    fields: () => [
      text('product', 'name', { required: true, most: 200 }),
      text('product', 'sku', { most: 60 }),
      text('product', 'price_minor', { kind: 'money' }),
      currencyField('product'),
    ],
    about: (row) =>
      [row.sku, typeof row.price_minor === 'number' ? money(row.price_minor, String(row.currency)) : '']
        .filter(Boolean)
        .join(' · '),
  },
  'deal-classes': {
    ...{ object: 'deal-class', plural: 'deal-classes', ordered: true, quick: true },
    counts: 'deal_class_id',
    fields: () => [name('deal-class')],
  },
  webhooks: {
    ...{ object: 'webhook', plural: 'webhooks' },
    away: { field: 'active', value: false },
    fresh: () => ({ kinds: '*' }),
    fields: () => [
      text('webhook', 'url', { kind: 'url', required: true, placeholder: 'https://', most: 1000 }),
      text('webhook', 'kinds', { required: true, hint: t('settings.webhooks.kinds_hint'), most: 1000 }),
      text('webhook', 'secret', {
        hint: t('settings.webhooks.secret_hint'),
        label: t('settings.webhooks.secret'),
      }),
    ],
    about: lastDelivery,
    trouble: deliveryTrouble,
  },
  options: {
    ...{ object: 'field-option', plural: 'field-options', ordered: true, merge: true, quick: true },
    away: { field: 'archived', value: true },
    fields: () => [
      text('field-option', 'name', { required: true, most: 200 }),
      text('field-option', 'colour', { kind: 'colour' }),
    ],
  },
}
