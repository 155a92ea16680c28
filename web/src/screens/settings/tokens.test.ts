import { describe, expect, it } from 'vitest'
import { expiry, toScopes } from './tokens'

describe('a token for another program', () => {
  it('may all that its user may, or only read, or only what is named', () => {
    expect(toScopes('write', {})).toBeNull()
    expect(toScopes('read', { deals: 'write' })).toEqual(['*:read'])
    expect(toScopes('', { deals: 'write', tasks: 'read', notes: '' })).toEqual(['deals:write', 'tasks:read'])
  })
  it('ends when it should', () => {
    expect(expiry(30, 1000)).toBe(1000 + 30 * 86_400_000)
    expect(expiry(0, 1000)).toBeNull()
  })
})
