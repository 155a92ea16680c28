// The fifth field of a regulation: what happens by itself, written from the real goals and triggers.
import { t } from '../../lib/i18n.svelte'
import { nounOf } from '../../rules/model'
import { actionText, conditionText, eventText } from '../../rules/words'
import { namer } from './choices'
import { present, type Definition, type Stage } from './definition'

export function automationOf(doc: Definition, stage: Pick<Stage, 'goals' | 'triggers'>): string[] {
  const context = { name: namer(doc) }
  const goals = present(stage.goals).map((g) => {
    const then = (g.actions ?? []).map((a) => actionText(a, context)).join('; ')
    return `${t('designer.when_goal', { name: g.name })} → ${then || t('rules.then.nothing')}`
  })
  const triggers = stage.triggers
    .filter((x) => x.enabled)
    .map((x) => {
      const condition = conditionText(x.condition, nounOf(x.event), context)
      const when = [eventText(x.event, context), condition].filter(Boolean).join(`, ${t('designer.if')} `)
      return `${when[0]!.toLocaleUpperCase()}${when.slice(1)} → ${x.actions.map((a) => actionText(a, context)).join('; ')}`
    })
  return [...goals, ...triggers]
}
