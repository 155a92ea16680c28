// What a gate asks for, in words.
import { i18n, t, type Key } from '../../lib/i18n.svelte'
import { names } from '../../lib/names.svelte'
import type { Gate } from '../../lib/types'
import { label } from '../../card/describe'

export function gateText(gate: Gate): string {
  if (gate.kind === 'field' && gate.field) {
    const [ref, name] = gate.field.split('.')
    if (!name) return label(gate.field)
    return `${label(ref!)}: ${label(name, ref!.replace(/_id$/, ''))}`
  }
  if (gate.name) return gate.name
  if (gate.kind === 'artefact') {
    const key = `field.gate.artefact:${gate.artefact ?? 'other'}`
    return key in i18n.texts ? t(key as Key) : (gate.artefact ?? '')
  }
  if (gate.kind === 'goal') return t('stage_info.goal', { goal: names.of('goal', gate.goal_id ?? 0) ?? '…' })
  if (gate.kind === 'coverage') return t('stage_info.coverage', { n: gate.least ?? 0 })
  if (gate.kind === 'waiting') return t('stage_info.waiting', { n: gate.least ?? 0 })
  return ''
}
