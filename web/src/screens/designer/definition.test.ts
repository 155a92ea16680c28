import { describe, expect, it } from 'vitest'
import * as d from './definition'

const stage = (id: number, name: string, more: Partial<d.Stage> = {}): d.Stage => ({
  ...{ id, name, outcome: 'open', gates: [], goals: [], triggers: [] },
  ...more,
})
const doc = (): d.Definition => ({
  ...{ name: 'Входящие', kind: 'inbound', currency: 'RUB', loss_reasons: [], triggers: [] },
  stages: [
    stage(1, 'Заявка принята', { phase: 'Начало' }),
    stage(2, 'Связались', {
      phase: 'Начало',
      goals: [{ id: 5, name: 'Согласие', kind: 'positive', actions: [{ do: 'move', stage_id: 3 }] }],
    }),
    stage(3, 'КП отправлено', { phase: 'Выбор' }),
    stage(4, 'Оплачено', { outcome: 'won' }),
  ],
  involvements: [{ id: 1, stage_id: 3, role_id: 2 }],
})
const names = (x: d.Definition) => d.present(x.stages).map((s) => s.name)

describe('stages of a draft', () => {
  it('a new stage stands behind the chosen one, and never behind the end of the funnel', () => {
    const fresh = d.freshStage(doc(), 'Демонстрация проведена')
    expect(names(d.addStage(doc(), fresh, 1))).toEqual([
      ...['Заявка принята', 'Демонстрация проведена', 'Связались', 'КП отправлено', 'Оплачено'],
    ])
    expect(names(d.addStage(doc(), fresh, 4)).at(-1)).toBe('Оплачено')
    expect(fresh.key).toBeTruthy()
  })
  it('stages are moved among those in force, archived ones do not count', () => {
    const away = d.changeStage(doc(), 1, { archived: true })
    expect(names(d.moveStage(away, 3, 0))).toEqual(['КП отправлено', 'Связались', 'Оплачено'])
  })
  it('a stage that goes sends its deals on, and what led to it leads there', () => {
    const next = d.dropStage(doc(), 3, 4)
    expect(next.remap).toEqual([{ from: 3, to: 4 }])
    expect(next.stages[1]!.goals[0]!.actions).toEqual([{ do: 'move', stage_id: 4 }])
    expect(next.involvements[0]!.stage_id).toBe(4)
    expect(next.stages[2]!.archived).toBe(true)
    expect(d.bringBack(next, 3).remap).toEqual([])
  })
  it('a stage that was never published just goes', () => {
    const fresh = d.freshStage(doc(), 'Лишний')
    const next = d.dropStage(d.addStage(doc(), fresh, 1), fresh.key!, 2)
    expect(next.stages).toHaveLength(4)
    expect(next.remap ?? []).toEqual([])
  })
  it('several stages become one: each sends its deals to it', () => {
    const next = d.mergeStages(doc(), [1, 2, 3], 3)
    expect(next.remap).toEqual([
      { from: 1, to: 3 },
      { from: 2, to: 3 },
    ])
  })
  it('one stage becomes two: the new one gets the deals that fit', () => {
    const next = d.splitStage(doc(), 3, 'Крупное КП отправлено', 'value_minor >= 100')
    const made = next.stages[3]!
    expect(made.name).toBe('Крупное КП отправлено')
    expect(next.remap).toEqual([
      { from: 3, split: [{ condition: 'value_minor >= 100', to: made.key }, { to: 3 }] },
    ])
  })
  it('stages of one phase that stand together are a group', () => {
    expect(d.phases(doc().stages).map((g) => [g.phase, g.stages.length])).toEqual([
      ['Начало', 2],
      ['Выбор', 1],
      ['', 1],
    ])
  })
})
describe("the linter's proposals", () => {
  it('set, add and take away; the document stays as it was', () => {
    const before = doc()
    const after = d.applyPatch(before, [
      { path: 'stages[0].name', value: 'Заявка получена' },
      { path: 'stages[1].goals[0]' },
      { path: '/stages/2/gates/-', value: { kind: 'field', at: 'enter', field: 'value_minor' } },
    ])
    expect(after.stages[0]!.name).toBe('Заявка получена')
    expect(after.stages[1]!.goals).toEqual([])
    expect(after.stages[2]!.gates).toHaveLength(1)
    expect(before).toEqual(doc())
  })
  it('a path that leads nowhere changes nothing', () => {
    expect(d.applyPatch(doc(), [{ path: 'stages[9].name', value: 'x' }])).toEqual(doc())
  })
})
