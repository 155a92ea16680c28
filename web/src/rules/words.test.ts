import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from '../lib/i18n.svelte'
import { lacking, tidy, type Catalogue, type TriggerDraft } from './model'
import { actionText, conditionText, eventText, hoursText, sentence, whoText } from './words'
import { schema } from '../lib/schema.svelte'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('rules')
})
const names: Record<string, string> = {
  'stage 7': 'КП отправлено',
  'stage new-1': 'Счёт выставлен',
  'tag 3': 'VIP',
}
const context = { name: (object: string, id: number | string) => names[`${object} ${id}`] }
const trigger = (more: Partial<TriggerDraft>): TriggerDraft => ({
  ...{
    name: 'x',
    funnel_id: null,
    stage_id: 7,
    event: { on: 'entered' },
    condition: null,
    actions: [],
    enabled: true,
  },
  ...more,
})

describe('a trigger in words', () => {
  it('is one sentence: when, where, what', () => {
    const text = sentence(trigger({ actions: [{ do: 'tag', tag_id: 3 }] }), context)
    expect(text).toBe('Когда сделка вошла на этап «КП отправлено» → поставить тег «VIP».')
  })
  it('tells days where hours make days', () => {
    expect(hoursText(336)).toBe('14 дней')
    expect(hoursText(36)).toBe('36 часов')
    expect(eventText({ on: 'timer', after: 'stage_entry', hours: 336 })).toBe('сделка стоит на этапе 14 дней')
    expect(eventText({ on: 'created', object: 'message' })).toBe('записано сообщение')
  })
  it('names a stage that is only in the draft', () => {
    expect(actionText({ do: 'move', stage_id: 'new-1' }, context)).toBe('перевести на этап «Счёт выставлен»')
  })
  it('names what a condition speaks of, by its number or by its key in the draft', () => {
    const field = (name: string, more: object) => ({ name, label: name, object: 'deal', ...more }) as never
    const fields = [field('stage_ids', { type: 'set', ref: 'stage', label: 'Был на этапе' })]
    schema.objects = new Map([['deal', { object: 'deal', plural: 'deals', may: {}, fields } as never]])
    expect(conditionText('stage_ids has 7', 'deal', context)).toContain('КП отправлено')
    expect(conditionText('stage_ids has "stage:new-1"', 'deal', context)).toContain('«Счёт выставлен»')
    schema.objects = new Map()
  })
  it('says who, and how one of many is chosen', () => {
    expect(whoText('head')).toBe('руководитель ответственного')
    const role = { name: () => 'Юрист' }
    expect(whoText({ role_id: 4, pick: 'least_loaded', cap: 20 }, role)).toBe(
      'роль «Юрист», кто свободнее, не больше 20 открытых сделок',
    )
  })
})
describe('what is sent', () => {
  const catalogue: Catalogue = {
    events: [],
    actions: [{ do: 'task', fields: [{ name: 'title', type: 'text', required: true }] }],
  }
  it('holds nothing empty, but an empty value empties the field', () => {
    expect(tidy({ do: 'task', title: 'Позвонить', priority: null, due_hours: 0 })).toEqual({
      ...{ do: 'task', title: 'Позвонить', due_hours: 0 },
    })
    expect(tidy({ do: 'set', of: 'deal', field: 'title', value: null })).toHaveProperty('value', null)
  })
  it('is not sent while a required field is empty', () => {
    expect(lacking({ do: 'task', title: '' }, catalogue)).toEqual(['title'])
    expect(lacking({ do: 'task', title: 'Позвонить' }, catalogue)).toEqual([])
  })
})
