// The lists that one keeps beside the funnels, as data: what a record of each consists of and what else it can do.
import CircleCheck from '@lucide/svelte/icons/circle-check'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'
import { date, i18n, money, plural, t, type Key, type PluralKey } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import type { MenuItem } from '../../ui/Menu.svelte'
import type { FormField } from './form'
import { insight } from './insight.svelte'
import { label, option, options } from './names.svelte'
import type { Records, Row } from './records.svelte'

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
  /** Whose field that is, when not of deals, and what they are called together. */
  countsOf?: { plurals: readonly string[]; called: PluralKey }
  /** Only these are counted. */
  countsFilter?: string
  /** One more thing that can be done with a record. */
  extra?: (row: Row, records: Records) => MenuItem[]
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

const tagKinds = ['product', 'source', 'deal', 'client', 'other'] as const

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
      text('loss-reason', 'wants_competitor', {
        ...{ kind: 'bool', hint: t('settings.loss-reasons.competitor_hint') },
      }),
      text('loss-reason', 'timeout', { kind: 'bool', hint: t('settings.loss-reasons.timeout_hint') }),
    ],
    quick: true,
    about: (row) =>
      [
        row.funnel_id ? session.funnel(Number(row.funnel_id))?.name : '',
        row.wants_competitor ? t('settings.loss-reasons.with_competitor') : '',
        row.timeout ? t('settings.loss-reasons.by_timer') : '',
      ]
        .filter(Boolean)
        .join(' · '),
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
      text('tag', 'kind', {
        ...{ kind: 'choice', required: true, choices: options('tag', 'kind', tagKinds) },
        hint: t('settings.tags.kind_hint'),
      }),
      text('tag', 'colour', { kind: 'colour' }),
    ],
    about: (row) => (row.kind && row.kind !== 'other' ? option('tag', 'kind', String(row.kind)) : ''),
  },
  products: {
    ...{ object: 'product', plural: 'products', away: { field: 'active', value: false } },
    fresh: () => ({ currency: session.currency }),
    fields: () => [
      text('product', 'name', { required: true, most: 200 }),
      text('product', 'sku', { most: 60 }),
      text('product', 'price_minor', { kind: 'money' }),
      currencyField('product'),
      text('product', 'funnel_id', {
        ...{ kind: 'choice', choices: funnels(), empty: t('settings.products.any_funnel') },
        hint: t('settings.products.funnel_hint'),
      }),
    ],
    about: (row) =>
      [
        row.sku,
        typeof row.price_minor === 'number' ? money(row.price_minor, String(row.currency)) : '',
        row.funnel_id ? session.funnel(Number(row.funnel_id))?.name : '',
      ]
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
  classifiers: {
    ...{ object: 'classifier', plural: 'classifiers', ordered: true, merge: true, quick: true },
    away: { field: 'archived', value: true },
    fields: () => [name('classifier'), text('classifier', 'colour', { kind: 'colour' })],
  },
  competitors: {
    ...{ object: 'competitor', plural: 'competitors', quick: true, merge: true, counts: 'competitor_id' },
    away: { field: 'archived', value: true },
    fields: () => [
      text('competitor', 'name', { required: true, most: 200 }),
      text('competitor', 'website', { kind: 'url', most: 500, placeholder: 'https://' }),
      text('competitor', 'comment', { kind: 'long', most: 20_000 }),
    ],
    about: (row) => [row.website, row.comment].filter(Boolean).join(' · ').slice(0, 160),
  },
  waits: {
    ...{ object: 'wait', plural: 'waits', quick: true, counts: 'wait_id' },
    countsFilter: 'status = "open"',
    away: { field: 'archived', value: true },
    fields: () => [
      text('wait', 'name', { required: true, most: 200 }),
      text('wait', 'needed', { kind: 'number', hint: t('settings.waits.needed_hint') }),
      text('wait', 'comment', { kind: 'long', most: 5000 }),
    ],
    about: (row) =>
      [
        row.filled ? t('settings.waits.filled') : '',
        typeof row.needed === 'number' ? plural('settings.waits.needed', row.needed) : '',
        row.comment,
      ]
        .filter(Boolean)
        .join(' · '),
    extra: (row, records) => [
      {
        label: t(row.filled ? 'settings.waits.open_again' : 'settings.waits.fill'),
        icon: row.filled ? RotateCcw : CircleCheck,
        run: () =>
          void records.set(
            row,
            { filled: !row.filled },
            t(row.filled ? 'settings.waits.opened' : 'settings.waits.woken', { name: String(row.name) }),
          ),
      },
    ],
  },
  ...insight,
  options: {
    ...{ object: 'field-option', plural: 'field-options', ordered: true, merge: true, quick: true },
    away: { field: 'archived', value: true },
    fields: () => [
      text('field-option', 'name', { required: true, most: 200 }),
      text('field-option', 'colour', { kind: 'colour' }),
    ],
  },
}
