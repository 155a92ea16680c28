import { describe, expect, it } from 'vitest'
import { bases, cansOf, matrixOf, objects, says, templates, toKeep, withCell, withPlace } from './role'

describe('the rights of a role', () => {
  it('keep only what differs from the base', () => {
    const matrix = withCell(matrixOf('seller', null), 'deal', 'see', 'own')
    const kept = toKeep('seller', matrix, bases.seller.can, { fields: {}, funnels: { 3: 'hidden' } })
    expect(kept).toEqual({
      objects: { deal: { see: 'own', edit: 'own', delete: 'own' } },
      funnels: { 3: 'hidden' },
    })
    expect(toKeep('head', matrixOf('head', {}), [...bases.head.can].reverse(), {})).toEqual({})
  })
  it('come back as they were kept', () => {
    const kept = { objects: { task: { see: 'team' as const } }, can: ['reports'] }
    const matrix = matrixOf('seller', kept)
    expect(matrix.task.see).toBe('team')
    expect(matrix.deal.see).toBe('all')
    expect(toKeep('seller', matrix, cansOf('seller', kept), {})).toEqual(kept)
  })
  it('never let one change what one does not see', () => {
    const none = withCell(matrixOf('seller', null), 'contact', 'see', 'none')
    expect(none.contact).toMatchObject({ edit: 'none', delete: 'none', export: 'none' })
    expect(withCell(none, 'contact', 'edit', 'team').contact.see).toBe('team')
  })
  it('say four things of a stage, and keep what was not touched', () => {
    const places = withPlace({ 3: 'hidden', 7: 'no_leave no_close' }, 7, 'closed', true)
    expect(places).toEqual({ 3: 'hidden', 7: 'closed no_leave no_close' })
    expect(says(places[7], 'no_close')).toBe(true)
    expect(says(places[3], 'no_close')).toBe(false)
    expect(withPlace({ 3: 'hidden', 7: 'no_leave' }, 7, 'no_leave', false)).toEqual({ 3: 'hidden' })
  })
  it('of the template "sees only own" reach nothing of others', () => {
    const { base, rights } = templates.own
    const matrix = matrixOf(base, rights)
    for (const o of objects.filter((x) => x !== 'product')) {
      expect(matrix[o].see, o).toBe('own')
      expect(matrix[o].edit, o).toBe('own')
      expect(matrix[o].export, o).toBe('none')
    }
    expect(cansOf(base, rights)).toEqual(['reports'])
  })
  it('of the template "team lead" stop at the team and at the settings', () => {
    const { base, rights } = templates.lead
    expect(matrixOf(base, rights).deal).toMatchObject({ see: 'team', edit: 'team', export: 'team' })
    expect(cansOf(base, rights)).not.toContain('settings')
  })
})
