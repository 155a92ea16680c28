// What funnels and stages consist of, and the colours that a stage may take without thinking.
import { t } from '../../lib/i18n.svelte'
import { currencyField } from './dictionaries.svelte'
import type { FormField } from './form'
import { label, options } from './names.svelte'

export const kinds = ['inbound', 'outreach', 'renewal', 'return', 'other'] as const
export const outcomes = ['open', 'won', 'lost'] as const

export function funnelFields(currency: unknown = null): FormField[] {
  return [
    { name: 'name', label: label('funnel', 'name'), kind: 'text', required: true, most: 120 },
    {
      ...{ name: 'kind', label: label('funnel', 'kind'), kind: 'choice', required: true },
      choices: options('funnel', 'kind', kinds),
    },
    currencyField('funnel', currency),
  ]
}
export function stageFields(phases: readonly string[]): FormField[] {
  return [
    { name: 'name', label: label('stage', 'name'), kind: 'text', required: true, most: 120 },
    {
      ...{ name: 'outcome', label: label('stage', 'outcome'), kind: 'choice', required: true },
      choices: options('stage', 'outcome', outcomes),
      hint: t('settings.stages.outcome_hint'),
    },
    {
      ...{ name: 'norm_days', label: label('stage', 'norm_days'), kind: 'number' },
      hint: t('settings.stages.norm_hint'),
      when: (draft) => draft.outcome === 'open',
    },
    {
      ...{ name: 'probability', label: label('stage', 'probability'), kind: 'number' },
      hint: t('settings.stages.probability_hint'),
      when: (draft) => draft.outcome === 'open',
    },
    {
      ...{ name: 'phase', label: label('stage', 'phase'), kind: 'text', most: 60 },
      hint:
        phases.length > 0
          ? t('settings.stages.phases', { list: phases.join(', ') })
          : t('settings.stages.phase_hint'),
    },
    { name: 'colour', label: label('stage', 'colour'), kind: 'colour' },
  ]
}
