import { describe, expect, it } from 'vitest'
import { below, tree } from './people'
import type { Row } from './records.svelte'

const team = (id: number, name: string, parent_id: number | null = null): Row => ({
  id,
  version: 1,
  name,
  parent_id,
})
const teams = [
  team(1, 'Продажи'),
  team(2, 'Юг', 1),
  team(3, 'Север', 1),
  team(4, 'Сочи', 2),
  team(5, 'Склад', 99),
]

describe('teams', () => {
  it('stand under each other, by name', () => {
    expect(tree(teams).map((x) => `${'-'.repeat(x.depth)}${String(x.team.name)}`)).toEqual([
      'Продажи',
      '-Север',
      '-Юг',
      '--Сочи',
      'Склад',
    ])
  })
  it('cannot be put under themselves', () => {
    expect([...below(teams, 1)].sort()).toEqual([1, 2, 3, 4])
    expect([...below(teams, 3)]).toEqual([3])
  })
})
