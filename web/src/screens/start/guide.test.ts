import { describe, expect, it } from 'vitest'
import { doneSteps, nextStep, readSkipped } from './guide'

const nothing = { funnels: 0, company: null, people: 1, records: 0 }

describe('the first steps', () => {
  it('begin with the funnel on an empty installation', () => {
    expect(nextStep(doneSteps(nothing), new Set())).toBe('funnels')
  })
  it('go on where they were left', () => {
    const done = doneSteps({ ...nothing, funnels: 2, company: 'Вектор' })
    expect(nextStep(done, new Set())).toBe('people')
    expect(nextStep(done, new Set(['people'] as const))).toBe('import')
  })
  it('do not come back to what was skipped before', () => {
    expect(nextStep(doneSteps({ ...nothing, people: 3 }), new Set(), 'funnels')).toBe('company')
    expect(nextStep(new Set(), new Set(), 'import')).toBeNull()
  })
  it('are over when all is there', () => {
    expect(
      nextStep(doneSteps({ funnels: 1, company: 'Вектор', people: 2, records: 10 }), new Set()),
    ).toBeNull()
  })
  it('remember what was skipped, whatever else stands there', () => {
    expect([...readSkipped('people вздор import')]).toEqual(['people', 'import'])
    expect(readSkipped(null).size).toBe(0)
  })
})
