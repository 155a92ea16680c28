import { afterEach, describe, expect, it, vi } from 'vitest'
import { Rows } from './rows.svelte'

interface Thing {
  id: number
  version: number
  name: string
}
afterEach(() => vi.unstubAllGlobals())

describe('rows of a card', () => {
  it("another's change that came while one's own was on its way is asked for once more", async () => {
    let stored: Thing[] = [{ id: 1, version: 1, name: 'first' }]
    let accept = () => {}
    const json = (data: unknown) => new Response(JSON.stringify(data))
    vi.stubGlobal(
      'fetch',
      vi.fn((_path: string, { method }: { method: string }) => {
        if (method === 'GET') return Promise.resolve(json({ items: stored, next_cursor: null }))
        return new Promise<Response>((done) => {
          accept = () => {
            stored = [{ id: 1, version: 2, name: 'mine' }, ...stored.slice(1)]
            done(json(stored[0]))
          }
        })
      }),
    )
    const rows = new Rows<Thing>('things', '', 'id')
    await rows.load()
    await rows.begun()
    const sent = rows.change(rows.find(1)!, { name: 'mine' })
    await vi.waitFor(() => expect(vi.mocked(fetch).mock.calls.length).toBe(2))
    stored = [...stored, { id: 2, version: 1, name: 'theirs' }]
    await rows.renew([2])
    expect(rows.find(2)).toBeUndefined()
    accept()
    await sent
    await vi.waitFor(() => expect(rows.find(2)?.name).toBe('theirs'))
    expect(rows.find(1)?.name).toBe('mine')
  })
})
