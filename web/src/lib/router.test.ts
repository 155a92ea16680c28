import { describe, expect, it } from 'vitest'
import { match } from './router.svelte'

const routes = [
  { path: '/board/:funnel?', screen: 'board' },
  { path: '/deals/:id', screen: 'deal' },
]
describe('addresses', () => {
  it('lead to their screens', () => {
    expect(match(routes, '/board')).toEqual({ route: routes[0], params: {} })
    expect(match(routes, '/board/3')?.params).toEqual({ funnel: '3' })
    expect(match(routes, '/deals/7')?.route.screen).toBe('deal')
  })
  it('that do not exist lead nowhere', () => {
    for (const path of ['/', '/deals', '/board/3/4', '/nothing']) expect(match(routes, path), path).toBe(null)
  })
})
