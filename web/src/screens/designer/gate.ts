// A gate in words: what a deal must have.
import { t } from '../../lib/i18n.svelte'
import { option } from '../settings/names.svelte'
import { gateFields } from './choices'
import { refOf, type Definition, type Gate } from './definition'

export function gateText(gate: Gate, doc: Definition): string {
  if (gate.name) return gate.name
  switch (gate.kind) {
    case 'field': {
      const label = gateFields().find((f) => f.id === gate.field)?.label ?? gate.field
      return label ? t('designer.gate.field', { name: label }) : t('designer.gate.no_field')
    }
    case 'artefact':
      return gate.artefact
        ? t('designer.gate.artefact', { name: option('gate', 'artefact', gate.artefact) })
        : option('gate', 'kind', 'artefact')
    case 'goal': {
      const goal = doc.stages.flatMap((s) => s.goals).find((g) => refOf(g) === gate.goal_id)
      return goal ? t('designer.gate.goal', { name: goal.name }) : option('gate', 'kind', 'goal')
    }
    case 'coverage':
      return t('designer.gate.coverage', { n: gate.least ?? 0 })
    case 'waiting':
      return gate.least ? t('designer.gate.waiting', { n: gate.least }) : option('gate', 'kind', 'waiting')
  }
  return option('gate', 'kind', gate.kind)
}
